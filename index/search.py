"""Finds passages for a question: meaning and words, fused. Does not know answers.

Fusion is convex on the scores (arXiv 2210.11934): on SQuAD 2.0 paragraphs rank fusion kept
nothing of what the two searches gain together (Hit@1 .802 beside .801), convex fusion did (.83).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.embed import Vectors
from index.generation import Generation
from index.passage import Hit

POOL = 50
DENSE_WEIGHT = 0.5


class QueryEmbedder(Protocol):
    """What search needs of an embedder."""

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Return one vector of length one for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """A passage's two scores: cosine to the question, and BM25 as a share of the best one's."""

    cosine: float
    keyword: float


def search(
    query: str, *, generation: Generation, embedder: QueryEmbedder, k: int = 10
) -> list[Hit]:
    """Return the `k` best passages for `query`, best first; ties break by passage id."""
    vector = embedder.embed_queries([query])[0]
    nearest = generation.vectors.nearest(vector, k=min(POOL, generation.manifest.passage_count))
    words = generation.store.search_words(query, k=POOL)
    found = _join(vector, nearest, words, generation)
    scores = {
        id_: DENSE_WEIGHT * f.cosine + (1 - DENSE_WEIGHT) * f.keyword for id_, f in found.items()
    }
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))[:k]
    passages = generation.store.passages(best)
    titles = generation.store.titles()
    return [
        Hit(
            passage=passages[id_],
            title=titles[passages[id_].span.document_id],
            score=round(scores[id_], 6),
            rank=rank,
            found_by=tuple(
                name for name, pool in (("dense", nearest), ("keyword", words)) if id_ in pool
            ),
        )
        for rank, id_ in enumerate(best, start=1)
    ]


def _join(
    vector: Vectors, nearest: dict[str, float], words: dict[str, float], generation: Generation
) -> dict[str, Found]:
    """Give every passage found by either search both scores."""
    missing = sorted(words.keys() - nearest.keys())
    late = {
        id_: float(np.dot(vector, other)) for id_, other in generation.vectors.get(missing).items()
    }
    best = max(words.values(), default=0.0) or 1.0
    return {
        id_: Found(max(0.0, cosine), max(0.0, words.get(id_, 0.0)) / best)
        for id_, cosine in (nearest | late).items()
    }
