"""What is needed to answer: what is searched and read with, and the weights of what is found."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.models import Model
from chatbot.span_reader import SpanReader
from index.embed import Embedder, Reranker
from index.generation import Generation
from index.passage import Hit
from index.search import search
from index.store import Filter

HITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The frozen models: one weight a feature, then the constant."""

    sentence: tuple[float, ...]
    question: tuple[float, ...]
    threshold: float


@cache
def frozen_weights() -> Weights:
    """Read evidence.json beside this file."""
    values = json.loads(Path(__file__).with_name("evidence.json").read_text())
    return Weights(
        sentence=tuple(values["sentence"]),
        question=tuple(values["question"]),
        threshold=values["threshold"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is needed to answer: an open index, its embedder, and a model or None for `quotes:`.

    `where` says which documents may be read, None all; a `reranker` puts hits in a better order.
    What a model writes and nothing carries is withheld if `strict`, else shown marked.
    """

    generation: Generation
    embedder: Embedder
    span_reader: SpanReader
    weights: Weights = field(default_factory=frozen_weights)
    model: Model | None = None
    reranker: Reranker | None = None
    where: Filter | None = None
    strict: bool = True


def find_hits(question: str, reader: Reader, k: int = HITS) -> list[Hit]:
    """Return the `k` best hits for one question, as it stands."""
    return search(
        question,
        generation=reader.generation,
        embedder=reader.embedder,
        k=k,
        where=reader.where,
        reranker=reader.reranker,
    )


def logistic(features: Sequence[float], weights: Sequence[float] | NDArray[np.float64]) -> float:
    """Return 1 / (1 + exp(-(w · x + constant)))."""
    total = float(np.dot(features, weights[:-1])) + weights[-1]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
