"""What is measured of one ranking and of spans. Pure functions; none knows where they are from.

A ranking is its grades, best first: how much each thing found is worth, 0 for what is not gold.
"""

from collections.abc import Iterable, Sequence
from math import log2

from corpus.document import Span


def hit(grades: Sequence[int], *, k: int) -> float:
    """Return hit@k: 1 if one of the first k is gold, else 0 (Success@k of TREC)."""
    return float(any(grades[:k]))


def reciprocal_rank(grades: Sequence[int], *, k: int = 10) -> float:
    """Return 1 / rank of the first of k that is gold, else 0; its mean is MRR@k (MS MARCO)."""
    return next((1 / rank for rank, grade in enumerate(grades[:k], start=1) if grade), 0.0)


def ndcg(grades: Sequence[int], gold: Iterable[int], *, k: int = 10) -> float:
    """Return nDCG@k: the sum over ranks of grade / log2(rank + 1) / the most it can be.

    That most is of the k best of all grades there are, `gold`. Gain is the grade itself, as in
    trec_eval's ndcg_cut (Järvelin and Kekäläinen 2002), which BEIR reports.
    """
    best = sorted(gold, reverse=True)
    return _discounted(grades[:k]) / _discounted(best[:k])


def score_spans(found: Sequence[Span], gold: Sequence[Span]) -> dict[str, float]:
    """Return recall, precision and IoU by Chroma's chunking evaluation (2024), in characters.

    |both| as a share of |gold|, of the sum of |found|, and of that sum and the gold that was
    missed: what is found twice counts twice below. `characters` is that sum.
    """
    wanted, characters = covered(gold), sum(span.end - span.start for span in found)
    both = shared(found, gold)
    return {
        "recall": both / wanted,
        "precision": both / (characters or 1),
        "IoU": both / (characters + wanted - both),
        "characters": float(characters),
    }


def shared(found: Sequence[Span], gold: Sequence[Span]) -> int:
    """Return how many characters lie in one of `found` and in one of `gold`."""
    return covered(found) + covered(gold) - covered([*found, *gold])


def covered(spans: Sequence[Span]) -> int:
    """Return how many characters lie in at least one of the spans."""
    count, document, reached = 0, "", 0
    for span in sorted(spans, key=lambda s: (s.document_id, s.start)):
        if span.document_id != document:
            document, reached = span.document_id, 0
        count += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return count


def overlaps(span: Span, gold: Iterable[Span]) -> bool:
    """Say whether a span shares a character with one of the gold."""
    return any(
        span.document_id == g.document_id and span.start < g.end and g.start < span.end
        for g in gold
    )


def nearest(parts: Iterable[Sequence[Span]], spans: Sequence[Span]) -> list[Span]:
    """Return of each part's gold the span that shares most characters, the shorter of equals.

    Where none shares any it is the part's first.
    """

    def nearness(gold: Span) -> tuple[int, int]:
        both = shared(spans, [gold])
        return both, -covered([gold]) if both else 0

    return [max(part, key=nearness) for part in parts]


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1))
