import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.reading import Reader
from corpus.document import Document, Span
from eval.bench import documents_of, with_text
from eval.errors import BadCase
from eval.parts import load_squad

CONTEXT = "Ann ran the mill.  It stood by the ﬁeld of Bo. Bo paid 30 pounds."
TEXT = "A heading\n\nAnn ran the mill.\nIt stood by the field of Bo. Bo paid 30\npounds.\n\nMore."


@pytest.fixture
def document(reader: Reader) -> Document:
    return replace(with_text(documents_of(reader)[0], TEXT), id="mill.txt", headings=(), pages=())


def _file(folder: Path, qas: list[dict[str, Any]], context: str = CONTEXT) -> Path:
    file = folder / "set.json"
    file.write_text(json.dumps({"data": [{"paragraphs": [{"context": context, "qas": qas}]}]}))
    return file


def _said(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text, "answer_start": CONTEXT.index(text)} for text in texts]


def test_gold_is_where_the_document_has_it(tmp_path: Path, document: Document) -> None:
    qas = [
        {"id": "1", "question": "Who paid?", "answers": _said("Bo paid", "30 pounds")},
        {"id": "2", "question": "Where?", "answers": _said("the ﬁeld of Bo")},
    ]
    one, two = load_squad(_file(tmp_path, qas), [document])
    assert [TEXT[s.start : s.end] for s in one.evidence] == ["Bo paid", "30\npounds"]
    assert [TEXT[s.start : s.end] for s in two.evidence] == ["the field of Bo"]
    assert one.answers == ("Bo paid", "30 pounds")
    assert one.answerable
    assert one.evidence[0] == Span("mill.txt", TEXT.index("Bo paid"), TEXT.index(" 30"))
    assert one.evidence_by_part() == [list(one.evidence)]


def test_plausible_answers_are_distractors(tmp_path: Path, document: Document) -> None:
    qa = {"id": "3", "question": "Who sold?", "answers": [], "is_impossible": True}
    (case,) = load_squad(_file(tmp_path, [qa | {"plausible_answers": _said("Ann")}]), [document])
    assert not case.answerable
    assert not case.evidence
    assert not case.answers
    assert case.distractors == (Span("mill.txt", 11, 14),)


def test_answers_without_their_place_are_gold_wherever_they_stand(
    tmp_path: Path, document: Document
) -> None:
    qas: list[dict[str, Any]] = [
        {"id": "1", "question": "Who?", "answers": ["Bo"]},
        {"id": 2, "question": "?", "answers": []},
    ]
    one, two = load_squad(_file(tmp_path, qas), [document])
    assert [TEXT[s.start : s.end] for s in one.evidence] == ["Bo", "Bo"]
    assert (two.id, two.answerable) == ("2", False)


def test_paragraphs_that_are_not_indexed_are_refused(tmp_path: Path, document: Document) -> None:
    file = _file(tmp_path, [{"id": "1", "question": "?", "answers": []}], "Another text.")
    with pytest.raises(BadCase, match="footnote index"):
        load_squad(file, [document])


@pytest.mark.parametrize("text", ["", "[]", '{"data": 3}', '{"data": [{"paragraphs": [{}]}]}'])
def test_other_files_are_refused(text: str, tmp_path: Path, document: Document) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    with pytest.raises(BadCase, match="SQuAD"):
        load_squad(file, [document])
