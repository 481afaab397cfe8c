from dataclasses import replace

import pytest

from chatbot.answer import Answer
from chatbot.ask import Reader, answer_question
from chatbot.terminal import ABSTAINS, NOTICES, WIDTH, show_answer, show_hits, show_table


@pytest.fixture(scope="module")
def answer(reader: Reader) -> Answer:
    return answer_question("Who coined the term narco-peace?", reader=reader)


def test_answer_shows_sentence_number_title_document_and_quote(answer: Answer) -> None:
    shown, citation = show_answer(answer), answer.citations[0]
    first, _, _ = shown.partition("\n")
    assert first.endswith("[1]")
    assert f"[1] {citation.title} ({citation.span.document_id})" in shown
    assert citation.quote in " ".join(shown.split())
    assert ABSTAINS not in shown


def test_page_is_named_where_there_is_one(answer: Answer) -> None:
    paged = replace(answer, citations=(replace(answer.citations[0], page=3),))
    assert ", page 3 (" in show_answer(paged)


def test_abstaining_shows_the_three_nearest_passages(answer: Answer) -> None:
    abstained = replace(answer, status="not_in_documents", sentences=(), citations=())
    shown = show_answer(abstained)
    assert shown.startswith(ABSTAINS + "\n")
    assert all(f" {n}. {answer.hits[n - 1].title}" in shown for n in (1, 2, 3))
    assert " 4. " not in shown


@pytest.mark.parametrize("notice", ["left_out", "model_unavailable", "interrupted"])
def test_each_notice_is_said_in_words(notice: str, answer: Answer) -> None:
    told = replace(answer, notices=(notice,))  # type: ignore[arg-type]
    assert NOTICES[notice] in " ".join(show_answer(told).split())
    assert NOTICES[notice] not in " ".join(show_answer(answer).split())


def test_no_line_is_too_wide(answer: Answer) -> None:
    body = [line for line in show_answer(answer).splitlines() if not line.startswith("[")]
    assert all(len(line) <= WIDTH for line in body)


def test_hits_show_rank_document_and_score(answer: Answer) -> None:
    shown = show_hits(answer.hits)
    for hit in answer.hits:
        assert f"{hit.rank:2}. {hit.title} ({hit.passage.span.document_id})" in shown


def test_table_aligns_left_then_right() -> None:
    assert show_table([["metric", "mean"], ["hit", "1"]]) == "metric  mean\nhit        1"
