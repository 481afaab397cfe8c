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

from chatbot.question import Kind, Question
from corpus.document import Document, Span
from index.generation import Generation
from index.passage import Hit
from index.search import QueryEmbedder
from index.sentences import split_sentences
from index.words import STOP_WORDS, closeness, stem, words

READ_HITS = 6
FEATURES = (
    "words_in_sentence",  # share of the question's words, weighted by rarity
    "words_around",  # the same with the sentences beside it and the headings above it
    "words_in_passage",  # the same with the whole passage and its title
    "cosine",  # of question and sentence
    "names_not_around",  # share of the question's names and numbers missing there
    "names_not_in_passage",
    "year_conflict",  # it gives a year, and not the one asked for
    "kind_found",  # a number for "how many", a name for "who" ...
    "passage_cosine",
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
    """A sentence that may answer: its words, what of the question it covers, and its features."""

    span: Span
    text: str
    hit: Hit
    covered: frozenset[str]
    features: tuple[float, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Candidates, best first, and the confidence (0-1) that the best of them answers."""

    candidates: tuple[Candidate, ...]
    confidence: float


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


def find_evidence(
    question: Question,
    hits: Sequence[Hit],
    *,
    generation: Generation,
    embedder: QueryEmbedder,
    weights: Weights,
) -> Evidence:
    """Score every sentence of the best hits."""
    rarity = _rarity(question, generation)
    rows = [
        row
        for hit in hits[:READ_HITS]
        for row in _rows(generation.document(hit.passage.span.document_id), hit)
    ]
    if not rows or not question.terms:
        return Evidence((), 0.0)
    vectors = embedder.embed_queries([question.text, *(row.text for row in rows)])
    passages = generation.vectors.get([hit.passage.id for hit in hits[:READ_HITS]])
    candidates = []
    for row, vector in zip(rows, vectors[1:], strict=True):
        passage_cosine = passages[row.hit.passage.id] @ vectors[0]
        known = (float(vector @ vectors[0]), float(passage_cosine))
        features = _features(question, row, rarity, known)
        covered = frozenset(term for term in question.terms if closeness(term, row.stems))
        score = logistic(features, weights.sentence)
        candidates.append(Candidate(row.span, row.text, row.hit, covered, features, score))
    candidates.sort(key=lambda c: (-c.score, c.span.document_id, c.span.start))
    return Evidence(tuple(candidates), _confidence(candidates, weights))


def question_features(candidates: Sequence[Candidate]) -> tuple[float, ...]:
    """Return what the confidence is made of: the best sentence's features and score."""
    return (*candidates[0].features, candidates[0].score)


def logistic(features: Sequence[float], weights: Sequence[float]) -> float:
    """Return 1 / (1 + exp(-(w · x + constant)))."""
    total = float(np.dot(features, weights[:-1])) + weights[-1]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def _confidence(candidates: Sequence[Candidate], weights: Weights) -> float:
    return round(logistic(question_features(candidates), weights.question), 4)


def _rarity(question: Question, generation: Generation) -> dict[str, float]:
    """Inverse document frequency of each word asked for, over passages, as in BM25."""
    total = generation.manifest.passage_count
    counts = {key: generation.store.count_with_word(word) for key, word in question.terms.items()}
    return {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in counts.items()}


@dataclass(frozen=True, slots=True)
class _Row:
    """A sentence with the stems in it, around it, and in its passage."""

    span: Span
    text: str
    hit: Hit
    stems: frozenset[str]
    around: frozenset[str]
    passage: frozenset[str]


def _rows(document: Document, hit: Hit) -> list[_Row]:
    """Return the passage's sentences, its headings left out: a heading states nothing."""
    span, path = hit.passage.span, " ".join(hit.passage.heading_path)
    headings = {(heading.start, heading.end) for heading in document.headings}
    spans = [
        (s.start, s.end)
        for s in split_sentences(document.text, span.start, span.end)
        if (s.start, s.end) not in headings
    ]
    texts = [document.text[start:end] for start, end in spans]
    passage = _stems(f"{hit.title} {path} {hit.passage.text}")
    return [
        _Row(
            Span(document.id, *spans[i]),
            text,
            hit,
            _stems(text),
            _stems(" ".join([path, *texts[max(0, i - 1) : i + 2]])),
            passage,
        )
        for i, text in enumerate(texts)
    ]


def _features(
    question: Question, row: _Row, rarity: dict[str, float], cosines: tuple[float, float]
) -> tuple[float, ...]:
    """Return the values that FEATURES names, in its order."""
    found = [
        {t: closeness(t, stems) for t in question.terms}
        for stems in (row.stems, row.around, row.passage)
    ]
    total = sum(rarity.values()) or 1.0
    shares = [sum(rarity[t] * place[t] for t in question.terms) / total for place in found]
    missing = [
        sum(place[name] == 0 for name in question.names) / (len(question.names) or 1)
        for place in found[1:]
    ]
    return (
        *shares,
        cosines[0],
        *missing,
        _year_conflict(question, row.text),
        _kind_found(question, row.text),
        cosines[1],
        row.hit.score,
    )


def _year_conflict(question: Question, text: str) -> float:
    asked, given = set(_YEAR.findall(question.text)), set(_YEAR.findall(text))
    return float(bool(asked and given and not asked & given))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text))


def _kind_found(question: Question, text: str) -> float:
    """Say whether the sentence holds something of the kind asked for that was not in the question."""
    kind: Kind = question.kind
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
        return float(any(w[0].isupper() and w.lower() not in STOP_WORDS for w in later))
    return 0.5
