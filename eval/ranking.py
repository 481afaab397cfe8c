"""What is measured of one ranking, and of many. Pure functions; none knows where rankings are from.

A ranking of documents holds each once, best first; spans are code points, half open.
"""

from collections.abc import Mapping, Sequence
from math import log2, sqrt
from statistics import fmean

from corpus.document import Span


def hit_at(ranked: Sequence[str], gold: Mapping[str, int], *, k: int) -> float:
    """Return 1 if one of the first `k` documents is gold, else 0 (Success@k of TREC)."""
    return float(any(document in gold for document in ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], gold: Mapping[str, int], *, k: int) -> float:
    """Return 1 / rank of the first gold document, 0 if it is not among the first `k` (MS MARCO)."""
    ranks = (rank for rank, document in enumerate(ranked[:k], start=1) if document in gold)
    return 1 / next(ranks, float("inf"))


def ndcg_at(ranked: Sequence[str], gold: Mapping[str, int], *, k: int) -> float:
    """Return nDCG@k: sum of grade / log2(rank + 1), as a share of the best there can be at `k`.

    Gain is the grade itself, as in trec_eval's ndcg_cut (Järvelin and Kekäläinen 2002), which BEIR
    reports; the ideal ranking holds min(k, number of gold documents) of them.
    """
    found = _discounted([gold.get(document, 0) for document in ranked[:k]])
    return found / _discounted(sorted(gold.values(), reverse=True)[:k])


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def token_recall(found: Sequence[Span], gold: Sequence[Span]) -> float:
    """Return |found AND gold| / |gold|, in characters (Chroma's chunking evaluation, 2024)."""
    return _shared(found, gold) / _covered(gold)


def token_precision(found: Sequence[Span], gold: Sequence[Span]) -> float:
    """Return |found AND gold| / sum of |found|: what is found twice counts twice below (Chroma)."""
    return _shared(found, gold) / (characters(found) or 1)


def token_iou(found: Sequence[Span], gold: Sequence[Span]) -> float:
    """Return |found AND gold| / (sum of |found| + gold that was missed), by Chroma's definition."""
    shared = _shared(found, gold)
    return shared / (characters(found) + _covered(gold) - shared)


def characters(spans: Sequence[Span]) -> int:
    """Return the length of all spans together; where two overlap, twice."""
    return sum(span.end - span.start for span in spans)


def _shared(found: Sequence[Span], gold: Sequence[Span]) -> int:
    return _covered(found) + _covered(gold) - _covered([*found, *gold])


def _covered(spans: Sequence[Span]) -> int:
    """Return how many characters lie in at least one of the spans."""
    covered, document, reached = 0, "", 0
    for span in sorted(spans, key=lambda s: (s.document_id, s.start)):
        if span.document_id != document:
            document, reached = span.document_id, 0
        covered += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return covered


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float:
    """Return the standard error of the mean of `values` when those of one cluster go together.

    sqrt(G / (G - 1) * sum over G clusters of (sum of deviations from the mean)^2) / n (Cameron and
    Miller 2015); it is stdev / sqrt(n) when every cluster has one value, and NaN for one cluster.
    """
    mean = fmean(values)
    deviations: dict[str, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        deviations[cluster] = deviations.get(cluster, 0.0) + value - mean
    count = len(deviations)
    if count < 2:
        return float("nan")
    return sqrt(count / (count - 1) * sum(d * d for d in deviations.values())) / len(values)
