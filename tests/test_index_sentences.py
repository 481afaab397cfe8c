import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.sentences import split_sentences

TEXTS = st.text(
    st.one_of(
        st.sampled_from("aB1 .!?…\n\t\"'“”‘’«»()[]¿¡—-。！？」ñ\u00a0\u3000,:;"), st.characters()
    ),
    max_size=80,
)


def sentences(text: str) -> list[str]:
    return [text[s.start : s.end] for s in split_sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["He spoke to Mr. Funes.", "Then he left."],
        ["Dr. Luna and Gen. Perez met vs. the odds.", "They agreed."],
        ["It cost approx. five, e.g. for food, i.e. little.", "No more."],
        ["J. Edgar Hoover and F. M. Villalobos ran it.", "He knew."],
        ["See No. 5 and p. 12 of vol. 3.", "It is there."],
        ["He said no.", "Then he left."],
        ["It fell by 3.5 percent.", "By 2018 it was 4.", "Then 5.2 again."],
        ["He said “Stop.”", "Then he left."],
        ['He said "Stop!"', "(It was late.)", "“Why?” she asked."],
        ["He waited...", "Then he left."],
        ["He waited… then he left.", "Why?!", "Nobody knew."],
        ["It came from apples, etc.", "Then it stopped."],
        ["¿Quién negoció?", "¡Nadie lo sabe!", "Así fue."],
        ["El Sr. Funes y la Sra. Luna hablaron.", "«Fue así.»", "¿Y qué?"],
        ["1. First the truce.", "It began in March."],
        ["At 5 p.m. he left.", "He came back."],
        ["It ended in the U.S.", "He stayed."],
    ],
)
def test_sentences(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_cjk_needs_no_space() -> None:
    assert sentences("他说好。她走了！「真的？」是的") == [
        "他说好。",
        "她走了！",
        "「真的？」",
        "是的",
    ]


def test_blank_line_ends_a_sentence_and_a_line_end_does_not() -> None:
    text = "A heading\n \nFirst line\nsecond line.\n\n- one\n\n- two"
    assert sentences(text) == ["A heading", "First line\nsecond line.", "- one", "- two"]


def test_only_the_part_asked_for_is_split() -> None:
    text = "One ends. Two ends. Three ends."
    start, end = text.index("Two"), text.index("ends. Three")
    assert [text[s.start : s.end] for s in split_sentences(text, start, end)] == ["Two"]
    assert [(s.start, s.end) for s in split_sentences(text, start)] == [(10, 19), (20, 31)]


@pytest.mark.parametrize("text", ["", " \n\n \t"])
def test_white_space_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


@settings(max_examples=60, derandomize=True, database=None)
@given(TEXTS)
@example("A. \n\n B.\n \nc. D")
def test_sentences_are_in_order_and_hold_every_character(text: str) -> None:
    found = split_sentences(text)
    edges = [edge for sentence in found for edge in (sentence.start, sentence.end)]
    assert edges == sorted(edges)
    covered = {i for s in found for i in range(s.start, s.end)}
    assert all(character.isspace() for i, character in enumerate(text) if i not in covered)
    for sentence in found:
        words = text[sentence.start : sentence.end]
        assert words
        assert words == words.strip()


@pytest.mark.parametrize(
    "text", ["The U.S. Treasury sanctioned him.", "He met Apple Inc. Chief Cook."]
)
def test_abbreviation_before_a_name_goes_on(text: str) -> None:
    assert sentences(text) == [text]


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    text = "a" * 16_000 + " foo. Bar"
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 0.2


def test_a_long_run_of_full_stops_costs_no_time() -> None:
    started = time.process_time()
    split_sentences("a" + "." * 100_000 + "b")
    assert time.process_time() - started < 1
