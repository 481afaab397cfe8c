from math import isnan, nan, sqrt
from statistics import stdev
from typing import Any

import numpy as np
import pytest
from scipy import stats

from eval.statistics import auroc, bootstrap, clustered_error, paired_bootstrap

RNG = np.random.default_rng(0)
RIGHT = RNG.integers(0, 2, 300).astype(float)
SURE = RNG.random(300) + RIGHT / 4
ALONE = np.arange(300)
BY_DOCUMENT = np.repeat(np.arange(60), 5)


def scipys(figure: Any, *data: Any, resamples: int) -> tuple[float, float]:  # noqa: ANN401
    """The reference, which knows no clusters."""
    found = stats.bootstrap(
        data,
        figure,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=resamples,
        rng=np.random.default_rng(1),
    ).confidence_interval
    return float(found.low), float(found.high)


def test_error_of_clusters_of_one_is_the_usual_one() -> None:
    values = [1.0, 0.0, 1.0, 1.0]
    assert clustered_error(values, ["a", "b", "c", "d"]) == pytest.approx(stdev(values) / 2)


def test_error_of_equal_values_in_a_cluster_is_that_of_the_clusters() -> None:
    twice = clustered_error([1.0, 1.0, 0.0, 0.0, 1.0, 1.0], ["a", "a", "b", "b", "c", "c"])
    assert twice == pytest.approx(stdev([1.0, 0.0, 1.0]) / sqrt(3))
    assert clustered_error([1.0, 0.0], ["a", "a"]) is None
    assert clustered_error([], []) is None
    assert clustered_error([1.0, nan, 0.0], ["a", "b", "c"]) == pytest.approx(0.5)


def test_interval_of_a_mean_is_scipys() -> None:
    found, reference = bootstrap(RIGHT, ALONE), scipys(np.mean, RIGHT, resamples=10_000)
    assert (found["low"], found["high"]) == pytest.approx(reference, abs=0.005)


def test_interval_by_hand() -> None:
    """Of two clusters a quarter of resamples has only the one, a quarter only the other."""
    found = bootstrap([0.0, 0.0, 0.0, 1.0], ["a", "a", "a", "b"])
    assert found == {"low": 0.0, "high": 1.0}
    assert bootstrap([0.5, 0.5], ["a", "b"]) == {"low": 0.5, "high": 0.5}


def test_clusters_widen_the_interval_as_they_do_the_standard_error() -> None:
    same = np.repeat(RIGHT[:60], 5)  # five questions of a document go the same way
    found, error = bootstrap(same, BY_DOCUMENT), clustered_error(same, BY_DOCUMENT)
    assert error is not None
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * error, rel=0.05)
    alone = bootstrap(same, ALONE)
    assert found["high"] - found["low"] > 2 * (alone["high"] - alone["low"])


def test_a_mean_and_a_figure_of_rows_have_the_same_interval() -> None:
    of_mean = bootstrap(RIGHT, BY_DOCUMENT)
    of_rows = bootstrap(lambda rows: float(RIGHT[rows].mean()), BY_DOCUMENT, resamples=4_000)
    assert of_rows["low"] == pytest.approx(of_mean["low"], abs=0.01)
    assert of_rows["high"] == pytest.approx(of_mean["high"], abs=0.01)


def test_interval_of_a_rank_figure_is_scipys() -> None:
    found = bootstrap(lambda rows: auroc(SURE[rows], RIGHT[rows]), ALONE, resamples=2_000)
    reference = scipys(auroc, SURE, RIGHT, resamples=2_000)
    assert (found["low"], found["high"]) == pytest.approx(reference, abs=0.01)


def test_resamples_without_a_figure_are_left_out() -> None:
    kind = np.array([1.0, 0.0])  # half of the resamples hold one kind alone
    found = bootstrap(lambda rows: auroc(kind[rows], kind[rows]), ["a", "b"])
    assert found == {"low": 1.0, "high": 1.0}
    assert isnan(bootstrap(lambda _: nan, ["a", "b"], resamples=10)["low"])


@pytest.mark.parametrize("clusters", [[], ["a", "a", "a"]])
def test_one_cluster_or_none_has_no_interval(clusters: list[str]) -> None:
    values = [1.0, 0.0, 1.0][: len(clusters)]
    for found in (bootstrap(values, clusters), bootstrap(lambda rows: float(rows[0]), clusters)):
        assert isnan(found["low"])
        assert isnan(found["high"])
    compared = paired_bootstrap(values, values, clusters)
    assert isnan(compared["low"])


def test_nan_is_left_out() -> None:
    with_nan, clusters = [*RIGHT, nan, nan], [*ALONE, 7, 1_000]
    assert bootstrap(with_nan, clusters) == bootstrap(RIGHT, ALONE)
    other = [*SURE, 1.0, nan]
    assert paired_bootstrap(with_nan, other, clusters) == paired_bootstrap(RIGHT, SURE, ALONE)


def test_a_seed_gives_the_same_bounds_again() -> None:
    again = [bootstrap(SURE, ALONE, seed=seed) for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]
    assert bootstrap(SURE, ALONE, resamples=700) != again[0]


def test_pairs_are_compared_row_by_row() -> None:
    a, b = SURE + 0.01, SURE
    found = paired_bootstrap(a, b, ALONE)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((0.01, 0.01, 0.01))


def test_pairs_are_resampled_together() -> None:
    """Ten questions, nine the better for it: a resample of all clusters rarely says otherwise."""
    found = paired_bootstrap([1.0] * 9 + [0.0], [0.0] * 9 + [1.0], list("abcdefghij"))
    assert found["mean"] == pytest.approx(0.8)
    assert (found["low"], found["high"]) == pytest.approx((0.4, 1.0))
