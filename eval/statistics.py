"""Figures over many cases. Knows numbers, no case; how far chance moves them is in `error_bars`.

Where questions are equally sure, their order is chance, and figures by confidence are what they are
on average over such orders; `coverage_at_risk` alone takes the worst of them.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Questions that are about equally sure: their mean confidence, and the share that is right."""

    confidence: float
    right: float
    count: int


def auroc(confidences: ArrayLike, answerable: ArrayLike) -> float:
    """Return how often an answerable question is surer than another one, of equals half.

    U / (n1 n0) of Mann and Whitney: U is the answerable questions' sum of ranks, equals sharing
    their mean rank, less n1 (n1 + 1) / 2. NaN where all questions are of one kind.
    """
    sure, yes = floats(confidences), np.asarray(answerable, dtype=bool)
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
    risks = [risk for _, risk in risk_coverage(confidences, right)]
    return float(np.mean(risks)) if risks else nan


def excess_aurc(confidences: ArrayLike, right: ArrayLike) -> float:
    """Return the area less that where all right answers are surer than the wrong (Geifman's)."""
    return aurc(confidences, right) - aurc(right, right)


def coverage_at_risk(confidences: ArrayLike, right: ArrayLike, most_wrong: float) -> float:
    """Return the largest share of all questions answered, surest first, with so few wrong of them.

    Of equals the wrong come first: what is promised holds in any order.
    """
    sure, said = floats(confidences), floats(right)
    wrong = np.cumsum(1 - said[np.lexsort((said, -sure))])
    counts = np.arange(1, len(said) + 1)
    kept = counts[wrong <= most_wrong * counts]
    return float(kept[-1] / len(said)) if len(kept) else 0.0


def hallucination_rate(answerable: ArrayLike, answered: ArrayLike) -> float:
    """Return FP / (FP + TN): of what cannot be answered, how much is (NoMIRACL, Thakur 2024)."""
    return _mean(floats(answered)[~np.asarray(answerable, dtype=bool)])


def error_rate(answerable: ArrayLike, answered: ArrayLike) -> float:
    """Return FN / (FN + TP): of what can be answered, how much is not (NoMIRACL, Thakur 2024)."""
    return _mean(1 - floats(answered)[np.asarray(answerable, dtype=bool)])


def brier(confidences: ArrayLike, right: ArrayLike) -> float:
    """Return the mean of (confidence - right)^2, right being 0 or 1 (Brier 1950); 0 is best."""
    return _mean((floats(confidences) - floats(right)) ** 2)


def calibration_bins(confidences: ArrayLike, right: ArrayLike, *, bins: int = 10) -> list[Bin]:
    """Return the questions, least sure first, in bins of equal size (to one)."""
    sure, said = _surest_first(confidences, right)
    parts = np.array_split(np.arange(len(sure))[::-1], max(1, min(bins, len(sure))))
    return [
        Bin(confidence=_mean(sure[part]), right=_mean(said[part]), count=len(part))
        for part in parts
        if len(part)
    ]


def calibration_error(confidences: ArrayLike, right: ArrayLike, *, bins: int = 10) -> float:
    """Return ECE: the sum over bins of count / n * |confidence - share right| (Guo et al. 2017).

    Bins hold equally many questions, as Nguyen and O'Connor (2015) have them.
    """
    found = calibration_bins(confidences, right, bins=bins)
    gaps = [one.count * abs(one.confidence - one.right) for one in found]
    return sum(gaps) / sum(one.count for one in found) if found else nan


def floats(values: ArrayLike) -> Floats:
    """Return the values as an array."""
    return np.asarray(values, dtype=np.float64)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else nan


def _surest_first(confidences: ArrayLike, right: ArrayLike) -> tuple[Floats, Floats]:
    """Return confidences, falling, and for each the share right of those that are as sure."""
    levels, places, counts = np.unique(
        -floats(confidences), return_inverse=True, return_counts=True
    )
    shares = np.bincount(places, weights=floats(right), minlength=len(levels)) / counts
    return np.repeat(-levels, counts), np.repeat(shares, counts)
