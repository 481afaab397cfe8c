"""Cuts a found passage down to the sentences that matter, and tells when two say the same.

Large passages are found better, small ones are read better: on the Chroma chunking corpora five
whole passages hold 96 % of what is asked for in 5,400 characters, cut down 94 % in 4,000.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.document import Span
from index.packed import Vectors
from index.passage import FoundSentence, Passage
from index.query import WEIGHTS, Query
from index.store import Stored
from index.tokens import count_tokens
from index.words import analyse

LEEWAY = 0.225
"""Sentences that score this much less than the best of all hits are cut from a hit's ends."""
SAME = 0.85
"""Share of word pairs in common from which two passages are shown once."""


def focus(
    found: Sequence[tuple[Stored, Vectors]], asked: Query
) -> list[tuple[Passage, tuple[FoundSentence, ...]]]:
    """Return each passage from its first sentence that matters to its last, and all its sentences.

    Each comes with the cosines of the question and its sentences. A passage without any that
    matters keeps its best one; headings do not count.
    """
    every = [_sentences(stored, cosines, asked) for stored, cosines in found]
    best = max((_score(s) for sentences in every for s in sentences), default=0.0)
    return [
        (_cut(stored.passage, sentences, best - LEEWAY), sentences)
        for (stored, _), sentences in zip(found, every, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Sketch:
    """What two passages are compared by: their word pairs, and their numbers."""

    pairs: frozenset[tuple[str, str]]
    numbers: frozenset[str]

    def is_like(self, other: "Sketch") -> bool:
        """Say whether two passages have nearly the same words, and the same numbers."""
        if self.numbers != other.numbers:
            return False
        return len(self.pairs & other.pairs) >= SAME * len(self.pairs | other.pairs)


def sketch(stored: Stored) -> Sketch:
    """Return the sketch of a passage."""
    numbers = frozenset(s for s in stored.body if s[0].isdigit())
    return Sketch(frozenset(pairwise(["", *stored.body])), numbers)


def _sentences(stored: Stored, cosines: Vectors, asked: Query) -> tuple[FoundSentence, ...]:
    whole, found = stored.passage, []
    for (start, end), cosine in zip(stored.bounds, cosines, strict=True):
        text = whole.text[start:end]
        if text not in whole.heading_path:
            span = Span(whole.span.document_id, whole.span.start + start, whole.span.start + end)
            share = asked.share(set(analyse(text, stored.language)))
            found.append(FoundSentence(span=span, cosine=float(cosine), words=share))
    return tuple(found)


def _score(sentence: FoundSentence) -> float:
    return WEIGHTS.closest * sentence.cosine + WEIGHTS.words * sentence.words


def _cut(whole: Passage, sentences: Sequence[FoundSentence], least: float) -> Passage:
    if not sentences:
        return whole
    least = min(least, max(map(_score, sentences)))
    kept = [s.span for s in sentences if _score(s) >= least]
    span = Span(whole.span.document_id, kept[0].start, kept[-1].end)
    if span == whole.span:
        return whole
    text = whole.text[span.start - whole.span.start : span.end - whole.span.start]
    return replace(
        whole,
        id=f"{span.document_id}#{span.start}-{span.end}",
        span=span,
        text=text,
        token_count=count_tokens(text),
    )
