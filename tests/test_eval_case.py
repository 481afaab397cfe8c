import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from chatbot.answer import Turn
from corpus.document import Span
from eval.case import CASES, CaseLine, load_cases
from eval.check_cases import check_cases
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


def _seal(file: Path) -> Path:
    seal = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".sha256").write_text(f"{seal}  {file.name}\n")
    return file


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
    file = _seal(_write(tmp_path, LINE))
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
        ({"tags": ["two-documents"]}, "one document has all that it needs"),
    ],
)
def test_case_that_contradicts_itself_is_found(
    changes: dict[str, object], said: str, tmp_path: Path, generation: Generation
) -> None:
    file = _write(tmp_path, _brazil(generation) | changes)
    assert [said in problem for problem in check_cases([file], generation.document)] == [True]


def test_part_without_the_one_before_is_found(tmp_path: Path, generation: Generation) -> None:
    (problem,) = check_cases([_write(tmp_path, _brazil(generation, part=2))], generation.document)
    assert problem == "some.jsonl:1 (b): its parts are not numbered 1, 2 and so on."


def test_distractor_that_is_evidence_is_found(tmp_path: Path, generation: Generation) -> None:
    line = _brazil(generation)
    file = _write(tmp_path, line | {"distractors": line["evidence"]})
    (problem,) = check_cases([file], generation.document)
    assert "a distractor is evidence as well: \"brazil's murder rate" in problem


ASKED = LINE | {"question": "Who took the famous picture of a soldier?"}


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ({"question": "And who took a soldier's famous pictures?"}, True),
        ({"question": "Who took the famous picture of a beach?"}, False),
        ({"history": [{"question": "Where?"}]}, False),
        ({"id": "a-es"}, False),
        ({"id": "c-es"}, True),
    ],
)
def test_question_asked_twice_is_found_also_across_files(
    again: dict[str, object], found: bool, tmp_path: Path, generation: Generation
) -> None:
    one = _write(tmp_path, ASKED)
    two = _write(tmp_path, "", ASKED | {"id": "b"} | again, name="two.jsonl")
    said = f"two.jsonl:2 ({again.get('id', 'b')}): asks nearly what some.jsonl:1 (a) asks."
    assert check_cases([one, two], generation.document) == [said] * found


def test_gold_of_a_sealed_file_is_in_no_open_one(tmp_path: Path, generation: Generation) -> None:
    line = _brazil(generation)
    one = _write(tmp_path, line)
    two = _write(tmp_path, line | {"id": "c", "question": "By what share?"}, name="two.jsonl")
    assert check_cases([one, two], generation.document) == []
    (problem,) = check_cases([one, _seal(two)], generation.document)
    assert problem.startswith("some.jsonl:1 (b): shares evidence with two.jsonl:1 (c), which is")


def test_schema_describes_every_field() -> None:
    schema = CaseLine.model_json_schema()
    fields = [*schema["properties"].items(), *schema["$defs"]["EvidenceLine"]["properties"].items()]
    assert {"id", "question", "history", "evidence", "distractors", "part"} <= dict(fields).keys()
    assert [name for name, field in fields if not field.get("description")] == []
    assert schema["additionalProperties"] is False


def test_bundled_cases_hold(generation: Generation) -> None:
    assert check_cases(FILES, generation.document) == []


def test_bundled_cases_are_enough_and_of_every_kind() -> None:
    cases = load_cases(FILES)
    tagged = Counter(tag for case in cases for tag in case.tags)
    traps = sum(bool(case.distractors) for case in cases if not case.answerable)
    assert len(cases) >= 340
    assert 0.5 <= sum(case.answerable for case in cases) / len(cases) <= 0.6
    assert tagged["two-documents"] / len(cases) >= 0.15
    assert traps / len(cases) >= 0.25
    assert tagged["false-premise"] / len(cases) >= 0.1
    assert tagged["paraphrase"] / sum(case.answerable for case in cases) >= 0.5
    assert sum(bool(case.history) for case in cases) >= 40
    assert tagged["spanish"] >= 60


def test_only_a_question_off_topic_has_no_distractor() -> None:
    bare = [c for c in load_cases(FILES) if not c.answerable and not c.distractors]
    assert [case.id for case in bare if "off-topic" not in case.tags] == []


def test_spanish_twins_ask_for_the_same_evidence() -> None:
    cases = {case.id: case for case in load_cases(FILES)}
    spanish = [case for case in cases.values() if "spanish" in case.tags]
    twins = [cases[case.id.removesuffix("-es")] for case in spanish]
    assert [c.evidence for c in spanish] == [twin.evidence for twin in twins]
    assert [c.distractors for c in spanish] == [twin.distractors for twin in twins]


def test_test_part_is_sealed() -> None:
    sealed, name = (CASES / "test.sha256").read_text().split()
    assert name == "test.jsonl"
    assert sealed == hashlib.sha256((CASES / name).read_bytes()).hexdigest()


def test_dev_and_test_share_no_document_but_the_themes() -> None:
    parts = [load_cases([CASES / f"{part}.jsonl"]) for part in ("dev", "test")]
    dev, test = (
        {span.document_id for case in cases for span in (*case.evidence, *case.distractors)}
        for cases in parts
    )
    assert {id_.partition("/")[0] for id_ in dev & test} == {"themes"}
