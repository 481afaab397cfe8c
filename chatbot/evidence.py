"""Finds the sentences that may answer a question and says how sure it is. Writes nothing.

Each sentence of the best passages is described by a few numbers; two small logistic models, fitted
by `eval/fit.py` and frozen in evidence.json with the name of the data, turn them into a score a
sentence and one confidence a question.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.question import Question
from corpus.document import Document, Span
from index.embed import QueryEmbedder
from index.generation import Generation
from index.passage import Hit
from index.sentences import split_sentences
from index.words import closeness, is_stop_word, stem, words

READ_HITS = 6
FEATURES = (
    "words",  # share of the question's words that stand in the sentence, weighted by rarity
    "cosine",  # of question and sentence
    "names_missing",  # share of the question's names that its passage and title do not hold
    "year_conflict",  # it gives a year, and not the one asked for
    "kind_found",  # a number for "how many", a name for "who" ...
    "passage_score",  # of the search
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?"
    r"|thousands?|millions?|billions?|half|quarter|third|none|zero|several|percent)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:1[0-9]{3}|20[0-9]{2}|\d{1,2}(?:st|nd|rd|th)|january|february|march|april|may|june|july"
    r"|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday|today|yesterday|week|month|year|century|days?|ago|early|late|since|until)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")
_PLACE = re.compile(
    r"\b(?:in|at|near|from|to|across|outside|inside|around|on)\s+(?:the\s+)?[A-ZÀ-Þ]"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, and how well (0-1).

    `covered` holds the words of the question that stand in it, by stem, each with its share of the
    question's weight; `features` are the values that FEATURES names.
    """

    span: Span
    text: str
    hit: Hit
    covered: dict[str, float]
    features: tuple[float, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The frozen models: one weight a feature, then the constant."""

    sentence: tuple[float, ...]
    question: tuple[float, ...]
    threshold: float


@cache
def frozen_weights() -> Weights:
    """Read evidence.json beside this file."""
    values = json.loads(Path(__file__).with_name("evidence.json").read_text())
    return Weights(
        sentence=tuple(values["sentence"]),
        question=tuple(values["question"]),
        threshold=values["threshold"],
    )


def find_candidates(
    question: Question,
    hits: Sequence[Hit],
    *,
    generation: Generation,
    embedder: QueryEmbedder,
    weights: Weights,
) -> list[Candidate]:
    """Return every sentence of the best hits, best first; ties break by document and place."""
    rows = [
        row
        for hit in hits[:READ_HITS]
        for row in _rows(generation.document(hit.passage.span.document_id), hit)
    ]
    if not rows or not question.terms:
        return []
    vectors = embedder.embed_queries([question.text, *(row.text for row in rows)])
    rarity = _rarity(question, generation)
    candidates = []
    for row, vector in zip(rows, vectors[1:], strict=True):
        covered = {t: w * close for t, w in rarity.items() if (close := closeness(t, row.stems))}
        features = _features(question, row, sum(covered.values()), float(vector @ vectors[0]))
        score = logistic(features, weights.sentence)
        candidates.append(Candidate(row.span, row.text, row.hit, covered, features, score))
    return sorted(candidates, key=lambda c: (-c.score, c.span.document_id, c.span.start))


def confidence(quotes: Sequence[Candidate], weights: Weights) -> float:
    """Return how likely (0-1) it is that the quotes picked answer the question."""
    return round(logistic(quote_features(quotes), weights.question), 4) if quotes else 0.0


def quote_features(quotes: Sequence[Candidate]) -> tuple[float, ...]:
    """Return the features of the quotes taken together, and the best one's score."""
    best = max(quotes, key=lambda c: c.score)
    covered: dict[str, float] = {}
    for quote in quotes:
        covered |= {t: max(w, covered.get(t, 0.0)) for t, w in quote.covered.items()}
    together = dict(zip(FEATURES, best.features, strict=True))
    together["words"] = sum(covered.values())
    for name in ("cosine", "kind_found"):
        together[name] = max(quote.features[FEATURES.index(name)] for quote in quotes)
    return (*together.values(), best.score)


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


@dataclass(frozen=True, slots=True)
class _Row:
    """A sentence with the stems in it, and in its passage under its title and headings."""

    span: Span
    text: str
    hit: Hit
    stems: frozenset[str]
    passage: frozenset[str]


def _rows(document: Document, hit: Hit) -> list[_Row]:
    """Return the passage's sentences, its headings left out: a heading states nothing."""
    headings = {(heading.start, heading.end) for heading in document.headings}
    start, end = hit.context.start, hit.context.end
    words_around = (hit.title, *hit.passage.heading_path, document.text[start:end])
    passage = _stems(" ".join(words_around))
    rows = []
    for s in split_sentences(document.text, start, end):
        if (s.start, s.end) not in headings:
            text = document.text[s.start : s.end]
            rows.append(_Row(Span(document.id, s.start, s.end), text, hit, _stems(text), passage))
    return rows


def _features(question: Question, row: _Row, found: float, cosine: float) -> tuple[float, ...]:
    """Return the values that FEATURES names, in its order."""
    missing = sum(closeness(name, row.passage) == 0 for name in question.names)
    return (
        found,
        cosine,
        missing / (len(question.names) or 1),
        _year_conflict(question, row.text),
        _kind_found(question, row.text),
        row.hit.score,
    )


def _year_conflict(question: Question, text: str) -> float:
    asked, given = set(_YEAR.findall(question.text)), set(_YEAR.findall(text))
    return float(bool(asked and given and not asked & given))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))


def _kind_found(question: Question, text: str) -> float:
    """Say whether the sentence holds something of the kind asked for that the question does not."""
    kind = question.kind
    new = " ".join(word for word in words(text) if stem(word) not in question.terms)
    if kind == "number":
        return float(bool(_NUMBER.search(new)))
    if kind == "when":
        return float(bool(_TIME.search(new)))
    if kind == "where":
        return float(bool(_PLACE.search(text)))
    if kind == "who":
        # Past the first word, capitals are names; so are words all in capitals.
        later = [w for w in words(text)[1:] if stem(w) not in question.terms]
        return float(any(w[0].isupper() and not is_stop_word(w) for w in later))
    return 0.5 if text.rstrip("\"'”’»)]")[-1:] in ".!?…:;。！？" else 0.0  # a line states little
