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
FEATURES = ("in_sentence", "in_context", "cosine", "names_missing", "kind_found", "passage_score")
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
_PLACE = re.compile(r"\b(?:in|at|near|from|to|across|outside|inside|around|on)\s+(?:the\s+)?[A-ZÀ-Þ]")


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
        (span, text, hit, context)
        for hit in hits[:READ_HITS]
        for document in [generation.document(hit.passage.span.document_id)]
        for context in [_stems(f"{hit.title} {' '.join(hit.passage.heading_path)} {hit.passage.text}")]
        for span, text in _sentences(document, hit.passage.span)
    ]
    if not rows or not question.terms:
        return Evidence((), 0.0)
    vectors = embedder.embed_queries([question.text, *(text for _, text, _, _ in rows)])
    cosines = vectors[1:] @ vectors[0]
    candidates = [
        _candidate(question, row, float(cosine), rarity, weights)
        for row, cosine in zip(rows, cosines, strict=True)
    ]
    candidates.sort(key=lambda c: (-c.score, c.span.document_id, c.span.start))
    return Evidence(tuple(candidates), _confidence(candidates, weights))


def question_features(candidates: Sequence[Candidate]) -> tuple[float, ...]:
    """Return what the confidence is made of: the best sentence's features, score and lead."""
    best = candidates[0]
    rest = candidates[1].score if len(candidates) > 1 else 0.0
    return (*best.features, best.score, best.score - rest)


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


def _sentences(document: Document, span: Span) -> list[tuple[Span, str]]:
    """Return the passage's sentences, its headings left out: a heading states nothing."""
    headings = {(heading.start, heading.end) for heading in document.headings}
    return [
        (Span(document.id, s.start, s.end), document.text[s.start : s.end])
        for s in split_sentences(document.text, span.start, span.end)
        if (s.start, s.end) not in headings
    ]


def _candidate(
    question: Question,
    row: tuple[Span, str, Hit, frozenset[str]],
    cosine: float,
    rarity: dict[str, float],
    weights: Weights,
) -> Candidate:
    span, text, hit, context = row
    own = _stems(text)
    inside = {word: closeness(word, own) for word in question.terms}
    around = {word: max(inside[word], closeness(word, context)) for word in question.terms}
    total = sum(rarity.values()) or 1.0
    names = [word for word in question.terms if word in question.names]
    features = (
        sum(rarity[word] * inside[word] for word in question.terms) / total,
        sum(rarity[word] * around[word] for word in question.terms) / total,
        cosine,
        sum(around[word] == 0 for word in names) / len(names) if names else 0.0,
        _kind_found(question, text),
        hit.score,
    )
    covered = frozenset(word for word in question.terms if inside[word])
    return Candidate(span, text, hit, covered, features, logistic(features, weights.sentence))


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
