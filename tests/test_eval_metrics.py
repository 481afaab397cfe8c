"""Every value here was worked out by hand."""

from datetime import UTC, datetime
from math import isnan

import pytest

from chatbot.answer import Answer, Citation, Sentence, Status, Usage
from corpus.document import Document, Span
from eval.case import Case
from eval.metrics import (
    WORST,
    abstention,
    citation_exactness,
    gold_span_hit,
    hit_at,
    joint,
    score_answer,
)
from index.passage import Hit, Passage

TEXT = "0123456789" * 10
GOLD = Span("a", 20, 30)
RIGHT, EDGE, ELSEWHERE = Span("a", 29, 40), Span("a", 30, 40), Span("b", 20, 30)


def _document(document_id: str) -> Document:
    return Document(
        id=document_id,
        title="T",
        text=TEXT,
        headings=(),
        pages=(),
        source=None,
        published_on=None,
        language=None,
        sha256="",
        modified_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def _case(*, answerable: bool = True) -> Case:
    return Case(
        id="c",
        question="Who?",
        history=(),
        answerable=answerable,
        evidence=(GOLD,) if answerable else (),
        answers=(),
        tags=(),
    )


def _citation(number: int, span: Span, quote: str | None = None) -> Citation:
    quote = TEXT[span.start : span.end] if quote is None else quote
    return Citation(number=number, span=span, quote=quote, title="T", page=None, source=None)


def _hit(rank: int, span: Span) -> Hit:
    passage = Passage(id=str(rank), span=span, heading_path=(), page=None, text="", token_count=1)
    return Hit(
        passage=passage,
        context=span,
        sentences=(),
        title="T",
        score=1 / rank,
        rank=rank,
        found_by=("dense",),
    )


def _answer(*citations: Citation, hits: tuple[Span, ...] = (), uncited: bool = False) -> Answer:
    numbers: tuple[tuple[int, ...], ...] = tuple((c.number,) for c in citations)
    if uncited:
        numbers = (*numbers, ())
    status: Status = "answered" if numbers else "not_in_documents"
    return Answer(
        question="Who?",
        standalone_question="Who?",
        status=status,
        sentences=tuple(
            Sentence(text="S.", citations=n, verdict="quoted", support=1.0) for n in numbers
        ),
        citations=citations,
        hits=tuple(_hit(rank, span) for rank, span in enumerate(hits, start=1)),
        confidence=0.5,
        notices=(),
        follow_ups=(),
        model="quotes:",
        usage=Usage(),
    )


GOOD = _answer(_citation(1, RIGHT))
WRONG = _answer(_citation(1, EDGE))
ABSTAINED = _answer()


@pytest.mark.parametrize(("k", "value"), [(1, 0.0), (2, 0.0), (3, 1.0), (10, 1.0)])
def test_hit_is_one_when_the_first_k_hold_the_gold(k: int, value: float) -> None:
    assert hit_at(_case(), _answer(hits=(EDGE, ELSEWHERE, RIGHT)), k=k) == value


def test_hit_does_not_apply_without_gold() -> None:
    assert isnan(hit_at(_case(answerable=False), _answer(hits=(RIGHT,)), k=1))


def test_hit_of_no_hits_is_zero() -> None:
    assert hit_at(_case(), ABSTAINED, k=10) == 0.0


def test_exactness_is_the_share_of_exact_quotes() -> None:
    answer = _answer(
        _citation(1, RIGHT), _citation(2, EDGE, "made up"), _citation(3, GOLD), _citation(4, EDGE)
    )
    assert citation_exactness(answer, _document) == 0.75


def test_exactness_of_a_quote_a_letter_off_is_zero() -> None:
    answer = _answer(_citation(1, RIGHT, TEXT[RIGHT.start : RIGHT.end - 1]))
    assert citation_exactness(answer, _document) == 0.0


def test_exactness_is_zero_with_an_uncited_sentence() -> None:
    assert citation_exactness(_answer(_citation(1, RIGHT), uncited=True), _document) == 0.0


def test_exactness_does_not_apply_to_abstaining() -> None:
    assert isnan(citation_exactness(ABSTAINED, _document))


@pytest.mark.parametrize(
    ("answer", "value"), [(GOOD, 1.0), (WRONG, 0.0), (_answer(_citation(1, ELSEWHERE)), 0.0)]
)
def test_gold_span_hit_needs_an_overlap_in_the_same_document(answer: Answer, value: float) -> None:
    assert gold_span_hit(_case(), answer) == value


def test_gold_span_hit_of_abstaining_is_zero_and_without_gold_does_not_apply() -> None:
    assert gold_span_hit(_case(), ABSTAINED) == 0.0
    assert isnan(gold_span_hit(_case(answerable=False), GOOD))


@pytest.mark.parametrize(
    ("answerable", "answer", "accuracy", "score"),
    [
        (True, GOOD, 1.0, 1.0),
        (True, WRONG, 1.0, -1.0),
        (True, ABSTAINED, 0.0, 0.0),
        (False, ABSTAINED, 1.0, 1.0),
        (False, GOOD, 0.0, -1.0),
    ],
)
def test_abstention_and_joint(
    answerable: bool, answer: Answer, accuracy: float, score: float
) -> None:
    case = _case(answerable=answerable)
    assert abstention(case, answer) == accuracy
    assert joint(case, answer) == score


def test_every_metric_is_scored_once_under_its_name() -> None:
    scores = score_answer(_case(), _answer(_citation(1, RIGHT), hits=(EDGE, RIGHT)), _document)
    assert scores == {
        "hit@1": 0.0,
        "hit@3": 1.0,
        "hit@10": 1.0,
        "citation exactness": 1.0,
        "gold-span hit": 1.0,
        "abstention accuracy": 1.0,
        "joint score": 1.0,
    }


def test_worst_value_is_the_least_a_metric_gives() -> None:
    worst = score_answer(_case(), _answer(_citation(1, EDGE, "made up"), uncited=True), _document)
    assert all(WORST[metric] <= value for metric, value in worst.items())
    assert worst == WORST | {"abstention accuracy": 1.0}
