import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.check import (
    LEAST_SHARED,
    Checked,
    Checker,
    Source,
    check_sentence,
    read_sources,
    split_stream,
    whole_characters,
    without_thoughts,
)
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from corpus.document import Span
from index.embed import Embedder
from index.search import search
from index.sentences import split_sentences

COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
TYPICAL = "Killings went from a typical 14 a day to five a day after the prison transfers."
DENIED = "President Bukele has denied any talks with the gangs."
MOVED = "Thirty gang leaders were moved to prisons with family visits."
TRUTHS = (COUNTED, TYPICAL, DENIED, MOVED)
Check = Callable[..., Checked]

# Words and marks that make sentences end, or seem to.
PARTS = ("The dog", "barks", "3.5", "Dr", "U.S", "no", ".", "!", "?", "...", " ", "\n", "\n\n", '"')
PROSE = st.lists(st.sampled_from([*PARTS, "é", "。", "e.g.", "5"]), max_size=25).map("".join)


@pytest.fixture(scope="module")
def checker(embedder: Embedder) -> Checker:
    return Checker(SpanReader(), embedder)


@pytest.fixture(scope="module")
def check(checker: Checker) -> Check:
    """Check a text against sentences, each a passage of its own."""

    def checked(text: str, *carriers: str) -> Checked:
        sources = [_source(f"{i}.txt", carrier) for i, carrier in enumerate(carriers or TRUTHS)]
        return check_sentence(text, sources, checker)

    return checked


def _source(document: str, *sentences: str, above: str = "") -> Source:
    text, spans = " ".join(sentences), list[Span]()
    for sentence in sentences:
        start = text.index(sentence)
        spans.append(Span(document, start, start + len(sentence)))
    return Source(Span(document, 0, len(text)), text, tuple(spans), above)


def _pieces(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


@given(PROSE, st.lists(st.integers(0, 200), max_size=12))
def test_sentences_are_the_same_whatever_the_pieces(text: str, cuts: list[int]) -> None:
    whole = [text[s.start : s.end] for s in split_sentences(text)]
    assert list(split_stream(_pieces(text, cuts))) == whole
    assert list(split_stream(list(text))) == whole


def test_a_piece_that_ends_in_a_bracket_ends_no_sentence() -> None:
    text = "It cost approx. (five) dollars."
    assert list(split_stream(["It cost approx. (", "five) dollars."])) == [text]


@given(PROSE, st.lists(st.integers(0, 200), max_size=12))
def test_no_character_is_lost(text: str, cuts: list[int]) -> None:
    joined = "".join(split_stream(_pieces(text, cuts)))
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)


def test_sentence_comes_before_the_next_one_is_finished() -> None:
    taken: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("One dog ", "barked. ", "Two cats", " ran."):
            taken.append(piece)
            yield piece

    assert next(split_stream(pieces())) == "One dog barked."
    assert taken == ["One dog ", "barked. ", "Two cats"]


def test_decimal_point_at_the_end_of_a_piece_is_no_end() -> None:
    assert list(split_stream(["It fell by 3.", "5 percent. ", "Good."])) == [
        "It fell by 3.5 percent.",
        "Good.",
    ]


def test_empty_stream_has_no_sentence() -> None:
    assert list(split_stream([])) == list(split_stream(["", " ", "\n"])) == []


def test_exact_sentence_is_supported_by_itself(check: Check) -> None:
    checked = check(COUNTED)
    assert checked.spans == (Span("0.txt", 0, len(COUNTED)),)
    assert checked.support == 1.0


PARAPHRASES = {
    "In January 2012 the country counted 411 homicides.": 0,
    "The country counted 411 murders in January 2012.": 0,
    "After the prison transfers killings went from 14 a day to five a day.": 1,
    "Any talks with the gangs have been denied by President Bukele.": 2,
    "30 gang leaders were transferred to prisons with family visits.": 3,
    "According to the document, President Bukele has denied any talks with the gangs.": 2,
}


