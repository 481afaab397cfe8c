"""How far chance moves a figure over many cases, where those of one cluster go together.

Knows numbers, no case. A cluster is what was drawn at once: questions of one document.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.statistics import Floats, floats

Rows = NDArray[np.intp]
CHUNK = 500
"""Resamples drawn at a time, to keep memory small."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of 95 %; NaN where there is no telling."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A mean of differences, and its 95 % bounds."""

    mean: float
    low: float
    high: float


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
) -> Interval:
    """Return the percentile interval of a mean, or of a figure of rows, over resampled clusters.

    As many clusters as there are, with all their rows, are drawn with replacement (Efron 1979;
    Field and Welsh 2007); the bounds are the 2.5th and 97.5th percentile of what resamples come to.
    Values that are NaN are left out. NaN for fewer than two clusters.
    """
    if not callable(values):
        return _interval(_resampled_means(values, clusters, resamples, seed))
    places, rng = _places(clusters), np.random.default_rng(seed)
    rows = [np.flatnonzero(places == cluster) for cluster in range(places.max(initial=-1) + 1)]
    if len(rows) < 2:
        return Interval(nan, nan)
    drawn = (rng.integers(len(rows), size=len(rows)) for _ in range(resamples))
    figures = [values(np.concatenate([rows[cluster] for cluster in each])) for each in drawn]
    return _interval(floats(figures))


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, clusters: ArrayLike, *, resamples: int = 10_000, seed: int = 0
) -> Difference:
    """Return the mean of a - b, row by row, with its bounds by `bootstrap`.

    Rows of which either is NaN are left out.
    """
    differences = floats(a) - floats(b)
    told, _ = _told(differences, clusters)
    bounds = bootstrap(differences, clusters, resamples=resamples, seed=seed)
    return Difference(
        mean=float(told.mean()) if len(told) else nan, low=bounds.low, high=bounds.high
    )


def _resampled_means(values: ArrayLike, clusters: ArrayLike, resamples: int, seed: int) -> Floats:
    """Return the mean of each resample; none for fewer than two clusters."""
    found, places = _told(values, clusters)
    rng = np.random.default_rng(seed)
    sums, sizes = np.bincount(places, weights=found), np.bincount(places)
    if len(sums) < 2:
        return floats([])
    chunks = [min(CHUNK, resamples - at) for at in range(0, resamples, CHUNK)]
    drawn = (rng.integers(len(sums), size=(rows, len(sums))) for rows in chunks)
    return np.concatenate([sums[each].sum(1) / sizes[each].sum(1) for each in drawn])


def _interval(figures: Floats) -> Interval:
    told = figures[~np.isnan(figures)]
    return Interval(*np.percentile(told, [2.5, 97.5]).tolist()) if len(told) else Interval(nan, nan)


def _told(values: ArrayLike, clusters: ArrayLike) -> tuple[Floats, Rows]:
    """Return the values that are not NaN, and each one's cluster."""
    found = floats(values)
    kept = ~np.isnan(found)
    return found[kept], _places(np.asarray(clusters)[kept])


def _places(clusters: ArrayLike) -> Rows:
    """Return the number of each row's cluster, from 0."""
    return np.unique(np.asarray(clusters), return_inverse=True)[1]
