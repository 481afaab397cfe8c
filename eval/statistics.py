"""Figures over many cases, and how far chance moves them. Knows numbers, no case.

Where questions are equally sure, their order is chance, and figures by confidence are what they are
on average over such orders; `coverage_at_risk` alone takes the worst of them. What was drawn at
once, such as questions of one document, goes together: it is a cluster.
"""

from collections.abc import Callable
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
CHUNK = 500
"""Resamples drawn at a time, to keep memory small."""


def auroc(confidences: ArrayLike, answerable: ArrayLike) -> float:
    """Return how often an answerable question is surer than another one, of equals half.

    U / (n1 n0) of Mann and Whitney: U is the answerable questions' sum of ranks, equals sharing
    their mean rank, less n1 (n1 + 1) / 2. NaN where all questions are of one kind.
    """
    sure, yes = _floats(confidences), np.asarray(answerable, dtype=bool)
    if yes.all() or not yes.any():
        return nan
    _, places, counts = np.unique(sure, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n = int(yes.sum())
    return float((ranks[yes].sum() - n * (n + 1) / 2) / (n * (len(sure) - n)))


def risk_coverage(confidences: ArrayLike, right: ArrayLike) -> list[tuple[float, float]]:
    """Return (k / n, share of wrong among the k surest) for each k (El-Yaniv and Wiener 2010)."""
    _, said = _surest_first(confidences, right)
    counts = np.arange(1, len(said) + 1)
    risks = np.cumsum(1 - said) / counts
    return list(zip((counts / len(said)).tolist(), risks.tolist(), strict=True))


def aurc(confidences: ArrayLike, right: ArrayLike) -> float:
    """Return the area under the risk-coverage curve: its mean risk (Geifman et al. 2019)."""
    return _mean(_floats([risk for _, risk in risk_coverage(confidences, right)]))


def excess_aurc(confidences: ArrayLike, right: ArrayLike) -> float:
    """Return the area less that where all right answers are surer than the wrong (Geifman's)."""
    return aurc(confidences, right) - aurc(right, right)


def coverage_at_risk(confidences: ArrayLike, right: ArrayLike, most_wrong: float) -> float:
    """Return the largest share of all questions answered, surest first, with so few wrong of them.

    Of equals the wrong come first: what is promised holds in any order.
    """
    sure, said = _floats(confidences), _floats(right)
    wrong = np.cumsum(1 - said[np.lexsort((said, -sure))])
    counts = np.arange(1, len(said) + 1)
    kept = counts[wrong <= most_wrong * counts]
    return float(kept[-1] / len(said)) if len(kept) else 0.0


def hallucination_rate(answerable: ArrayLike, answered: ArrayLike) -> float:
    """Return FP / (FP + TN): of what cannot be answered, how much is (NoMIRACL, Thakur 2024)."""
    return _mean(_floats(answered)[~np.asarray(answerable, dtype=bool)])


def error_rate(answerable: ArrayLike, answered: ArrayLike) -> float:
    """Return FN / (FN + TP): of what can be answered, how much is not (NoMIRACL, Thakur 2024)."""
    return _mean(1 - _floats(answered)[np.asarray(answerable, dtype=bool)])


def brier(confidences: ArrayLike, right: ArrayLike) -> float:
    """Return the mean of (confidence - right)^2, right being 0 or 1 (Brier 1950); 0 is best."""
    return _mean((_floats(confidences) - _floats(right)) ** 2)


def calibration_bins(
    confidences: ArrayLike, right: ArrayLike, *, bins: int = 10
) -> list[dict[str, float]]:
    """Return the questions, least sure first, in bins of equal size (to one).

    Of each its mean confidence, the share that is right, and the count.
    """
    sure, said = _surest_first(confidences, right)
    parts = np.array_split(np.arange(len(sure))[::-1], max(1, min(bins, len(sure))))
    return [
        {"confidence": _mean(sure[part]), "right": _mean(said[part]), "count": len(part)}
        for part in parts
        if len(part)
    ]


def calibration_error(confidences: ArrayLike, right: ArrayLike, *, bins: int = 10) -> float:
    """Return ECE: the sum over bins of count / n * |confidence - share right| (Guo et al. 2017).

    Bins hold equally many questions, as Nguyen and O'Connor (2015) have them.
    """
    found = calibration_bins(confidences, right, bins=bins)
    gaps = [one["count"] * abs(one["confidence"] - one["right"]) for one in found]
    return sum(gaps) / sum(one["count"] for one in found) if found else nan


def clustered_error(values: ArrayLike, clusters: ArrayLike) -> float | None:
    """Return the standard error of the mean of `values` when those of one cluster go together.

    sqrt(G / (G - 1) * sum over G clusters of (sum of deviations from the mean)^2) / n (Cameron and
    Miller 2015); it is stdev / sqrt(n) when every cluster has one value, and None for one cluster.
    Values that are NaN are left out.
    """
    found, places = _told(values, clusters)
    if not places.any():
        return None
    sums = np.bincount(places, weights=found - found.mean())
    return sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums)) / len(found)