@pytest.mark.parametrize(("text", "carrier"), PARAPHRASES.items())
def test_paraphrase_is_supported_by_its_sentence(text: str, carrier: int, check: Check) -> None:
    checked = check(text)
    assert [span.document_id for span in checked.spans] == [f"{carrier}.txt"]
    assert checked.support >= LEAST_SHARED


@pytest.mark.parametrize(
    ("text", "is_carried"),
    [
        (
            'According to the document, "President Bukele has denied any talks with the gangs."',
            True,
        ),
        ("President Bukele has denied “any talks with the gangs”.", True),
        (
            'According to the document, "President Bukele has denied all talks with the gangs."',
            False,
        ),
        ('President Bukele has denied any "secret talks with" the gangs.', False),
    ],
)
def test_words_between_quotation_marks_are_the_documents_to_the_letter(
    text: str, is_carried: bool, check: Check
) -> None:
    assert bool(check(text).spans) is is_carried


@pytest.mark.parametrize(
    "text",
    [
        "Has President Bukele denied any talks with the gangs?",
        "And how many gang leaders were moved to prisons: thirty.",
        "What has President Bukele denied: any talks with the gangs.",
        "Has denied exactly? (President Bukele, any talks with the gangs).",
        "Any talks with the gangs did President Bukele deny.",
        "¿Quién ha negado any talks with the gangs: President Bukele.",
    ],
)
def test_a_question_states_nothing(text: str, check: Check) -> None:
    assert check(text).spans == ()


def test_each_clause_may_have_its_own_sentence(check: Check) -> None:
    text = "President Bukele has denied any talks with the gangs, and " + MOVED.replace("T", "t", 1)
    assert [span.document_id for span in check(text).spans] == ["2.txt", "3.txt"]


def test_a_clause_that_nothing_carries_takes_the_other_with_it(check: Check) -> None:
    text = f"{DENIED[:-1]}, and the moon is made of cheese."
    assert not check(text).spans


def test_a_name_for_a_pronoun_comes_with_the_sentence_before(checker: Checker) -> None:
    source = _source("a.txt", "Otto Perez went to Davos.", "He spoke there of talks with gangs.")
    checked = check_sentence("Otto Perez spoke of talks with gangs.", [source], checker)
    assert checked.spans == source.sentences


@pytest.mark.parametrize(
    "wrong",
    [
        COUNTED.replace("411", "412"),
        COUNTED.replace("2012", "2013"),
        COUNTED.replace("January", "March"),
        COUNTED.replace("The country", "The country, Honduras,"),
        COUNTED.replace("had counted", "had not counted"),
        COUNTED.replace("had counted", "hadn't counted"),
        COUNTED.replace("had counted", "never counted"),
        COUNTED.replace("411", "x").replace("402", "411").replace("x", "402"),
        DENIED.replace("has denied", "has held"),
        DENIED.replace("Bukele", "Funes"),
        TYPICAL.replace("14", "40"),
        TYPICAL.replace("five", "six"),
        "The moon is made of cheese.",
        "",
        "[1]",
        "and the of",
    ],
)
def test_changed_copy_is_not_supported(wrong: str, check: Check) -> None:
    checked = check(wrong)
    assert checked.spans == ()
    assert checked.support == 0.0


@pytest.mark.parametrize("marker", [" [7]", "[1, 2]", " [1-3]", "【4†source】", "^2", " [1][2]"])
def test_made_up_markers_are_removed(marker: str, check: Check) -> None:
    checked = check(COUNTED[:-1] + marker + ".")
    assert checked.text == COUNTED
    assert [span.document_id for span in checked.spans] == ["0.txt"]


@pytest.mark.parametrize("bullet", ["- ", "* ", "• "])
def test_bullets_are_removed(bullet: str, check: Check) -> None:
    assert check(bullet + COUNTED).text == COUNTED


def test_no_sources_support_nothing(checker: Checker) -> None:
    assert not check_sentence(COUNTED, [], checker).spans


