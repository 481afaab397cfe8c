"""The same cases asked of several models, in one table. Knows no model but by its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from chatbot.answer import Answer
from chatbot.ask import Reader
from chatbot.terminal import show_table
from eval.case import Case
from eval.report import Report, run_suite


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A report for each model, all of the same cases; the first is what others are held against."""

    reports: tuple[Report, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        return {"models": [{**r.as_json(), **_figures(r)} for r in self.reports]}

    def as_text(self) -> str:
        """Return a column a model, and the questions that the first did better or worse on."""
        means = [{s.metric: s for s in report.summaries} for report in self.reports]
        rows = [
            [
                metric,
                str(means[0][metric].count),
                *(f"{of[metric].mean:.3f} ± {of[metric].standard_error:.3f}" for of in means),
            ]
            for metric in means[0]
        ]
        figures = [_figures(report) for report in self.reports]
        rows += [[name, "", *(_shown(of[name]) for of in figures)] for name in figures[0]]
        head = ["metric", "cases", *(report.model for report in self.reports)]
        flips = [line for other in self.reports[1:] for line in _flips(self.reports[0], other)]
        cases = f"{len(self.reports[0].rows)} cases, the same for each"
        return "\n\n".join([cases, show_table([head, *rows]), *flips])


def compare_models(
    cases: Sequence[Case],
    readers: Sequence[Reader],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> SideBySide:
    """Ask every case of each reader's model in turn; `progress` is told of all of them."""
    total = len(cases) * len(readers)

    def ask(before: int, reader: Reader) -> Report:
        def tell(done: int, _of: int) -> None:
            progress(before * len(cases) + done, total)

        return run_suite(cases, reader=reader, progress=tell)

    return SideBySide(tuple(ask(before, reader) for before, reader in enumerate(readers)))


def _figures(report: Report) -> dict[str, float | int | None]:
    """Return what it took; tokens are None where a provider does not count them."""
    answers = [row.answer for row in report.rows if row.answer]
    laps = sorted(answer.seconds["total"] for answer in answers)
    written = [a for a in answers if a.status == "answered" and a.model == report.model]
    return {
        "written by it": len(written),
        "not to be had": sum("model_unavailable" in a.notices for a in answers),
        "something withheld": sum("left_out" in a.notices for a in answers),
        "prompt tokens": _sum(answers, "prompt_tokens"),
        "completion tokens": _sum(answers, "completion_tokens"),
        "seconds, p50": laps[ceil(len(laps) * 0.5) - 1] if laps else None,
        "seconds, p95": laps[ceil(len(laps) * 0.95) - 1] if laps else None,
    }


def _sum(answers: Sequence[Answer], name: str) -> int | None:
    counted = [value for a in answers if (value := getattr(a.usage, name)) is not None]
    return sum(counted) if counted else None


def _shown(figure: float | None) -> str:
    if figure is None:
        return "unknown"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:.3f}"


def _flips(first: Report, other: Report) -> list[str]:
    pairs = [
        (one.case, one.scores["joint score"], two.scores["joint score"])
        for one, two in zip(first.rows, other.rows, strict=True)
    ]
    said = {
        f"Better by {other.model} than by {first.model}": [c for c, a, b in pairs if b > a],
        f"Better by {first.model} than by {other.model}": [c for c, a, b in pairs if a > b],
    }
    return [
        f"{title} ({len(cases)}):\n" + "\n".join(f"  {c.id}  {c.question}" for c in cases)
        for title, cases in said.items()
        if cases
    ]
