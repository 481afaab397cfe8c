from dataclasses import replace

import pytest

from chatbot.ask import Reader
from chatbot.evidence import Candidate, find_candidates, frozen_weights
from chatbot.question import read_question
from chatbot.quotes import MOST_SENTENCES, MOST_WORDS, pick_quotes
from corpus.document import Span
from index.search import search

QUESTIONS = (
    "Who coined the term narco-peace?",
    "By how much did Brazil's murder rate drop from 2017 to 2018?",
    "Why do the Metropolitan Agents cover their faces?",
    "What did Foreign Policy report about the prison transfers?",
)


def _candidates(question: str, reader: Reader) -> list[Candidate]:
    hits = search(question, generation=reader.generation, embedder=reader.embedder)
    return find_candidates(
        read_question(question),
        hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=frozen_weights(),
    )


@pytest.fixture(scope="module")
def candidates(reader: Reader) -> dict[str, list[Candidate]]:
    return {question: _candidates(question, reader) for question in QUESTIONS}


@pytest.fixture(scope="module")
def some(candidates: dict[str, list[Candidate]]) -> Candidate:
    return candidates[QUESTIONS[0]][0]


def _sentence(some: Candidate, start: int, text: str, score: float, *covered: str) -> Candidate:
    return replace(
        some,
        span=Span("a.txt", start, start + len(text)),
        text=text,
        score=score,
        covered=dict.fromkeys(covered, 0.2),
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_quotes_are_few_short_and_in_reading_order(
    question: str, candidates: dict[str, list[Candidate]]
) -> None:
    quotes = pick_quotes(candidates[question])
    starts = [quote.span.start for quote in quotes]
    assert 1 <= len(quotes) <= MOST_SENTENCES == 3
    assert len(quotes) == 1 or sum(len(q.text.split()) for q in quotes) <= MOST_WORDS == 60
    assert starts == sorted(starts)
    assert len({quote.span.document_id for quote in quotes}) == 1
    assert candidates[question][0] in quotes


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_candidate_is_a_heading_and_each_is_exact(
    question: str, candidates: dict[str, list[Candidate]], reader: Reader
) -> None:
    for candidate in candidates[question]:
        span = candidate.span
        document = reader.generation.document(span.document_id)
        assert document.text[span.start : span.end] == candidate.text
        assert (span.start, span.end) not in {(h.start, h.end) for h in document.headings}


@pytest.mark.parametrize("question", QUESTIONS)
def test_candidates_come_best_first(question: str, candidates: dict[str, list[Candidate]]) -> None:
    scores = [candidate.score for candidate in candidates[question]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_nothing_to_quote_is_no_quote() -> None:
    assert pick_quotes([]) == []


def test_one_long_sentence_is_quoted_alone(some: Candidate) -> None:
    long = _sentence(some, 0, "word " * 80, 0.9, "a")
    beside = _sentence(some, 500, "Short and good.", 0.8, "b")
    assert pick_quotes([long, beside]) == [long]


def test_a_sentence_that_leans_brings_the_one_before(some: Candidate) -> None:
    leaning = _sentence(some, 40, "He said so later.", 0.9, "a")
    before = _sentence(some, 0, "Otto Perez spoke in Davos.", 0.1)
    assert pick_quotes([leaning, before]) == [before, leaning]


def test_a_neighbour_that_adds_no_word_is_left(some: Candidate) -> None:
    best = _sentence(some, 0, "Otto Perez spoke.", 0.9, "a")
    same = _sentence(some, 20, "Otto Perez talked.", 0.8, "a")
    assert pick_quotes([best, same]) == [best]


def test_a_neighbour_that_adds_a_word_completes_it(some: Candidate) -> None:
    best = _sentence(some, 20, "Otto Perez spoke.", 0.9, "a")
    adds = _sentence(some, 0, "It was in Davos.", 0.5, "b")
    assert pick_quotes([best, adds]) == [adds, best]


def test_a_sentence_that_is_not_beside_it_is_left(some: Candidate) -> None:
    best = _sentence(some, 0, "Otto Perez spoke.", 0.9, "a")
    between = _sentence(some, 20, "The sun shone.", 0.01)
    far = _sentence(some, 40, "It was in Davos.", 0.5, "b")
    assert pick_quotes([best, far, between]) == [best]


def test_never_more_than_three(some: Candidate) -> None:
    rows = [_sentence(some, 20 * n, f"Words {n} here.", 0.9 - n / 100, str(n)) for n in range(6)]
    assert pick_quotes(rows) == rows[:3]
