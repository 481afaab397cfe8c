import re
from pathlib import Path

import pytest
from test_eval_reader_examples import write_sets

from eval import reader_written
from eval.errors import BadCase
from eval.reader_examples import ASIDE, read_asked
from eval.reader_written import KINDS, NAMES, WRITTEN, read_written

BRIDGES = "Ada Finch, the mason, put up a bridge at Ostley in 1801. It stood for {years} years."


def lines(years: int) -> str:
    return f"""P The bridge at Ostley | {BRIDGES.format(years=years)}
Q Who erected it? | Ada Finch
U Who erected the one at Dunmere?
E ¿Cuánto tiempo estuvo en pie? | {years} years
V ¿Quién lo derribó?
T A mason made it.
F A mason pulled it down.
"""


def write_lines(folder: Path) -> None:
    """Two passages in each file, 38 in the second; few are only measured on."""
    names = {"first": range(20, 22), "second": range(22, 60), "third": range(60, 62)}
    names |= {"fourth": range(62, 64), "fifth": range(64, 66), "sixth": range(66, 68)}
    for name, years in names.items():
        text = "".join(lines(year) for year in years)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reader_written, "WRITTEN", tmp_path)
    write_lines(tmp_path)
    return write_sets(tmp_path / "data")


def test_each_line_is_an_example_of_its_kind_beside_its_passage(written: Path) -> None:
    trained, _ = read_written(written, "first")
    asked, unanswerable, spanish, foreign, carried, wrong = trained[:6]
    assert [example.kind for example in trained[:6]] == list(KINDS.values())
    assert {example.text for example in trained[:6]} == {BRIDGES.format(years=20)}
    assert asked.text[asked.start : asked.end] == "Ada Finch"
    assert spanish.text[spanish.start : spanish.end] == "20 years"
    assert carried.text[carried.start : carried.end].startswith("Ada Finch, the mason")
    assert {e.start for e in (unanswerable, foreign, wrong)} == {-1}


def test_every_second_question_in_spanish_is_put_into_english(written: Path) -> None:
    _, _, glossed, spanish, *_ = read_written(written, "first")[0]
    assert glossed.question.startswith("How long")
    assert spanish.question == "¿Quién lo derribó?"


def test_passages_that_are_measured_on_are_not_trained_on(written: Path) -> None:
    trained, measured = read_written(written, *NAMES)
    assert len(trained) + len(measured) == 6 * 48
    assert measured
    assert not {e.text for e in trained} & {e.text for e in measured}


def test_a_passage_that_no_set_holds_is_said(written: Path) -> None:
    (reader_written.WRITTEN / "first.txt").write_text("#0123456789\nU Who?\n", encoding="utf-8")
    with pytest.raises(BadCase, match=r"first\.txt: the passage #0123456789 is in none"):
        read_written(written, "first")


@pytest.mark.parametrize("name", NAMES)
def test_the_lines_that_are_shipped_are_whole(name: str) -> None:
    text, count = "", 0
    for line in (WRITTEN / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        text = rest.partition(" | ")[2] if kind == "P" else "" if kind.startswith("#") else text
        assert kind in {*KINDS, "P"} or re.fullmatch(r"#[0-9a-f]{10}", kind)
        answer = rest.rpartition(" | ")[2] if kind in {"Q", "E"} else ""
        assert not text or answer in text
        count += kind in KINDS
    assert count > 9_000


def test_what_was_written_on_public_sets_is_on_what_may_be_trained_on(test_data: Path) -> None:
    trained, measured = read_written(test_data / "data", *NAMES)
    assert len(trained) > 20 * len(measured) > 0
    asked = read_asked(test_data / "data" / "squad2" / "dev.json")
    aside = {text for title, text, _ in asked if title in ASIDE}
    assert not {" ".join(text.split()) for text in aside} & {e.text for e in trained}