def bootstrap(
    values: ArrayLike | Callable[[Rows], float],
    clusters: ArrayLike,
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, float]:
    """Return "low" and "high", the bounds of a mean, or a figure of rows, over resampled clusters.

    As many clusters as there are, with all their rows, are drawn with replacement (Efron 1979;
    Field and Welsh 2007); the bounds are the 2.5th and 97.5th percentile of what resamples come to.
    Values that are NaN are left out. NaN for fewer than two clusters.
    """
    told, places = (values, _places(clusters)) if callable(values) else _told(values, clusters)
    count, rng = places.max(initial=-1) + 1, np.random.default_rng(seed)
    if count < 2:
        return {"low": nan, "high": nan}
    if callable(told):
        rows = [np.flatnonzero(places == cluster) for cluster in range(count)]
        drawn = (rng.integers(count, size=count) for _ in range(resamples))
        figures = _floats([told(np.concatenate([rows[c] for c in each])) for each in drawn])
    else:
        sums, sizes = np.bincount(places, weights=told), np.bincount(places)
        chunks = [min(CHUNK, resamples - at) for at in range(0, resamples, CHUNK)]
        drawn = (rng.integers(count, size=(chunk, count)) for chunk in chunks)
        figures = np.concatenate([sums[each].sum(1) / sizes[each].sum(1) for each in drawn])
    kept = figures[~np.isnan(figures)]
    low, high = np.percentile(kept, [2.5, 97.5]).tolist() if len(kept) else (nan, nan)
    return {"low": low, "high": high}


def paired_bootstrap(a: ArrayLike, b: ArrayLike, clusters: ArrayLike) -> dict[str, float]:
    """Return the "mean" of a - b, row by row, with its bounds by `bootstrap`.

    Rows of which either is NaN are left out.
    """
    differences = _floats(a) - _floats(b)
    told, _ = _told(differences, clusters)
    return bootstrap(differences, clusters) | {"mean": _mean(told)}


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else nan


def _surest_first(confidences: ArrayLike, right: ArrayLike) -> tuple[Floats, Floats]:
    """Return confidences, falling, and for each the share right of those that are as sure."""
    levels, places, counts = np.unique(
        -_floats(confidences), return_inverse=True, return_counts=True
    )
    shares = np.bincount(places, weights=_floats(right), minlength=len(levels)) / counts
    return np.repeat(-levels, counts), np.repeat(shares, counts)


def _told(values: ArrayLike, clusters: ArrayLike) -> tuple[Floats, Rows]:
    """Return the values that are not NaN, and each one's cluster."""
    found = _floats(values)
    kept = ~np.isnan(found)
    return found[kept], _places(np.asarray(clusters)[kept])


def _places(clusters: ArrayLike) -> Rows:
    """Return the number of each row's cluster, from 0."""
    return np.unique(np.asarray(clusters), return_inverse=True)[1]
