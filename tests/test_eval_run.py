import json
import threading
from math import nan
from pathlib import Path
from typing import Any

import pytest

from chatbot.answer import Usage
from corpus.document import Span
from eval.case import Case
from eval.errors import BadRun
from eval.result import Quote, Result
from eval.run import RECORD, RESULTS, TIMES, Row, begin_run, load_run, run_cases, write_json

RECORDED: dict[str, Any] = {
    "started_at": "2026-01-02T03:04:05+0000",
    "model": "quotes:",
    "is_dirty": False,
    "cases": [{"part": "dev", "count": 6}],
}


def _cases(count: int = 6) -> list[Case]:
    return [
        Case(id=f"c{n}", question=f"Question {n}?", answerable=False, evidence=())
        for n in range(count)
    ]


def _row(case: Case) -> Row:
    quote = Quote(Span("a.md", 1, 5), "ñandú", "0" * 64)
    result = Result(
        case_id=case.id, status="answered", confidence=0.25, quotes=(quote,), notices=("conflict",)
    )
    return Row(
        case_id=case.id,
        part="dev",
        about="a.md",
        answerable=True,
        results={"Footnote": result},
        scores={"Footnote": {"F1": 0.5, "hit@1": nan}},
        seconds={"total": 0.1},
        usage=Usage(prompt_tokens=3),
    )


def _begin(root: Path, record: dict[str, Any] = RECORDED) -> Path:
    """Begin a run, and be cut short at once."""
    with begin_run(root, record) as folder:
        return folder


def _text(folder: Path, file: str = RESULTS) -> str:
    return (folder / file).read_text(encoding="utf-8")


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    folder = _begin(tmp_path)
    rows = run_cases(folder, _cases(), _row, jobs=3)
    write_json(folder / RECORD, RECORDED | {"seconds": 1.0})
    loaded = load_run(folder).rows
    assert [row.case_id for row in loaded] == ["c0", "c1", "c2", "c3", "c4", "c5"]
    assert loaded[0].results == rows[0].results
    assert (loaded[0].seconds, loaded[0].usage) == (rows[0].seconds, rows[0].usage)
    assert str(loaded[0].scores) == str(rows[0].scores)  # nan == nan in words only
    assert json.loads(_text(folder).splitlines()[0])["scores"]["Footnote"]["hit@1"] is None


def test_order_is_that_of_the_cases_whoever_is_first(tmp_path: Path) -> None:
    folder, last_is_done = _begin(tmp_path), threading.Event()

    def ask(case: Case) -> Row:
        if case.id == "c0":
            assert last_is_done.wait(10)
        if case.id == "c1":
            last_is_done.set()
        return _row(case)

    assert [r.case_id for r in run_cases(folder, _cases(2), ask, jobs=2)] == ["c0", "c1"]


def test_run_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    folder, asked = _begin(tmp_path), list[str]()

    def break_off(case: Case) -> Row:
        if case.id == "c3":
            raise KeyboardInterrupt
        return _row(case)

    with pytest.raises(KeyboardInterrupt):
        run_cases(folder, _cases(), break_off, jobs=1)
    with (folder / RESULTS).open("a") as file:
        file.write('{"case_id": "c3", "resul')  # the half of a line that a kill leaves

    def ask(case: Case) -> Row:
        asked.append(case.id)
        return _row(case)

    later = RECORDED | {"started_at": "2026-01-03T00:00:00+0000"}
    assert _begin(tmp_path, later) == folder
    told = list[tuple[int, int]]()
    run_cases(folder, _cases(), ask, jobs=1, progress=lambda *at: told.append(at))
    assert asked == ["c3", "c4", "c5"]
    assert told == [(4, 6), (5, 6), (6, 6)]
    whole = _begin(tmp_path / "other")
    run_cases(whole, _cases(), _row, jobs=2)
    assert _text(whole) == _text(folder)
    assert _text(whole, TIMES) == _text(folder, TIMES)


@pytest.mark.parametrize(
    "change", [{"model": "echo:"}, {"is_dirty": True}, {"cases": [{"part": "dev", "count": 5}]}]
)
def test_another_run_gets_a_folder_of_its_own(change: dict[str, Any], tmp_path: Path) -> None:
    first = _begin(tmp_path)
    assert _begin(tmp_path, RECORDED | change) != first


def test_two_at_once_have_a_folder_each(tmp_path: Path) -> None:
    with begin_run(tmp_path, RECORDED) as one, begin_run(tmp_path, RECORDED) as two:
        assert one != two


def test_finished_run_is_not_gone_on_with(tmp_path: Path) -> None:
    first = _begin(tmp_path)
    write_json(first / RECORD, RECORDED | {"seconds": 1.0})
    second = _begin(tmp_path)
    assert second != first
    assert second.is_dir()


def test_what_is_no_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRun, match="no folder of a run"):
        load_run(tmp_path)
    folder = _begin(tmp_path)
    run_cases(folder, _cases(), _row, jobs=1)
    with pytest.raises(BadRun, match="cut short"):
        load_run(folder)
    write_json(folder / RECORD, RECORDED | {"seconds": 1.0})
    (folder / RESULTS).write_text(_text(folder).split("\n")[0])
    with pytest.raises(BadRun, match="cut short"):
        load_run(folder)
