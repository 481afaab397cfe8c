from math import isnan

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from eval.statistics import (
    aurc,
    auroc,
    brier,
    calibration_bins,
    calibration_error,
    coverage_at_risk,
    error_rate,
    excess_aurc,
    hallucination_rate,
    risk_coverage,
)

SURE = [0.9, 0.8, 0.7, 0.6, 0.5]
RIGHT = [True, True, False, True, False]


def test_auroc_by_hand() -> None:
    assert auroc([0.9, 0.8, 0.3], [True, False, True]) == 0.5
    assert auroc([0.9, 0.5, 0.5], [True, True, False]) == 0.75  # the equals are half
    assert auroc([1.0, 0.0], [True, False]) == 1.0
    assert auroc([0.5] * 4, [True, False, True, False]) == 0.5


@pytest.mark.parametrize("kind", [[True, True], [False, False], []])
def test_auroc_needs_both_kinds(kind: list[bool]) -> None:
    assert isnan(auroc([0.5] * len(kind), kind))


def test_risk_coverage_by_hand() -> None:
    assert risk_coverage(SURE, RIGHT) == [
        (0.2, 0.0),
        (0.4, 0.0),
        (0.6, pytest.approx(1 / 3)),
        (0.8, 0.25),
        (1.0, 0.4),
    ]
    assert aurc(SURE, RIGHT) == pytest.approx((1 / 3 + 0.25 + 0.4) / 5)
    assert excess_aurc(SURE, RIGHT) == pytest.approx((1 / 3 + 0.25 + 0.4) / 5 - (0.25 + 0.4) / 5)


def test_order_of_equally_sure_is_chance() -> None:
    flat = risk_coverage([0.5] * 4, [True, False, True, False])
    assert flat == [(0.25, 0.5), (0.5, 0.5), (0.75, 0.5), (1.0, 0.5)]
    assert aurc([0.5] * 4, [False, False, True, True]) == 0.5
    # of the first two one is wrong, and either may come first
    assert risk_coverage([0.9, 0.9, 0.1, 0.1], [False, True, True, True])[0] == (0.25, 0.5)


def test_excess_is_0_where_the_right_are_surest() -> None:
    assert excess_aurc([0.9, 0.8, 0.1], [True, True, False]) == 0.0
    assert excess_aurc([0.5], [False]) == 0.0
    assert isnan(aurc([], []))


def test_optimum_is_about_geifmans_closed_form() -> None:
    right = np.arange(10_000) >= 6_590  # as on SQuAD 2.0, where the optimum was .293
    risk = 0.659
    optimum = aurc(right, right)
    assert optimum == pytest.approx(risk + (1 - risk) * np.log(1 - risk), abs=0.001)


def test_coverage_at_risk_by_hand() -> None:
    assert coverage_at_risk(SURE, RIGHT, 0.0) == 0.4
    assert coverage_at_risk(SURE, RIGHT, 0.25) == 0.8  # one of four is wrong
    assert coverage_at_risk([0.5, 0.5], [True, False], 0.4) == 0.0  # of equals the wrong is first
    assert coverage_at_risk([0.5], [False], 0.01) == 0.0
    assert coverage_at_risk([0.0, 0.0], [True, True], 0.0) == 1.0


def test_hallucination_and_error_rate_by_hand() -> None:
    answerable = [True, True, True, True, False, False]
    answered = [True, True, True, False, True, False]
    assert error_rate(answerable, answered) == 0.25
    assert hallucination_rate(answerable, answered) == 0.5
    assert hallucination_rate(answerable, [False] * 6) == 0.0
    assert error_rate(answerable, [False] * 6) == 1.0
    assert isnan(error_rate([False], [True]))
    assert isnan(hallucination_rate([True], [True]))


def test_brier_by_hand() -> None:
    assert brier([0.9, 0.2], [True, False]) == pytest.approx((0.01 + 0.04) / 2)
    assert isnan(brier([], []))


def test_calibration_by_hand() -> None:
    sure, right = [1.0, 0.125, 0.5, 0.375], [True, False, False, False]
    assert calibration_bins(sure, right, bins=2) == [
        {"confidence": 0.25, "right": 0.0, "count": 2},
        {"confidence": 0.75, "right": 0.5, "count": 2},
    ]
    assert calibration_error(sure, right, bins=2) == 0.25


def test_bins_are_equal_to_one_and_none_is_empty() -> None:
    sure = np.linspace(0, 1, 23)
    bins = calibration_bins(sure, sure > 0.5)
    assert sorted({one["count"] for one in bins}) == [2, 3]
    assert [one["confidence"] for one in bins] == sorted(one["confidence"] for one in bins)
    assert sum(one["count"] for one in bins) == 23
    assert [one["count"] for one in calibration_bins([0.1, 0.9], [False, True])] == [1, 1]
    assert calibration_bins([], []) == []
    assert isnan(calibration_error([], []))


def test_calibration_of_equally_sure_has_no_order() -> None:
    sure, right = [0.5] * 20, [True] * 10 + [False] * 10
    assert calibration_error(sure, right) == calibration_error(sure, right[::-1]) == 0.0


def test_1000_random_sets_are_as_in_sklearn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(1_000):
        count = int(rng.integers(4, 40))
        sure = rng.integers(0, 11, count) / 10  # with equals
        right = np.arange(count) % 2 == 0
        rng.shuffle(right)
        assert auroc(sure, right) == pytest.approx(roc_auc_score(right, sure))
        assert brier(sure, right) == pytest.approx(brier_score_loss(right, sure))
        orders = [rng.permutation(count) for _ in range(3)]
        for figure in (aurc, excess_aurc, calibration_error):
            assert figure(sure, right) == pytest.approx(figure(sure[orders[0]], right[orders[0]]))
        assert excess_aurc(sure, right) >= -1e-12


def test_chance_order_is_the_mean_over_orders() -> None:
    rng = np.random.default_rng(0)
    sure, right = np.repeat([0.9, 0.5, 0.1], 4), rng.integers(0, 2, 12)
    nudged = [aurc(sure + rng.random(12) * 1e-6, right) for _ in range(4_000)]
    assert aurc(sure, right) == pytest.approx(np.mean(nudged), abs=0.005)
