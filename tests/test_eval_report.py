import json
import tomllib
from pathlib import Path

import pytest

from chatbot.ask import Reader
from eval.case import CASES, Case, load_cases
from eval.errors import BadCase
from eval.metrics import WORST
from eval.report import GATES, Report, run_suite


def _case(id_: str, question: str) -> Case:
    return Case(id=id_, question=question, answerable=False, evidence=())


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("gates") / "gates.toml"
    file.write_text('"quote exactness" = 1.0\n"joint score" = 1.0\n')
    return file


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def report(reader: Reader, gates: Path, told: list[tuple[int, int]]) -> Report:
    """A right answer, a right refusal, and a question that should have been declined."""
    right = next(c for c in load_cases([CASES / "dev.jsonl"]) if c.id == "es-001")
    cases = [
        right,
        _case("no-1", "How tall is Mount Everest?"),
        _case("no-2", "Who coined the term narco-peace?"),
    ]
    return run_suite(
        cases,
        reader=reader,
        gates_file=gates,
        progress=lambda done, total: told.append((done, total)),
    )


def test_rows_stand_in_the_order_of_the_cases(report: Report, told: list[tuple[int, int]]) -> None:
    assert [row.case.id for row in report.rows] == ["es-001", "no-1", "no-2"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert report.model == "quotes:"


def test_metrics_are_summed_up(report: Report) -> None:
    found = {summary.metric: (summary.count, summary.mean) for summary in report.summaries}
    assert set(found) == set(WORST)
    assert found["hit@10"] == (1, 1.0)
    assert found["quote exactness"] == (2, 1.0)
    assert found["abstention accuracy"] == (3, 2 / 3)
    assert found["joint score"] == (3, 1 / 3)


def test_only_the_gate_that_is_missed_fails(report: Report) -> None:
    assert [gate.split(" is ")[0] for gate in report.failed_gates] == ["joint score"]


def test_text_names_the_case_that_went_wrong_and_the_gate(report: Report) -> None:
    text = report.as_text()
    assert "3 cases, answered by quotes:" in text
    assert "1 cases not right" in text
    assert "no-2  answered, though the documents don't say" in text
    assert "no-1" not in text
    assert "BELOW GATE: joint score is 0.333" in text


def test_json_has_a_row_a_case_and_no_nan(report: Report) -> None:
    found = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert set(found) == {"model", "cases", "metrics", "failed_gates", "rows"}
    assert found["cases"] == 3
    assert found["rows"][1]["scores"]["hit@1"] is None
    assert found["rows"][0]["answer"]["status"] == "answered"


def test_json_of_a_metric_without_values_has_no_nan(reader: Reader, gates: Path) -> None:
    report = run_suite(
        [_case("no-1", "How tall is Mount Everest?")], reader=reader, gates_file=gates
    )
    json.dumps(report.as_json(), allow_nan=False)


@pytest.mark.parametrize("text", ["hit = ", "hit = 'x'", "[hit]\nx = 1"])
def test_gates_that_cannot_be_read_are_refused(text: str, reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "gates.toml"
    file.write_text(text)
    with pytest.raises(BadCase, match="cannot be read"):
        run_suite([], reader=reader, gates_file=file)


def test_missing_gates_are_refused(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(BadCase, match="cannot be read"):
        run_suite([], reader=reader, gates_file=tmp_path / "none.toml")


def test_every_bundled_gate_is_a_metric_and_exactness_is_a_promise() -> None:
    gates = tomllib.loads(GATES.read_text())
    assert set(gates) <= set(WORST)
    assert gates["quote exactness"] == 1.0
