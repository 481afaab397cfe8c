"""Runs the grounding suite and tells people and programs how it went. Measures nothing itself."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from chatbot.answer import as_json
from chatbot.ask import Reader, answer_question
from chatbot.terminal import show_table
from eval.case import Case
from eval.errors import BadCase
from eval.run import Row, Summary, below_gates, run_cases, summarise

GATES = Path(__file__).with_name("gates.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run of the suite came to."""

    model: str
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...]
    failed_gates: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        return {
            "model": self.model,
            "cases": len(self.rows),
            "metrics": [
                asdict(s) | {"mean": None if isnan(s.mean) else s.mean} for s in self.summaries
            ],
            "failed_gates": list(self.failed_gates),
            "rows": [
                {
                    "id": row.case.id,
                    "question": row.case.question,
                    "scores": {m: None if isnan(v) else v for m, v in row.scores.items()},
                    "error": row.error or None,
                    "answer": as_json(row.answer) if row.answer else None,
                }
                for row in self.rows
            ],
        }

    def as_text(self) -> str:
        """Return the table of metrics, the cases that went wrong, and the gates missed."""
        head = ["metric", "cases", "mean", "± s.e."]
        table = [
            [s.metric, str(s.count), f"{s.mean:.3f}", f"{s.standard_error:.3f}"]
            for s in self.summaries
        ]
        wrong = [_say_wrong(row) for row in self.rows if row.scores["joint score"] < 1]
        parts = [f"{len(self.rows)} cases, answered by {self.model}", show_table([head, *table])]
        if wrong:
            parts.append(f"{len(wrong)} cases not right:\n" + "\n".join(wrong))
        gates = "\n".join(f"BELOW GATE: {gate}" for gate in self.failed_gates)
        parts.append(gates or "All gates met.")
        return "\n\n".join(parts)


def run_suite(
    cases: Sequence[Case],
    *,
    reader: Reader,
    gates_file: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Ask every case and score the answers; BadCase if the gates' file cannot be read."""
    gates = _read_gates(gates_file or GATES)
    rows = []
    for row in run_cases(
        cases,
        ask=lambda case: answer_question(case.question, case.history, reader=reader),
        read_document=reader.generation.document,
    ):
        rows.append(row)
        progress(len(rows), len(cases))
    summaries = summarise(rows)
    return Report(
        model=reader.model.name if reader.model else "quotes:",
        rows=tuple(rows),
        summaries=tuple(summaries),
        failed_gates=tuple(below_gates(summaries, gates)),
    )


def _read_gates(file: Path) -> dict[str, float]:
    try:
        return {
            str(k): float(v) for k, v in tomllib.loads(file.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, TypeError) as error:
        raise BadCase(
            f"the gates in {file} cannot be read ({error}); write lines like hit = 0.9."
        ) from error


def _say_wrong(row: Row) -> str:
    if row.answer is None:
        what = f"crashed ({row.error})"
    elif row.answer.status != "answered":
        what = f"abstained (confidence {row.answer.confidence:.2f})"
    elif row.case.answerable:
        what = "answered from other words"
    else:
        what = "answered, though the documents don't say"
    return f"  {row.case.id}  {what}: {row.case.question}"
