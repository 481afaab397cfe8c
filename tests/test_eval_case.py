import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from chatbot.answer import Turn
from corpus.document import Span
from eval.case import CASES, check_cases, load_cases
from eval.errors import BadCase
from index.generation import Generation

FILES = sorted(CASES.glob("*.jsonl"))
LINE = {"id": "a", "question": "Who?", "answerable": False}


def _write(folder: Path, *lines: object, name: str = "some.jsonl") -> Path:
    file = folder / name
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")
    return file


def _brazil(generation: Generation, **changes: object) -> dict[str, object]:
    text = generation.document("brazil/why-murders-fell.txt").text
    quote = "Brazil's murder rate went down by 13 percent from 2017 to 2018."
    start = text.index(quote)
    evidence = {
        "document_id": "brazil/why-murders-fell.txt",
        "start": start,
        "end": start + len(quote),
        "quote": quote,
    }
    return {
        "id": "b",
        "question": "How much?",
        "answerable": True,
        "evidence": [evidence | changes],
        "answers": ["13 percent"],
    }


def test_case_is_read_whole(tmp_path: Path, generation: Generation) -> None:
    line = _brazil(generation) | {"history": [{"question": "Where?"}], "tags": ["x"]}
    (case,) = load_cases([_write(tmp_path, line)])
    assert case.history == (Turn("Where?"),)
    assert case.answers == ("13 percent",)
    assert case.tags == ("x",)
    assert isinstance(case.evidence[0], Span)
    assert case.evidence[0].document_id == "brazil/why-murders-fell.txt"


@pytest.mark.parametrize(
    "bad",
    [
        "{not json",
        "[]",
        "null",
        {"id": "b", "question": "Who?"},
        LINE | {"question": ""},
        LINE | {"answerable": "maybe"},
        LINE | {"more": 1},
        LINE | {"evidence": [{"document_id": "a", "start": -1, "end": 2, "quote": "x"}]},
    ],
)
def test_bad_line_is_named_by_file_and_line(bad: object, tmp_path: Path) -> None:
    file = _write(tmp_path, LINE, bad)
    with pytest.raises(BadCase) as caught:
        load_cases([file])
    assert str(caught.value).startswith(f"{file}:2: ")
    assert "\n" not in str(caught.value)


def test_blank_lines_count(tmp_path: Path) -> None:
    file = _write(tmp_path, LINE, "", "{")
    with pytest.raises(BadCase) as caught:
        load_cases([file])
    assert str(caught.value).startswith(f"{file}:3: ")


def test_line_separator_inside_a_string_is_text(tmp_path: Path) -> None:
    line = json.dumps(LINE | {"question": "Who\u2028else?"}, ensure_ascii=False)
    assert load_cases([_write(tmp_path, line)])[0].question == "Who\u2028else?"


def test_id_used_twice_is_refused_also_across_files(tmp_path: Path) -> None:
    one, two = _write(tmp_path, LINE), _write(tmp_path, LINE, name="two.jsonl")
    with pytest.raises(BadCase, match=r"two\.jsonl:1: the id 'a' is used twice"):
        load_cases([one, two])


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match="cannot be read"):
        load_cases([tmp_path / "none.jsonl"])


def test_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(BadCase, match="cannot be read"):
        load_cases([tmp_path / "bad.jsonl"])


def test_sealed_file_must_have_its_hash(tmp_path: Path) -> None:
    file = _write(tmp_path, LINE)
    seal = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{seal}  {file.name}\n")
    assert len(load_cases([file])) == 1
    _write(tmp_path, LINE | {"question": "What?"})
    with pytest.raises(BadCase, match="changed after it was sealed"):
        load_cases([file])


def test_empty_seal_is_refused(tmp_path: Path) -> None:
    file = _write(tmp_path, LINE)
    file.with_suffix(".sha256").write_text("")
    with pytest.raises(BadCase):
        load_cases([file])


def test_right_span_holds(tmp_path: Path, generation: Generation) -> None:
    assert check_cases([_write(tmp_path, _brazil(generation))], generation.document) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": 50}, "has other words at its span"),
        ({"quote": "Brazil's murder rate went up by 13 percent."}, "has other words at its span"),
        ({"document_id": "brazil/none.txt"}, "brazil/none.txt"),
    ],
)
def test_wrong_span_is_found(
    changes: dict[str, object], said: str, tmp_path: Path, generation: Generation
) -> None:
    file = _write(tmp_path, _brazil(generation, **changes))
    problems = check_cases([file], generation.document)
    assert len(problems) == 1
    assert problems[0].startswith("some.jsonl:1 (b): ")
    assert said in problems[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answerable": False}, "an answerable case has evidence"),
        ({"evidence": [], "answers": []}, "an answerable case has evidence"),
        ({"answers": ["14 percent"]}, "none of its answers"),
    ],
)
def test_case_that_contradicts_itself_is_found(
    changes: dict[str, object], said: str, tmp_path: Path, generation: Generation
) -> None:
    file = _write(tmp_path, _brazil(generation) | changes)
    assert [said in problem for problem in check_cases([file], generation.document)] == [True]


def test_bundled_cases_hold(generation: Generation) -> None:
    assert check_cases(FILES, generation.document) == []


def test_bundled_cases_are_enough_and_of_every_kind() -> None:
    cases = load_cases(FILES)
    tagged = Counter(tag for case in cases for tag in case.tags)
    assert len(cases) >= 300
    assert 0.5 <= sum(case.answerable for case in cases) / len(cases) <= 0.7
    least = {"spanish": 40, "two-documents": 40, "follow-up": 40, "false-premise": 30}
    assert {tag: tagged[tag] >= count for tag, count in least.items()} == dict.fromkeys(least, True)
    assert sum(bool(case.distractors) for case in cases if not case.answerable) >= 90


def test_test_part_is_sealed() -> None:
    sealed, name = (CASES / "test.sha256").read_text().split()
    assert name == "test.jsonl"
    assert sealed == hashlib.sha256((CASES / name).read_bytes()).hexdigest()


def test_dev_and_test_share_no_question() -> None:
    dev, test = (load_cases([CASES / f"{part}.jsonl"]) for part in ("dev", "test"))
    assert not {case.question.lower() for case in dev} & {case.question.lower() for case in test}
