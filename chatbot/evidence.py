"""Finds the sentences that may answer a question and says how sure it is. Writes nothing.

A small model reads the best passages; what it makes of each sentence and a few other numbers go
into two logistic models, fitted by `eval/fit.py` and frozen in evidence.json with the name of the
data, which give a score a sentence and one confidence a question.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.question import Question
from chatbot.span_reader import Reading, SpanReader
from corpus.document import Span
from index.generation import Generation
from index.passage import Hit
from index.words import closeness, stem, words

READ_HITS = 6
LONGEST_MARK = 80
"""Characters; longer ones would mark most of a sentence."""
FEATURES = (
    "span",  # how much the words that answer it are for the reader: log odds, in tens
    "answerable",  # whether its passage answers, for the reader: log odds, in tens
    "words",  # share of the question's words that stand in the sentence, weighted by rarity
    "cosine",  # of question and sentence
    "names_missing",  # share of the question's names that its passage and title do not hold
    "names_apart",  # share that neither it, the sentence before, its headings nor title hold
    "year_conflict",  # it gives a year, and not the one asked for
    "passage_score",  # of the search
)
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, and how well (0-1).

    `answer` are the words in it that answer; `covered` holds the words of the question that stand
    in it, by stem, each with its share of the question's weight; `features` are the values that
    FEATURES names.
    """

    span: Span
    text: str
    hit: Hit
    answer: Span
    covered: dict[str, float]
    features: tuple[float, ...]
    score: float

    @property
    def is_marked(self) -> bool:
        """Say whether the words that answer are sure and few enough to be shown as the answer."""
        return self.features[0] > 0 and self.answer.end - self.answer.start <= LONGEST_MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The frozen models: one weight a feature, then the constant.

    `check` weighs what the reader makes of a claim, and the share of its words that are there.
    """

    sentence: tuple[float, ...]
    question: tuple[float, ...]
    threshold: float
    check: tuple[float, ...] = (0.0, 0.0, 0.0)


@cache
def frozen_weights() -> Weights:
    """Read evidence.json beside this file."""
    values = json.loads(Path(__file__).with_name("evidence.json").read_text())
    return Weights(
        sentence=tuple(values["sentence"]),
        question=tuple(values["question"]),
        threshold=values["threshold"],
        check=tuple(values["check"]),
    )


def find_candidates(
    question: Question,
    hits: Sequence[Hit],
    *,
    generation: Generation,
    span_reader: SpanReader,
    weights: Weights,
) -> list[Candidate]:
    """Return every sentence of the best hits, best first; ties break by document and place."""
    if not question.terms:
        return []
    best = hits[:READ_HITS]
    texts = [_text(hit.context, generation) for hit in best]
    rarity = _rarity(question, generation)
    candidates = [
        candidate
        for hit, text, reading in zip(
            best, texts, span_reader.read(question.text, texts), strict=True
        )
        for candidate in _read_hit(question, rarity, hit, text, reading, weights)
    ]
    return sorted(candidates, key=lambda c: (-c.score, c.span.document_id, c.span.start))


def confidence(quotes: Sequence[Candidate], weights: Weights) -> float:
    """Return how likely (0-1) it is that the quotes picked answer the question."""
    return round(logistic(quote_features(quotes), weights.question), 4) if quotes else 0.0


def quote_features(quotes: Sequence[Candidate]) -> tuple[float, ...]:
    """Return the values that FEATURES names, of the quotes taken together."""
    best = max(quotes, key=lambda c: c.score)
    covered: dict[str, float] = {}
    for quote in quotes:
        covered |= {t: max(w, covered.get(t, 0.0)) for t, w in quote.covered.items()}
    apart = FEATURES.index("names_apart")
    together = dict(zip(FEATURES, best.features, strict=True))
    together["words"] = sum(covered.values())
    together["names_apart"] = min(quote.features[apart] for quote in quotes)
    return tuple(together.values())


def logistic(features: Sequence[float], weights: Sequence[float] | NDArray[np.float64]) -> float:
    """Return 1 / (1 + exp(-(w · x + constant)))."""
    total = float(np.dot(features, weights[:-1])) + weights[-1]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def _rarity(question: Question, generation: Generation) -> dict[str, float]:
    """Each term's share of the question's weight: inverse document frequency, as in BM25."""
    total = generation.manifest.passage_count
    counts = {term: generation.words.count_with(term) for term in question.terms}
    weight = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in counts.items()}
    return {term: value / sum(weight.values()) for term, value in weight.items()}


def _text(span: Span, generation: Generation) -> str:
    return generation.document(span.document_id).text[span.start : span.end]


def _read_hit(
    question: Question,
    rarity: dict[str, float],
    hit: Hit,
    text: str,
    reading: Reading,
    weights: Weights,
) -> Iterator[Candidate]:
    """Yield a candidate for each of the hit's sentences, as far as the reader has read."""
    above = " ".join((hit.title, *hit.passage.heading_path))
    names_missing = _missing(question, _stems(f"{above} {text}"))
    first, before = hit.context.start, _stems(above)
    for sentence in hit.sentences:
        span = sentence.span
        found = reading.best(span.start - first, span.end - first)
        if found is None:
            continue
        words_of_it = text[span.start - first : span.end - first]
        stems = _stems(words_of_it)
        covered = {t: w * close for t, w in rarity.items() if (close := closeness(t, stems))}
        features = (
            found.score / 10,
            reading.answerable / 10,
            sum(covered.values()),
            sentence.cosine,
            names_missing,
            _missing(question, before | stems),
            _year_conflict(question, words_of_it),
            hit.score,
        )
        before = _stems(above) | stems
        yield Candidate(
            span=span,
            text=words_of_it,
            hit=hit,
            answer=Span(span.document_id, first + found.start, first + found.end),
            covered=covered,
            features=features,
            score=logistic(features, weights.sentence),
        )


def _missing(question: Question, stems: frozenset[str]) -> float:
    """Return the share of the question's names that are not among the stems."""
    missing = sum(closeness(name, stems) == 0 for name in question.names)
    return missing / (len(question.names) or 1)


def _year_conflict(question: Question, text: str) -> float:
    asked, given = set(_YEAR.findall(question.text)), set(_YEAR.findall(text))
    return float(bool(asked and given and not asked & given))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))
