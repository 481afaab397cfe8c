"""Reads a question as search needs it: the stems for its words, their rarity, and what counts.

A word that no passage holds is sought by its near spellings: a typing error, a name as it was heard
("Bukelle"), or the same word in another language ("constitución"). Knows no passages.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Protocol

from index.words import NUMBERS, STOP_WORDS, is_stop_word, parts, stem, words

NEAR = 0.85
"""Jaro-Winkler similarity from which a stem counts as a spelling of another. It weighs beginnings,
where cognates agree. On 160 SQuAD questions with a misspelt name Hit@1 goes from .80 to .87."""
MOST_NEAR = 6
SHORTEST_NEAR = 4
QUOTED = re.compile(r"[\"“«]([^\"“”«»]*\w\s[^\"“”«»]*\w)[\"”»]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each figure counts for; they add up to 1."""

    cosine: float
    closest: float
    words: float
    pairs: float


WEIGHTS = Weights(cosine=0.22, closest=0.43, words=0.28, pairs=0.07)
"""Fitted on SQuAD 2.0 and NQ questions, rounded, and checked on CLAPNQ (`eval/LOG.md`)."""
FOREIGN = Weights(cosine=0.10, closest=0.30, words=0.53, pairs=0.07)
"""For a question in a language that neither the documents nor the bundled model know."""


class KnownWords(Protocol):
    """The stems that stand in passages."""

    def count_with(self, stem: str) -> int:
        """Return in how many passages a stem stands, in text or in headings."""

    def stems(self, beginning: str) -> list[str]:
        """Return every stem in the passages' text and headings that begins so."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question: the stems that stand for it, each with how well (0-1).

    `weight` is its share of the question's weight, by inverse document frequency as in BM25.
    """

    stems: Mapping[str, float]
    weight: float


@dataclass(frozen=True, slots=True)
class Query:
    """A question as search sees it.

    `pairs` are words that follow each other, with their share of all pairs' weight; `phrases` stand
    in quotation marks; `is_foreign` says that no document is in the question's language.
    """

    terms: tuple[Term, ...]
    pairs: tuple[tuple[frozenset[str], frozenset[str], float], ...]
    phrases: tuple[str, ...]
    is_foreign: bool

    def stems(self) -> dict[str, float]:
        """Return every stem to look for, with its closeness."""
        return {s: close for term in self.terms for s, close in term.stems.items()}

    def share(self, there: Set[str]) -> float:
        """Return the share (0-1) of the question's weight that stands in a text of these stems."""
        return sum(
            term.weight * max((close for s, close in term.stems.items() if s in there), default=0.0)
            for term in self.terms
        )


def read_query(
    text: str, *, known: KnownWords, passage_count: int, languages: Sequence[str | None]
) -> Query:
    """Read a question against the words of an index whose documents are in these languages."""
    reading = _Reading(known, passage_count, [language or "en" for language in languages] or ["en"])
    found = words(text)
    asked_in = question_language(found, languages)
    content = [word for word in found if not is_stop_word(word, asked_in)] or found
    weighed: dict[tuple[str, ...], tuple[dict[str, float], float]] = {}
    for word in content:
        for stems in reading.stems(word):
            weighed[tuple(stems)] = (stems, reading.rarity(stems))
    total = sum(weight for _, weight in weighed.values()) or 1.0
    terms = tuple(Term(stems, weight / total) for stems, weight in weighed.values())
    return Query(
        terms=terms,
        pairs=_pairs(found, terms, reading),
        phrases=tuple(" ".join(quoted.split()).casefold() for quoted in QUOTED.findall(text)),
        is_foreign=_is_foreign(asked_in, found, languages, reading),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Looks words up in an index."""

    _known: KnownWords
    _passage_count: int
    _languages: Sequence[str]

    def forms(self, word: str) -> dict[str, float]:
        """Return a word's stems in every language of the documents, and a number's digits."""
        stems = {stem(word, language): 1.0 for language in self._languages}
        number = NUMBERS.get(word.lower())
        return stems | ({str(number): 1.0} if number is not None else {})

    def knows(self, word: str) -> bool:
        """Say whether the documents hold the word."""
        return any(self._known.count_with(form) for form in self.forms(word))

    def stems(self, word: str) -> list[dict[str, float]]:
        """Return the stems to look for: of the word, else of its parts, else near spellings."""
        forms = self.forms(word)
        if self.knows(word):
            return [forms]
        pieces = {form: 1.0 for language in self._languages for form in parts(word, language)}
        if pieces:
            return [{piece: 1.0} for piece in pieces]
        return [{near: close for form in forms for near, close in self._near(form)} or forms]

    def rarity(self, stems: Mapping[str, float]) -> float:
        """Return the inverse document frequency of the commonest of these stems."""
        count = max(self._known.count_with(form) for form in stems)
        return log(1 + (max(0, self._passage_count - count) + 0.5) / (count + 0.5))

    def _near(self, form: str) -> list[tuple[str, float]]:
        if len(form) < SHORTEST_NEAR or not form.isalpha():
            return []
        from rapidfuzz.distance import JaroWinkler
        from rapidfuzz.process import extract

        found = extract(
            form,
            self._known.stems(form[0]),
            scorer=JaroWinkler.normalized_similarity,
            score_cutoff=NEAR,
            limit=MOST_NEAR,
        )
        return [(near, close) for near, close, _ in found if len(near) >= SHORTEST_NEAR]


def question_language(found: Sequence[str], languages: Sequence[str | None]) -> str | None:
    """Return the language whose stop words a question holds most of, one of `languages` if alike.

    None where it holds none. Telling it by its letters would take a model of 75 MB.
    """
    lowered = [word.lower() for word in found]
    counts = {language: sum(w in known for w in lowered) for language, known in STOP_WORDS.items()}
    best = max(counts, key=lambda language: (counts[language], language in languages))
    return best if counts[best] else None


def _is_foreign(
    asked_in: str | None, found: Sequence[str], languages: Sequence[str | None], reading: _Reading
) -> bool:
    """Say whether no document is in the question's language, as far as its words tell.

    Without a stop word it is in none of those that have some, if it is more than a few odd names.
    """
    if asked_in or not set(languages) <= STOP_WORDS.keys():
        return bool(asked_in and languages and asked_in not in (*languages, None))
    strange = [word for word in found if not reading.knows(word)]
    return bool(languages) and 1 < len(found) < 2 * len(strange)


def _pairs(
    found: Sequence[str], terms: Sequence[Term], reading: _Reading
) -> tuple[tuple[frozenset[str], frozenset[str], float], ...]:
    weight = {form: term.weight for term in terms for form in term.stems}
    pairs: dict[tuple[frozenset[str], frozenset[str]], float] = {}
    for first, second in pairwise(found):
        left, right = (frozenset(reading.forms(word)) for word in (first, second))
        both = sum(max(weight.get(form, 0.0) for form in side) for side in (left, right))
        if both:
            pairs[left, right] = both
    total = sum(pairs.values())
    return tuple((*pair, both / total) for pair, both in pairs.items())
