from dataclasses import replace

import pytest

from chatbot.answer import Answer
from chatbot.ask import Reader, answer_question
from chatbot.render import Exchange, render_exchange


@pytest.fixture(scope="module")
def answer(reader: Reader) -> Answer:
    return answer_question("Who coined the term narco-peace?", reader=reader)


def _shown(answer: Answer) -> str:
    return render_exchange(Exchange(question=answer.question, stage="done", answer=answer))


def test_small_talk_gets_a_reply_and_questions_but_no_card(answer: Answer) -> None:
    talk = replace(
        answer,
        question="¡Hola!",
        status="not_in_documents",
        sentences=(),
        citations=(),
        notices=("greeting",),
        follow_ups=('What is "x<y"?',),
    )
    shown = _shown(talk)
    assert "Hola. Respondo con los documentos" in shown
    assert "You could ask" in shown
    assert 'data-ask="What is &quot;x&lt;y&quot;?"' in shown
    assert "fn-unknown" not in shown
    assert "fn-marker" not in shown


def test_follow_ups_are_buttons_that_ask(answer: Answer) -> None:
    shown = _shown(replace(answer, follow_ups=("Who is Luna?", "Who is Lara?")))
    assert shown.count('class="fn-ask"') == 2
    assert "Ask next" in shown
    assert "fn-next" not in _shown(replace(answer, follow_ups=()))


def test_abstaining_offers_what_could_be_asked_instead(answer: Answer) -> None:
    silent = replace(answer, status="not_in_documents", sentences=(), citations=())
    shown = _shown(replace(silent, follow_ups=("Who is Luna?",)))
    assert shown.index("fn-unknown") < shown.index("You could ask")


def test_a_source_says_when_it_was_published(answer: Answer) -> None:
    dated = replace(answer.citations[0], published_on="2023-06-09")
    shown = _shown(replace(answer, citations=(dated,), notices=("conflict",)))
    assert '<span class="fn-page">2023-06-09</span>' in shown
    assert "The documents disagree" in shown
