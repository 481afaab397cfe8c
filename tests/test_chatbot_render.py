import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatbot import render
from chatbot.answer import Answer
from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.render import (
    LANGUAGES,
    Exchange,
    describe_scope,
    language_of,
    render_exchange,
    words_in,
)


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
    assert shown.count('class="fn-chip"') == 2
    assert "Ask next" in shown
    assert "fn-next" not in _shown(replace(answer, follow_ups=()))


def test_abstaining_offers_what_could_be_asked_instead(answer: Answer) -> None:
    silent = replace(answer, status="not_in_documents", sentences=(), citations=())
    shown = _shown(replace(silent, follow_ups=("Who is Luna?",)))
    assert shown.index("fn-unknown") < shown.index("Questions that the documents do answer")


def test_a_source_says_when_it_was_published(answer: Answer) -> None:
    dated = replace(answer.citations[0], published_on="2023-06-09")
    shown = _shown(replace(answer, citations=(dated,), notices=("conflict",)))
    assert '<span class="fn-page">2023-06-09</span>' in shown
    assert "The documents disagree" in shown


def test_both_languages_say_the_same_things() -> None:
    english, spanish = (words_in(language) for language in LANGUAGES)
    assert _shape(english) == _shape(spanish)


def _shape(words: Any) -> Any:  # noqa: ANN401
    """Return what must be alike: names, and what is filled in."""
    if isinstance(words, dict):
        return {name: _shape(said) for name, said in words.items()}
    if isinstance(words, list):
        return [_shape(said) for said in words]
    return sorted(re.findall(r"\{\w+\}", words))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-GB", "en"),
        ("fr-FR,es;q=0.5", "en"),
        ("ES", "es"),
        ("", "en"),
        (None, "en"),
        ("*", "en"),
        ("../../etc", "en"),
    ],
)
def test_the_language_is_what_the_browser_asks_for_first(
    accepted: str | None, language: str
) -> None:
    assert language_of(accepted) == language


def test_every_word_the_page_uses_is_there(answer: Answer) -> None:
    """In the templates and in the scripts, by name."""
    folder = Path(render.__file__).parent
    used = {
        name
        for file in [*(folder / "templates").iterdir(), *(folder / "static").glob("*.js")]
        if file.name != "embed.html"  # it brings its own
        for name in re.findall(r"\b(?:t|WORDS)\.(\w+)", file.read_text("utf-8"))
    }
    assert used <= words_in("en").keys()


def test_an_answer_in_spanish(answer: Answer) -> None:
    shown = render_exchange(Exchange(question="q", stage="done", answer=answer), "es")
    assert "Citado palabra por palabra" in shown
    assert 'aria-label="Nota 1: «' in shown
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    for ago, said in (
        (timedelta(seconds=9), "ahora mismo"),
        (timedelta(minutes=1), "hace 1 minuto"),
        (timedelta(hours=5), "hace 5 horas"),
        (timedelta(days=2), "hace 2 días"),
        (timedelta(days=63), "el 2025-12-31"),
    ):
        assert describe_scope(1, now - ago, now, "es") == (
            f"Responde solo con 1 documento; índice hecho {said}."
        )
