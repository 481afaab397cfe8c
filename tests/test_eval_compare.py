import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from eval.compare import compare_runs
from eval.errors import BadRun
from eval.result import Result
from eval.run import Row, Run

RECORD: dict[str, Any] = {
    "model": "quotes:",
    "commit": "a",
    "packages": {},
    "settings": {},
    "manifest": {},
    "cases": [],
}


def _row(number: int, joint: float, status: Any = "answered") -> Row:  # noqa: ANN401
    result = Result(case_id=f"c{number}", status=status, text=f"Answer {joint}.")
    return Row(
        case_id=f"c{number}",
        part="dev",
        about=f"document {number % 3}",
        answerable=number != 0,
        results={"Footnote": result},
        scores={"Footnote": {"joint score": joint, "F1": float("nan")}},
    )


def _run(name: str, *joints: float, **record: object) -> Run:
    rows = tuple(_row(number, joint) for number, joint in enumerate(joints))
    return Run(folder=Path(name), record=RECORD | record, rows=rows)


def test_difference_and_flips_are_those_of_the_same_questions() -> None:
    found = compare_runs(_run("old", 1, 0, -1, 1, 1, 0), _run("new", 1, 1, -1, 1, 0, 1))
    joint = found.metrics["joint score"]
    assert joint["before"] == pytest.approx(2 / 6)
    assert joint["difference"] == pytest.approx(1 / 6)
    assert joint["low"] is not None
    assert joint["high"] is not None
    assert joint["low"] <= 1 / 6 <= joint["high"]
    assert [case_id for case_id, _ in found.flips] == ["c1", "c4", "c5"]
    assert found.flips[0][1].startswith("better: ")
    assert found.flips[1][1].startswith("worse: ")
    assert "F1" not in found.metrics
    assert found.metrics["hallucination rate"]["difference"] == 0


def test_same_runs_have_no_difference() -> None:
    found = compare_runs(_run("old", 1, 0, -1), _run("new", 1, 0, -1))
    assert found.metrics["joint score"]["difference"] == 0
    assert "None flipped." in found.as_text()
    json.dumps(asdict(found), allow_nan=False)


def test_what_else_changed_is_said() -> None:
    found = compare_runs(_run("old", 1, 0), _run("new", 1, 0, 1, commit="b", settings={"x": 1}))
    assert found.notes == (
        "Other than in the first run: commit, settings.",
        "1 questions that one run lacks were left out.",
    )
    assert found.count == 2


def test_runs_of_other_cases_are_refused() -> None:
    other = replace(_run("new", 1), rows=(replace(_row(0, 1), part="test"),))
    with pytest.raises(BadRun, match="no case in common"):
        compare_runs(_run("old", 1), other)
