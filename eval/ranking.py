"""What is measured of one ranking. Pure functions; none knows where rankings are from."""

from collections.abc import Mapping, Sequence
from math import inf, log2, sqrt
from statistics import fmean

from corpus.document import Span


def score_documents(ranked: Sequence[str], gold: Mapping[str, int]) -> dict[str, float]:
    """Return Hit@1, 3 and 10, MRR@10 and nDCG@10 of documents, best first, where each first stands.

    `gold` holds grades of 1 or more. Hit@k is 1 if one of the first k is gold (Success@k of TREC);
    MRR@10 is 1 / rank of the first that is, 0 if it is not among ten (MS MARCO); nDCG@10 is the sum
    of grade / log2(rank + 1) as a share of the best there can be, where gain is the grade itself,
    as in trec_eval's ndcg_cut (Järvelin and Kekäläinen 2002), which BEIR reports.
    """
    grades = [gold.get(document, 0) for document in list(dict.fromkeys(ranked))[:10]]
    first = next((rank for rank, grade in enumerate(grades, start=1) if grade), inf)
    hits = {f"Hit@{k}": float(first <= k) for k in (1, 3, 10)}
    best = sorted(gold.values(), reverse=True)[:10]
    return hits | {"MRR@10": 1 / first, "nDCG@10": _discounted(grades) / _discounted(best)}


def score_spans(found: Sequence[Span], gold: Sequence[Span]) -> dict[str, float]:
    """Return recall, precision and IoU by Chroma's chunking evaluation (2024), in characters.

    |both| as a share of |gold|, of the sum of |found|, and of that sum and the gold that was
    missed: what is found twice counts twice below. `characters` is that sum.
    """
    wanted, characters = _covered(gold), sum(span.end - span.start for span in found)
    both = _covered(found) + wanted - _covered([*found, *gold])
    return {
        "recall": both / wanted,
        "precision": both / (characters or 1),
        "IoU": both / (characters + wanted - both),
        "characters": float(characters),
    }


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float | None:
    """Return the standard error of the mean of `values` when those of one cluster go together.

    sqrt(G / (G - 1) * sum over G clusters of (sum of deviations from the mean)^2) / n (Cameron and
    Miller 2015); it is stdev / sqrt(n) when every cluster has one value, and None for one cluster.
    """
    mean = fmean(values)
    deviations: dict[str, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        deviations[cluster] = deviations.get(cluster, 0.0) + value - mean
    count = len(deviations)
    if count < 2:
        return None
    return sqrt(count / (count - 1) * sum(d * d for d in deviations.values())) / len(values)


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _covered(spans: Sequence[Span]) -> int:
    """Return how many characters lie in at least one of the spans."""
    covered, document, reached = 0, "", 0
    for span in sorted(spans, key=lambda s: (s.document_id, s.start)):
        if span.document_id != document:
            document, reached = span.document_id, 0
        covered += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return covered
