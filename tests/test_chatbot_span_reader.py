import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.errors import BadReaderFiles
from chatbot.span_reader import LONGEST_ANSWER_PIECES, MODEL, Reading, SpanReader

TEXT = (
    "The old mill at Harrow Creek was built by Ada Finch in 1801. It burnt down twice, and the "
    "town paid 4,200 crowns to have it rebuilt. Since 1950 it has been a museum."
)


@pytest.fixture(scope="module")
def span_reader() -> SpanReader:
    return SpanReader()


def read(question: str, span_reader: SpanReader, text: str = TEXT) -> Reading:
    (reading,) = span_reader.read(question, [text])
    return reading


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who built the old mill?", "Ada Finch"),
        ("When was the old mill built?", "1801"),
        ("How much did the town pay to have it rebuilt?", "4,200 crowns"),
    ],
)
def test_the_words_that_answer_are_found(
    question: str, answer: str, span_reader: SpanReader
) -> None:
    best = read(question, span_reader).best(0, len(TEXT))
    assert best
    assert TEXT[best.start : best.end] == answer
    assert best.score > 0


def test_a_question_that_the_text_answers_scores_higher(span_reader: SpanReader) -> None:
    right, wrong = (
        read(question, span_reader)
        for question in ("Who built the old mill?", "Who won the boat race in Lisbon?")
    )
    assert right.answerable > wrong.answerable
    ours, theirs = (reading.best(0, len(TEXT)) for reading in (right, wrong))
    assert ours
    assert theirs
    assert ours.score > theirs.score


def test_only_the_part_asked_for_is_looked_at(span_reader: SpanReader) -> None:
    reading = read("Who built the old mill?", span_reader)
    start = TEXT.index("It burnt")
    best = reading.best(start, len(TEXT))
    assert best
    assert start <= best.start < best.end <= len(TEXT)
    assert reading.best(3, 3) is None
    assert reading.best(len(TEXT), len(TEXT) + 9) is None


def test_best_is_the_best_of_all_spans_that_are_short_enough() -> None:
    random = np.random.default_rng(0)
    starts, ends = random.normal(size=(2, 50)).astype(np.float32)
    places = np.array([(i * 3, i * 3 + 2) for i in range(50)])
    best = Reading(0.0, starts, ends, places).best(0, 150)
    scores = {
        (i, j): starts[i] + ends[j]
        for i in range(50)
        for j in range(i, min(50, i + LONGEST_ANSWER_PIECES))
    }
    i, j = max(scores, key=lambda pair: scores[pair])
    assert best
    assert (best.start, best.end) == (i * 3, j * 3 + 2)
    assert best.score == pytest.approx(float(scores[i, j]))


def test_a_text_is_read_alike_in_any_company(span_reader: SpanReader) -> None:
    others = ["Nothing of it.", TEXT * 3, ""]
    alone = read("Who built it?", span_reader)
    for texts in ([TEXT, *others], [*others, TEXT]):
        found = span_reader.read("Who built it?", texts)[texts.index(TEXT)]
        assert np.array_equal(found.starts, alone.starts)
        assert found.answerable == alone.answerable


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(question=st.text(max_size=60), text=st.text(max_size=200))
def test_any_text_can_be_read(span_reader: SpanReader, question: str, text: str) -> None:
    best = read(question, span_reader, text).best(0, len(text))
    assert best is None or 0 <= best.start < best.end <= len(text)


def test_a_long_text_is_read_as_far_as_it_goes(span_reader: SpanReader) -> None:
    reading = read("Who built it?", span_reader, TEXT + " It rained." * 900)
    assert len(reading.starts) < 400
    assert reading.best(5_000, 9_000) is None


@pytest.mark.parametrize("damage", ["cut", "lost", "seal lost", "seal empty"])
def test_a_model_that_is_not_whole_is_refused(tmp_path: Path, damage: str) -> None:
    for file in MODEL.parent.iterdir():
        shutil.copy(file, tmp_path)
    model = tmp_path / MODEL.name
    seal = model.with_suffix(".sha256")
    match damage:
        case "cut":
            model.write_bytes(model.read_bytes()[:-1])
        case "lost":
            model.unlink()
        case "seal lost":
            seal.unlink()
        case "seal empty":
            seal.write_text("")
    with pytest.raises(BadReaderFiles, match="make chat"):
        SpanReader(model)


def test_the_card_names_the_articles_that_were_held_aside() -> None:
    from eval.reader_examples import ASIDE

    card = (MODEL.parent / "README.md").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{article}\b", card) for article in ASIDE)
