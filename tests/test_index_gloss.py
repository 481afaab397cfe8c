"""Spanish questions on English documents."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT

from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from index.embed import BUNDLED, Embedder
from index.generation import Generation, open_current
from index.gloss import gloss, in_english
from index.split import PASSAGE_TOKENS

ENTRIES = [
    entry
    for line in (ROOT / "index" / "spanish.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for entry in line.split()
]


@pytest.fixture(scope="module")
def generation(bundled_index: Path) -> Iterator[Generation]:
    made = {"embedding_model": BUNDLED, "passage_tokens": PASSAGE_TOKENS}
    with closing(open_current(index=bundled_index, **made)) as opened:  # type: ignore[arg-type]
        yield opened


def test_each_form_stands_in_the_list_once_with_its_english() -> None:
    forms = [entry.partition("=")[0] for entry in ENTRIES]
    assert len(forms) == len(set(forms)) > 2000
    assert all(entry.count("=") == 1 and form for entry, form in zip(ENTRIES, forms, strict=True))


@pytest.mark.parametrize(
    ("spanish", "english"),
    [
        ("¿Por qué murió el presidente?", "Why died the president?"),
        ("¿Cuántos homicidios hubo en 2015?", "How many homicides was in 2015?"),
        ("¿Quién dirige El Faro?", "Who leads El Faro?"),
        (
            "¿Quién dirige el Gobierno de Estados Unidos?",
            "Who leads the government of United States?",
        ),
        ("¿Qué dijo Luna de las negociaciones?", "What said Luna of the negotiation?"),
        ("¿Cuándo llegaron los investigadores?", "When arrive the researcher?"),
        ("cuantos homicidios hubo en enero", "How many homicides was in January"),
        ("por que nego las negociaciones el gobierno", "Why denied the negotiation the government"),
        ("¿Dónde está la zurriburri?", "Where is the zurriburri?"),
    ],
)
def test_a_spanish_question_is_put_into_english(
    generation: Generation, spanish: str, english: str
) -> None:
    assert in_english(spanish, generation) == english
    assert in_english(english, generation) == english


def test_an_article_with_a_capital_is_of_a_name_wherever_it_is_asked() -> None:
    assert gloss("¿Dónde está El Faro?", lambda _: False) == "Where is El Faro?"
    assert gloss("Por favor, ¿Qué es eso?", lambda _: False) == "By favor, what is that?"
    assert gloss("¿QUIÉN DIRIGE LA UNIDAD?", lambda _: False) == "Who leads the unit?"


@pytest.mark.parametrize("question", ["Who leads El Faro?", "Bukele", "", "Wer führt El Faro?"])
def test_any_other_question_stays(generation: Generation, question: str) -> None:
    assert in_english(question, generation) == question


@pytest.mark.parametrize("languages", [["es"], ["en", "es"], ["de"], [None], []])
def test_where_documents_are_spanish_or_not_english_the_question_stays(
    generation: Generation, monkeypatch: pytest.MonkeyPatch, languages: list[str | None]
) -> None:
    monkeypatch.setattr(Generation, "languages", property(lambda _: languages))
    assert in_english("¿Quién dirige El Faro?", generation) == "¿Quién dirige El Faro?"


def test_a_spanish_question_is_answered_from_english_documents(
    generation: Generation, embedder: Embedder
) -> None:
    reader = Reader(generation=generation, embedder=embedder, span_reader=SpanReader())
    asked = "¿Cuántos homicidios hubo en El Salvador en enero de 2012?"
    answer = answer_question(asked, reader=reader)
    assert answer.question == answer.standalone_question == asked
    assert any("411" in sentence.text for sentence in answer.sentences)
