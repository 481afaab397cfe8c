import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.ask import Reader
from chatbot.check import SUPPORT_NEEDED, check_sentence, split_stream
from chatbot.evidence import Candidate, find_candidates, frozen_weights
from chatbot.question import read_question
from corpus.document import Span
from index.search import search
from index.sentences import split_sentences

COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
TYPICAL = "Killings went from a typical 14 a day to five a day after the prison transfers."
DENIED = "President Bukele has denied any talks with the gangs."
MOVED = "Thirty gang leaders were moved to prisons with family visits."

# Words and marks that make sentences end, or seem to.
PARTS = ("The dog", "barks", "3.5", "Dr", "U.S", "no", ".", "!", "?", "...", " ", "\n", "\n\n", '"')
PROSE = st.lists(st.sampled_from([*PARTS, "é", "。", "e.g.", "5"]), max_size=25).map("".join)


@pytest.fixture(scope="module")
def some(reader: Reader) -> Candidate:
    question = "Who coined the term narco-peace?"
    hits = search(question, generation=reader.generation, embedder=reader.embedder)
    return find_candidates(
        read_question(question),
        hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=frozen_weights(),
    )[0]


@pytest.fixture(scope="module")
def candidates(some: Candidate) -> list[Candidate]:
    found, start = [], 0
    for text in (COUNTED, TYPICAL, DENIED, MOVED):
        found.append(replace(some, span=Span("a.txt", start, start + len(text)), text=text))
        start += len(text) + 1
    return found


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


def test_exact_sentence_is_supported_by_itself(candidates: list[Candidate]) -> None:
    checked = check_sentence(COUNTED, candidates)
    assert checked.carrier
    assert checked.carrier.text == COUNTED
    assert checked.support == 1.0


def test_close_paraphrase_is_supported(candidates: list[Candidate]) -> None:
    checked = check_sentence("In January 2012 the country counted 411 homicides.", candidates)
    assert checked.carrier
    assert checked.carrier.text == COUNTED
    assert checked.support >= SUPPORT_NEEDED


def test_two_sentences_are_not_taken_together(candidates: list[Candidate]) -> None:
    text = "Gang leaders were moved to prisons, and killings went from a typical 14 a day to five."
    assert check_sentence(text, candidates).carrier is None


@pytest.mark.parametrize(
    "wrong",
    [
        COUNTED.replace("411", "412"),
        COUNTED.replace("2012", "2013"),
        COUNTED.replace("January", "March"),
        COUNTED.replace("The country", "The country, Honduras,"),
        DENIED.replace("has denied", "has held"),
        DENIED.replace("Bukele", "Funes"),
        TYPICAL.replace("14", "40"),
        "The moon is made of cheese.",
        "",
        "[1]",
        "and the of",
    ],
)
def test_changed_copy_is_not_supported(wrong: str, candidates: list[Candidate]) -> None:
    checked = check_sentence(wrong, candidates)
    assert checked.carrier is None
    assert checked.support == 0.0


NEGATED = (
    COUNTED.replace("had counted", "had not counted"),
    COUNTED.replace("had counted", "hadn't counted"),
    COUNTED.replace("had counted", "never counted"),
)


@pytest.mark.parametrize("wrong", NEGATED)
def test_negated_copy_is_not_supported_by_its_sentence(
    wrong: str, candidates: list[Candidate]
) -> None:
    assert check_sentence(wrong, candidates[:2]).carrier is None


@pytest.mark.parametrize("wrong", NEGATED)
def test_negation_is_not_borrowed_from_another_sentence(
    wrong: str, candidates: list[Candidate]
) -> None:
    assert check_sentence(wrong, candidates).carrier is None


def test_another_name_as_the_first_word_is_not_supported(candidates: list[Candidate]) -> None:
    assert check_sentence(COUNTED.replace("The country", "Honduras"), candidates).carrier is None


def test_changed_number_in_letters_is_not_supported(candidates: list[Candidate]) -> None:
    assert check_sentence(TYPICAL.replace("five", "six"), candidates).carrier is None


def test_swapped_numbers_are_not_supported(candidates: list[Candidate]) -> None:
    swapped = COUNTED.replace("411", "x").replace("402", "411").replace("x", "402")
    assert check_sentence(swapped, candidates).carrier is None


@pytest.mark.parametrize("marker", [" [7]", "[1, 2]", " [1-3]", "【4†source】", "^2", " [1][2]"])
def test_made_up_markers_are_removed(marker: str, candidates: list[Candidate]) -> None:
    checked = check_sentence(COUNTED[:-1] + marker + ".", candidates)
    assert checked.text == COUNTED
    assert checked.carrier
    assert checked.carrier.text == COUNTED


@pytest.mark.parametrize("bullet", ["- ", "* ", "• "])
def test_bullets_are_removed(bullet: str, candidates: list[Candidate]) -> None:
    assert check_sentence(bullet + COUNTED, candidates).text == COUNTED


def test_no_candidates_support_nothing() -> None:
    assert check_sentence(COUNTED, []).carrier is None


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
def test_small_lies_are_not_supported(wrong: str, some: Candidate) -> None:
    texts = (DROPPED, RECORD, ARRESTED)
    truths = [replace(some, span=Span("a.txt", i, i + 1), text=t) for i, t in enumerate(texts)]
    assert check_sentence(wrong, truths).carrier is None
    for truth in truths:
        assert check_sentence(truth.text, truths).carrier == truth
