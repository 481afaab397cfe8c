"""Turns text into vectors and scores, whichever model is named. Does not know what they are for.

The bundled model runs as int8 ONNX (`bundled_model`); any other goes through sentence-transformers.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from index.errors import BadModelFiles
from index.packed import Vectors

BUNDLED = "all-MiniLM-L6-v2"
LONGEST_PIECES = 512
Bounds = Sequence[tuple[int, int]]
"""Where the sentences of a text stand in it, in code points."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A passage's vector `[dimensions]` and those of its sentences `[sentences, dimensions]`."""

    passage: Vectors
    sentences: Vectors


class QueryEmbedder(Protocol):
    """What search needs of an embedder."""

    name: str

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length one for each text, `[texts, dimensions]`."""


class Embedder(QueryEmbedder, Protocol):
    """What indexes are built and quotes read again with: at most `longest_pieces` of a text."""

    dimensions: int
    longest_pieces: int

    def count_pieces(self, text: str) -> int:
        """Return how many word pieces the model reads `text` as."""

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        """Return the vectors of each text and of its sentences, which stand at its bounds."""


def load_embedder(name: str) -> Embedder:
    """Load a model by name or folder; BadModelFiles if it is not on this machine."""
    if name == BUNDLED:
        from index.bundled_model import BundledEmbedder

        return BundledEmbedder()
    return SentenceTransformerEmbedder(name)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own prompts and length."""

    def __init__(self, name: str) -> None:
        self._model = _load("SentenceTransformer", name, setting="embedding_model")
        self.name = name
        self.dimensions = int(self._model.get_embedding_dimension())
        prompt = max((self.count_pieces(p) for p in self._model.prompts.values()), default=0)
        longest = int(self._model.max_seq_length or LONGEST_PIECES)
        self.longest_pieces = min(longest, LONGEST_PIECES) - 2 - prompt

    def count_pieces(self, text: str) -> int:
        """Return how many word pieces the model reads `text` as."""
        encoded = self._model.tokenizer(text, truncation=False, add_special_tokens=False)
        return len(encoded["input_ids"])

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        """Return the vectors of each text and of its sentences, each read by itself."""
        sentences = [t[a:b] for t, spans in zip(texts, bounds, strict=True) for a, b in spans]
        vectors = self._encode([*texts, *sentences], "encode_document")
        ends = np.cumsum([len(texts), *(len(spans) for spans in bounds)])
        return [Embedded(vectors[i], vectors[a:b]) for i, (a, b) in enumerate(pairwise(ends))]

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a question."""
        return self._encode(texts, "encode_query")

    def _encode(self, texts: Sequence[str], method: str) -> Vectors:
        encode = getattr(self._model, method)
        vectors = encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


class Reranker:
    """A cross-encoder, which reads question and passage together.

    Off unless `[index] reranker` names one: it costs more than all else of a search together.
    """

    def __init__(self, name: str) -> None:
        """Load a model by name or folder; BadModelFiles if it is not on this machine."""
        self._model = _load("CrossEncoder", name, setting="reranker")

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return for each text the probability (0-1) that it answers the question."""
        import torch

        pairs = [(question, text) for text in texts]
        sigmoid = torch.nn.Sigmoid()
        scores = self._model.predict(pairs, activation_fn=sigmoid, show_progress_bar=False)
        return [float(score) for score in scores]


def _load(kind: str, name: str, *, setting: str) -> Any:  # noqa: ANN401
    """Load a model by name or folder, from this machine alone."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    for noisy in ("sentence_transformers", "transformers"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    import sentence_transformers
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    try:
        return getattr(sentence_transformers, kind)(
            name, device="cpu", trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # safetensors, tokenizers and torch raise their own
        raise BadModelFiles(
            f"the model {name!r} cannot be loaded; name a {kind} model or folder that is on this "
            f"machine in [index] {setting}."
        ) from error
