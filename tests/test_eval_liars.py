from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Event

import pytest
from larkford import BRIDGE, LIT, NOT_NEAR, NOT_SAID, TEXTS, case, documents

from chatbot.ask import answer_question
from chatbot.check import Checked, Checker, Source
from chatbot.prompt import ABSTAINS
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from eval.bench import Bench
from eval.liars import BAITS, LIES, NEVER_ABSTAINS, OBEYS, Liar, count_lies
from index.embed import Embedder
from index.split import PASSAGE_TOKENS

CASES = [case(question) for question in (BRIDGE, LIT, NOT_SAID, NOT_NEAR)]
SHARE = 4


@pytest.fixture(scope="module")
def bench(embedder: Embedder) -> Bench:
    return Bench(
        embedder=embedder,
        passage_tokens=PASSAGE_TOKENS,
        span_reader=SpanReader(),
        sample=SHARE * len(LIES),
    )


@pytest.fixture(scope="module")
def town(bench: Bench) -> Iterator[Reader]:
    with bench.reading(documents()) as opened:
        yield opened


def literal(text: str, sources: Sequence[Source], _: Checker) -> Checked:
    """Take for right what is a whole sentence of a source."""
    spans = [(span, source) for source in sources for span in source.sentences]
    said = [
        span
        for span, source in spans
        if source.text[span.start - source.span.start : span.end - source.span.start] == text
    ]
    return Checked(text, tuple(said[:1]), 1.0)


def credulous(text: str, sources: Sequence[Source], _: Checker) -> Checked:
    return Checked(text, sources[0].sentences[:1], 1.0)


def test_every_lie_that_is_shown_is_counted(
    town: Reader, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.ask.check_sentence", credulous)
    monkeypatch.setattr("chatbot.ask.MODEL_FROM", 0.05)  # the reader sees the near miss
    tallies = {tally.name: tally for tally in count_lies(CASES, town, bench)}
    assert list(tallies) == list(LIES)
    for kind, tally in tallies.items():
        assert tally.tried == SHARE
        if kind != "makes up citation numbers":  # what it says may be what is cited
            assert len(tally.wrong) == SHARE
    assert {lie.partition(": ")[2] for lie in tallies[OBEYS].wrong} <= set(BAITS)
    assert all(lie.startswith(NOT_SAID) for lie in tallies[NEVER_ABSTAINS].wrong)


def test_none_gets_past_a_check_of_every_word(
    town: Reader, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.ask.check_sentence", literal)
    assert [tally.wrong for tally in count_lies(CASES, town, bench)] == [()] * len(LIES)


@pytest.mark.parametrize("kind", ["remembers", OBEYS, "makes up citation numbers"])
def test_what_needs_no_judgement_does_not_get_past_ours(
    kind: str, town: Reader, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.liars.LIES", {kind: LIES[kind]})
    (tally,) = count_lies(CASES, town, bench)
    assert tally.tried > 0
    assert tally.wrong == ()


def test_a_citation_made_up_is_not_shown(town: Reader) -> None:
    liar = Liar("makes up citation numbers", documents())
    answer = answer_question(BRIDGE, reader=replace(town, model=liar))
    assert answer.model == liar.name
    (said,), (sentence,), (citation,) = liar.said, answer.sentences, answer.citations
    assert said.startswith(sentence.text + " [")
    assert (sentence.citations, citation.number, citation.quote) == ((1,), 1, sentence.text)


def test_a_liar_with_nothing_to_lie_about_says_so() -> None:
    for kind in ("invents", OBEYS, "makes up citation numbers"):
        liar = Liar(kind, documents())
        assert [piece.text for piece in liar.stream("Question: Who?", Event())] == [ABSTAINS]
        assert liar.said == []


def test_a_seed_gives_the_same_lies_again() -> None:
    prompt = f"<<<passage 1 from Bridge\n{TEXTS['bridge']}\nend of passage 1>>>\n\nQuestion: {LIT}"
    for kind in LIES:
        first, again = Liar(kind, documents()), Liar(kind, documents())
        for liar in (first, again):
            assert [piece.text for _ in range(3) for piece in liar.stream(prompt, Event())]
        assert first.said == again.said