def test_marker_after_the_full_stop_ends_the_sentence() -> None:
    assert len(list(split_stream(["One dog barked.[1] Two cats ran.[2]"]))) == 2


DROPPED = "Brazil's murder rate went down by 13 percent from 2017 to 2018."
RECORD = "The homicide rate reached a record 103 per 100,000 in 2015, with about 6,650 homicides."
ARRESTED = "His administration arrested the mediator Raúl Mijango, himself a former guerrilla."


@pytest.mark.parametrize(
    "wrong",
    [
        DROPPED.replace("down", "up"),
        DROPPED.replace("13", "-13"),
        DROPPED.replace("13 percent from 2017", "2017 percent from 13"),
        f"It is false that {DROPPED}",
        DROPPED.replace("went", "failed to go"),
        DROPPED.replace("2018.", "2018, so visit evil.test."),
        RECORD.replace("103 per 100,000", "100,000 per 103"),
        RECORD.replace("about", "under"),
        ARRESTED.replace("guerrilla", "priest"),
        ARRESTED.replace("arrested", "murdered"),
        ARRESTED.replace("Raúl Mijango", "Osiris Luna"),
    ],
)
def test_small_lies_are_not_supported(wrong: str, check: Check) -> None:
    truths = (DROPPED, RECORD, ARRESTED)
    assert not check(wrong, *truths).spans
    for i, truth in enumerate(truths):
        assert [span.document_id for span in check(truth, *truths).spans] == [f"{i}.txt"]


def test_sources_are_the_whole_passages_of_hits(reader: Reader) -> None:
    question = "Who coined the term narco-peace?"
    hits = search(question, generation=reader.generation, embedder=reader.embedder)
    for hit, source in zip(hits, read_sources(hits, reader.generation), strict=True):
        document = reader.generation.document(source.span.document_id)
        assert source.text == document.text[source.span.start : source.span.end]
        assert hit.passage.text in source.text
        assert document.title in source.above


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["One ", "two."], "One two."),
        (["<think>", "Hm. One?", "</think>", "\nOne."], "\nOne."),
        (["<th", "ink>Hm.</thi", "nk>One", " two."], "One two."),
        (["<think>Hm.</think>One."], "One."),
        (["<", "b>One"], "<b>One"),
        (["<think>Hm. It never"], ""),
        ([" ", "<thin"], "<thin"),
        ([], ""),
    ],
)
def test_what_a_model_thinks_aloud_is_not_its_answer(pieces: list[str], said: str) -> None:
    assert "".join(without_thoughts(pieces)) == said


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["a\ud83d b"], "a\ufffd b"),
        (["a\ude00"], "a\ufffd"),
        (["a", "\ud83d"], "a\ufffd"),
        ([""], ""),
    ],
)
def test_halves_of_characters_are_joined_or_replaced(pieces: list[str], said: str) -> None:
    assert whole_characters("".join(pieces)) == said


def test_a_quotation_mark_before_a_new_line_opens_what_follows() -> None:
    pieces = ["It fell at 5 p.m. “", "\n", "He said so.”"]
    assert list(split_stream(pieces)) == ["It fell at 5 p.m.", "“\nHe said so.”"]


@pytest.mark.parametrize("endless", ["\n", " ", "【", "["])
def test_a_reply_of_nothing_without_end_takes_no_time_without_end(endless: str) -> None:
    assert len(list(split_stream(["A dog barked. ", *[endless] * 6_000]))) >= 1


@pytest.mark.parametrize(
    "text",
    [
        f"1. {COUNTED}",
        f"- {COUNTED}",
        f"**{COUNTED}**",
        f"```\n{COUNTED}\n```",
        f"{COUNTED} [1, 2]",
    ],
)
def test_marks_of_markdown_are_not_the_claim(text: str, check: Check) -> None:
    checked = check(text)
    assert checked.text == COUNTED
    assert checked.spans
