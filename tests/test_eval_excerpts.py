from dataclasses import replace

import pytest

from chatbot.reading import Reader
from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from eval.bench import documents_of, with_text
from eval.case import Case
from eval.report import AROUND, make_excerpts
from eval.result import Quote, Result

TEXT = "a" * 500 + "GOLDEN" + "b" * 20 + "CITED" + "c" * 500


@pytest.fixture
def document(reader: Reader) -> Document:
    return replace(with_text(documents_of(reader)[0], TEXT), id="d", headings=(), pages=())


def _excerpts(document: Document, gold: Span, cited: Span) -> list[dict[str, object]]:
    def read(document_id: str) -> Document:
        if document_id != "d":
            raise UnknownDocument(document_id)
        return document

    case = Case(id="c", question="?", answerable=True, evidence=(gold,))
    result = Result(case_id="c", status="answered", quotes=(Quote(cited, "", ""),))
    return make_excerpts(case, result, read)


def test_both_spans_are_told_apart(document: Document) -> None:
    (found,) = _excerpts(document, Span("d", 500, 506), Span("d", 526, 531))
    assert found["parts"] == [
        {"text": " … " + "a" * AROUND, "marks": []},
        {"text": "GOLDEN", "marks": ["gold"]},
        {"text": "b" * 20, "marks": []},
        {"text": "CITED", "marks": ["cited"]},
        {"text": "c" * AROUND + " … ", "marks": []},
    ]


def test_words_that_are_both_are_marked_so(document: Document) -> None:
    (found,) = _excerpts(document, Span("d", 500, 506), Span("d", 503, 531))
    marked = [part for part in found["parts"] if part["marks"]]  # type: ignore[attr-defined]
    assert marked == [
        {"text": "GOL", "marks": ["gold"]},
        {"text": "DEN", "marks": ["cited", "gold"]},
        {"text": "b" * 20 + "CITED", "marks": ["cited"]},
    ]


def test_document_that_is_not_there_is_left_out(document: Document) -> None:
    (found,) = _excerpts(document, Span("d", 500, 506), Span("elsewhere", 0, 5))
    assert found["document_id"] == "d"
