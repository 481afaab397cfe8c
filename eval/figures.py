"""Every figure of the suite: a metric's mean over cases, or what only many cases have together.

Each with a standard error and a 95 % interval, both by document: cases about one document fail
together. Does not know how they are shown.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np

from eval import judge, statistics
from eval.metrics import JOINT
from eval.run import Row, no_nan
from eval.systems import FOOTNOTE, NEVER

SAYS: dict[str, str] = tomllib.loads(Path(__file__).with_name("says.toml").read_text("utf-8"))
"""What each figure says in plain words, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """By case: how sure a system was, whether what it would say is right, if it can be and was."""

    sure: np.ndarray
    right: np.ndarray
    answerable: np.ndarray
    answered: np.ndarray

    def of(self, rows: np.ndarray) -> "Judgements":
        """Return those of the cases with these numbers."""
        return Judgements(*(getattr(self, name)[rows] for name in self.__slots__))


TOGETHER: dict[str, Callable[[Judgements], float]] = {
    "hallucination rate": lambda j: statistics.hallucination_rate(j.answerable, j.answered),
    "error rate": lambda j: statistics.error_rate(j.answerable, j.answered),
    "abstention AUROC": lambda j: statistics.auroc(j.sure, j.answerable),
    "coverage at 1 % risk": lambda j: statistics.coverage_at_risk(j.sure, j.right, 0.01),
    "coverage at 5 % risk": lambda j: statistics.coverage_at_risk(j.sure, j.right, 0.05),
    "AURC": lambda j: statistics.aurc(j.sure, j.right),
    "excess AURC": lambda j: statistics.excess_aurc(j.sure, j.right),
    "Brier score": lambda j: statistics.brier(j.sure, j.right),
    "calibration error": lambda j: statistics.calibration_error(j.sure, j.right),
}
"""What only many cases have together."""
FALLS = set(TOGETHER) - {"abstention AUROC", "coverage at 1 % risk", "coverage at 5 % risk"}
"""Where less is better."""


class Table:
    """Rows of a run."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self.clusters = [row.about for row in rows]

    def figure(self, metric: str, system: str) -> dict[str, Any] | None:
        """Return a figure with its errors, beside Footnote's; None where a system has none."""
        if metric in TOGETHER:
            return self._together(metric, system)
        values = self.values(metric, system)
        count = int((~np.isnan(values)).sum())
        if not count:
            return None
        is_judged = metric in judge.JUDGED and system == FOOTNOTE
        answered = self.judgements(system).answered if is_judged else False
        found: dict[str, Any] = {
            "count": count,
            # Of what should have been scored and was not: only a judge fails so.
            "unscored": int((np.isnan(values) & answered).sum()),
            "mean": float(np.nanmean(values)),
            "standard_error": statistics.clustered_error(values, self.clusters),
            **no_nan(statistics.bootstrap(values, self.clusters)),
        }
        if system != FOOTNOTE:
            ours = self.values(metric, FOOTNOTE)
            paired = statistics.paired_bootstrap(ours, values, self.clusters)
            found |= {} if isnan(paired["mean"]) else {"difference": no_nan(paired)}
        return found

    def values(self, metric: str, system: str) -> np.ndarray:
        """Return a value a row, NaN where there is none."""
        found = [row.scores.get(system, {}).get(metric, nan) for row in self.rows]
        return np.array(found, dtype=float)

    def judgements(self, system: str) -> Judgements:
        """Return how sure a system was and how right; Footnote's as if it had always answered."""
        forced = NEVER if system == FOOTNOTE else system
        results = [row.results.get(system) for row in self.rows]
        answerable = np.array([row.answerable for row in self.rows], dtype=bool)
        return Judgements(
            np.array([result.confidence if result else 0.0 for result in results]),
            self.values(JOINT, forced) * answerable == 1,
            answerable,
            np.array([result is not None and result.status == "answered" for result in results]),
        )

    def _together(self, metric: str, system: str) -> dict[str, Any] | None:
        judged = self.judgements(system)
        kinds = {"hallucination rate": ~judged.answerable, "error rate": judged.answerable}
        count = int(kinds.get(metric, np.ones(len(self.rows))).sum())
        value = TOGETHER[metric](judged)
        if isnan(value):
            return None
        interval = statistics.bootstrap(
            lambda rows: TOGETHER[metric](judged.of(rows)), self.clusters, resamples=1_000
        )
        found = {"count": count, "unscored": 0, "mean": value, "standard_error": None}
        return found | no_nan(interval)
