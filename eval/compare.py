"""What changed between two runs: the difference of each metric, and the questions that flipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from chatbot.terminal import show_table
from eval.errors import BadRun
from eval.figures import SAYS, TOGETHER, Table
from eval.metrics import JOINT
from eval.run import Row, Run
from eval.statistics import paired_bootstrap
from eval.systems import FOOTNOTE


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, a line of figures a metric, and the cases (id, what) whose joint score changed."""

    runs: tuple[str, str]
    count: int
    notes: tuple[str, ...]
    metrics: dict[str, dict[str, float | None]]
    flips: tuple[tuple[str, str], ...]

    def as_text(self) -> str:
        """Return the table, the flips, and what else is not the same."""
        before, after = self.runs
        head = ["metric", "before", "after", "difference", "95 % of it"]
        rows = []
        for name, f in self.metrics.items():
            figures = f"{f['before']:.3f}", f"{f['after']:.3f}", f"{f['difference']:+.3f}"
            span = f"{f['low']:+.3f} to {f['high']:+.3f}" if f["low"] is not None else ""
            rows.append([name, *figures, span])
        title = f"{self.count} questions, before: {before}, after: {after}"
        flips = "\n".join(f"  {case_id}  {what}" for case_id, what in self.flips)
        flipped = f"{len(self.flips)} questions flipped:\n{flips}" if flips else "None flipped."
        return "\n\n".join([title, *self.notes, show_table([head, *rows]), flipped])


def compare_runs(before: Run, after: Run) -> Comparison:
    """Compare what both asked; BadRun if that is nothing."""
    other = {(row.part, row.case_id): row for row in after.rows}
    pairs = [(row, other[key]) for row in before.rows if (key := (row.part, row.case_id)) in other]
    if not pairs:
        raise BadRun("the two runs have no case in common; compare runs of the same case files.")
    old, new = Table([one for one, _ in pairs]), Table([two for _, two in pairs])
    metrics = {name: figures for name in SAYS if (figures := _changed(name, old, new))}
    flips = [(one.case_id, _flip(one, two)) for one, two in pairs if _joint(one) != _joint(two)]
    return Comparison(
        runs=(before.name, after.name),
        count=len(pairs),
        notes=tuple(_notes(before, after, pairs)),
        metrics=metrics,
        flips=tuple(flips),
    )


def _changed(metric: str, old: Table, new: Table) -> dict[str, float | None]:
    """Return a metric's figures in both, and the paired difference with its 95 % interval."""
    before, after = (table.figure(metric, FOOTNOTE) for table in (old, new))
    if not before or not after:
        return {}
    paired = paired_bootstrap(
        new.values(metric, FOOTNOTE), old.values(metric, FOOTNOTE), old.clusters
    )
    of_cases = metric not in TOGETHER and not isnan(paired["low"])
    return {
        "before": before["mean"],
        "after": after["mean"],
        "difference": paired["mean"] if of_cases else after["mean"] - before["mean"],
        "low": paired["low"] if of_cases else None,
        "high": paired["high"] if of_cases else None,
    }


def _notes(before: Run, after: Run, pairs: Sequence[tuple[Row, Row]]) -> list[str]:
    """Say what else was not the same, for a difference is only one of what is said here."""
    held = ("commit", "packages", "settings", "manifest", "cases")
    differs = [name for name in held if before.record[name] != after.record[name]]
    left = len(before.rows) + len(after.rows) - 2 * len(pairs)
    notes = [f"Other than in the first run: {', '.join(differs)}."] if differs else []
    return notes + ([f"{left} questions that one run lacks were left out."] if left else [])


def _joint(row: Row) -> float:
    return row.scores[FOOTNOTE][JOINT]


def _flip(one: Row, two: Row) -> str:
    way = "better" if _joint(two) > _joint(one) else "worse"
    said = [row.results[FOOTNOTE].text or row.results[FOOTNOTE].status for row in (one, two)]
    return f"{way}: {said[0][:60]!r} -> {said[1][:60]!r}"
