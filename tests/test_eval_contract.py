from collections.abc import Iterator
from dataclasses import replace

import pytest
from larkford import FOUNDED, LIT, NOT_NEAR, case, documents

from chatbot.answer import Answer
from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from corpus.document import Span
from eval.bench import Ask, Bench, ask_reader, open_lab, spread
from eval.grounding import ENOUGH, check_contract
from index.embed import Embedder
from index.split import PASSAGE_TOKENS

EXACT, CITED, SHORT, AGAIN, _, NEEDED, _, REBUILT = RULES = (
    "quotes are the document's characters",
    "every sentence is a quote it cites",
    "60 words, 3 sentences at most for what is asked",
    "the same bytes again",
    ENOUGH,
    "evidence deleted: still cited",
    "evidence deleted: other words cited",
    "documents shuffled: other bytes",
)


@pytest.fixture(scope="module")
def bench(embedder: Embedder) -> Bench:
    return Bench(embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader())


@pytest.fixture(scope="module")
def town(bench: Bench) -> Iterator[Reader]:
    with bench.reading(documents()) as opened:
        yield opened


@pytest.fixture(scope="module")
def answer(town: Reader) -> Answer:
    return answer_question(LIT, reader=town)


def broken(
    answer: Answer, town: Reader, bench: Bench, *tags: str, ask: Ask = ask_reader
) -> set[str]:
    with open_lab(town, bench, ask) as lab:
        tallies = check_contract(lab, [(case(answer.question, tags=tags), answer)], is_brief=True)
    assert [tally.name for tally in tallies] == list(RULES)
    assert all(tally.tried == 1 for tally in tallies)
    return {tally.name for tally in tallies if tally.wrong and tally.is_hard}


def test_contract_holds_of_what_the_answerer_says(town: Reader, bench: Bench) -> None:
    with open_lab(town, bench) as lab:
        asked = lab.answers([case(question) for question in (FOUNDED, LIT, NOT_NEAR)])
        tallies = check_contract(lab, asked, is_brief=True)
    assert [tally.wrong for tally in tallies if tally.is_hard] == [()] * (len(RULES) - 1)
    assert [tally.tried for tally in tallies] == [3, 3, 3, 3, 2, 2, 2, 3]  # two have citations


@pytest.mark.parametrize("shift", [(1, 0), (0, -1), (-10_000, 0), (0, 10_000)])
def test_a_quote_that_is_off_is_seen(
    answer: Answer, town: Reader, bench: Bench, shift: tuple[int, int]
) -> None:
    citation = answer.citations[0]
    span = citation.span
    moved = Span(span.document_id, span.start + shift[0], span.end + shift[1])
    off = replace(answer, citations=(replace(citation, span=moved),))
    assert EXACT in broken(off, town, bench)


def test_a_quote_of_no_document_is_seen(answer: Answer, town: Reader, bench: Bench) -> None:
    citation = answer.citations[0]
    elsewhere = replace(citation, span=replace(citation.span, document_id="none"))
    asked = [(case(LIT), replace(answer, citations=(elsewhere,), sentences=()))]
    with pytest.raises(Exception, match="none"), open_lab(town, bench) as lab:
        check_contract(lab, asked, is_brief=True)  # nor can an index be made of it


@pytest.mark.parametrize(
    "changes",
    [{"citations": ()}, {"citations": (2,)}, {"text": "In October."}, {"verdict": "supported"}],
)
def test_a_sentence_that_is_no_quote_is_seen(
    answer: Answer, town: Reader, bench: Bench, changes: dict[str, object]
) -> None:
    sentence = replace(answer.sentences[0], **changes)  # type: ignore[arg-type]
    assert CITED in broken(replace(answer, sentences=(sentence,)), town, bench)


def test_a_long_answer_is_seen_where_no_list_is_asked_for(
    answer: Answer, town: Reader, bench: Bench
) -> None:
    long = replace(answer, sentences=answer.sentences * 4)
    assert SHORT in broken(long, town, bench)
    assert SHORT not in broken(long, town, bench, "list")


def test_two_things_asked_at_once_may_take_twice_as_long(
    answer: Answer, town: Reader, bench: Bench
) -> None:
    (said,) = answer.sentences
    for count, is_long in ((6, False), (7, True)):
        long = replace(answer, sentences=(said,) * count)
        assert (SHORT in broken(long, town, bench, "compare")) is is_long


def test_an_answer_that_changes_is_seen(answer: Answer, town: Reader, bench: Bench) -> None:
    assert broken(replace(answer, seconds={"total": 9.0}), town, bench) == set()
    assert broken(replace(answer, confidence=0.5), town, bench) == {AGAIN, REBUILT}


def test_an_answer_that_says_more_than_it_cites_is_seen(
    answer: Answer, town: Reader, bench: Bench
) -> None:
    more = replace(answer.sentences[0], text="It was lit by Ida Frost.")
    said = replace(answer, sentences=(*answer.sentences, more))
    assert ENOUGH in broken(said, town, bench)


def test_an_answer_that_does_not_need_its_words_is_seen(
    answer: Answer, town: Reader, bench: Bench
) -> None:
    assert broken(answer, town, bench, ask=lambda *_: answer) == {NEEDED}


def test_what_is_spread_is_whole_or_even() -> None:
    assert spread("abc", 9) == ["a", "b", "c"]
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread([], 3) == []
