from dataclasses import replace

import pytest

from chatbot.answer import Answer, Notice
from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.terminal import ABSTAINS, NOTICES, WIDTH, show_answer, show_hits, show_table


@pytest.fixture(scope="module")
def answer(reader: Reader) -> Answer:
    return answer_question("Who coined the term narco-peace?", reader=reader)


def test_answer_shows_sentence_number_title_document_and_quote(answer: Answer) -> None:
    shown, citation = show_answer(answer), answer.citations[0]
    first, _, _ = shown.partition("\n")
    assert first.endswith("[1]")
    where = f"{citation.title}, {citation.published_on} ({citation.span.document_id})"
    assert f"[1] {where}" in shown
    assert citation.quote in " ".join(shown.split())
    assert ABSTAINS not in shown


def test_page_is_named_where_there_is_one(answer: Answer) -> None:
    paged = replace(answer, citations=(replace(answer.citations[0], page=3),))
    assert ", page 3, " in show_answer(paged)


def test_abstaining_shows_the_three_nearest_passages(answer: Answer) -> None:
    abstained = replace(answer, status="not_in_documents", sentences=(), citations=())
    shown = show_answer(abstained)
    assert shown.startswith(ABSTAINS + "\n")
    assert all(f" {n}. {answer.hits[n - 1].title}" in shown for n in (1, 2, 3))
    assert " 4. " not in shown


@pytest.mark.parametrize("notice", ["left_out", "model_unavailable", "interrupted"])
def test_each_notice_is_said_in_words(notice: Notice, answer: Answer) -> None:
    told = replace(answer, notices=(notice,))
    assert NOTICES[notice] in " ".join(show_answer(told).split())
    assert NOTICES[notice] not in " ".join(show_answer(answer).split())


@pytest.mark.parametrize(
    ("said", "reply"), [("Hello!", "Hello. I answer"), ("¿Qué puedes responder?", "Respondo con")]
)
def test_small_talk_gets_a_reply_and_questions_but_no_card(
    said: str, reply: str, answer: Answer
) -> None:
    talk = replace(
        answer,
        question=said,
        status="not_in_documents",
        sentences=(),
        citations=(),
        notices=("greeting",),
        follow_ups=("Who is Carlos Marroquín?",),
    )
    shown = show_answer(talk)
    assert shown.startswith(reply)
    assert shown.endswith("You could ask:\n  Who is Carlos Marroquín?")
    assert ABSTAINS not in shown
    assert answer.hits[0].title not in shown


def test_questions_that_could_come_next_stand_last(answer: Answer) -> None:
    plain = replace(answer, follow_ups=())
    asked = replace(answer, follow_ups=("Who is Luna?", "Who is Lara?"))
    assert "You could ask" not in show_answer(plain)
    assert show_answer(asked) == (
        show_answer(plain) + "\n\nYou could ask:\n  Who is Luna?\n  Who is Lara?"
    )


def test_no_line_is_too_wide(answer: Answer) -> None:
    body = [line for line in show_answer(answer).splitlines() if not line.startswith("[")]
    assert all(len(line) <= WIDTH for line in body)


def test_hits_show_rank_document_and_score(answer: Answer) -> None:
    shown = show_hits(answer.hits)
    for hit in answer.hits:
        assert f"{hit.rank:2}. {hit.title} ({hit.passage.span.document_id})" in shown


def test_table_aligns_left_then_right() -> None:
    assert show_table([["metric", "mean"], ["hit", "1"]]) == "metric  mean\nhit        1"
