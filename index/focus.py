"""Cuts a found passage down to the sentences that matter, and tells when two say the same.

Large passages are found better, small ones are read better: on the Chroma chunking corpora five
whole passages hold 96 % of what is asked for in 5,400 characters, cut down 94 % in 4,000.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.document import Span
from index.generation import Generation
from index.packed import Vectors
from index.passage import Passage
from index.query import Query
from index.store import Stored
from index.tokens import count_tokens
from index.words import analyse

LEEWAY = 0.225
"""Sentences that score this much less than the best of all hits are cut from a hit's ends."""
SAME = 0.85
"""Share of word pairs in common from which two passages are shown once."""


@dataclass(frozen=True, slots=True)
class Focus:
    """What is asked, and what nearness and words count for in a sentence's score."""

    query: Query
    vector: Vectors
    closest: float
    words: float


def focus(stored: Sequence[Stored], asked: Focus, generation: Generation) -> list[Passage]:
    """Return each passage from its first sentence that matters to its last.

    A passage without any keeps its best one; headings do not count.
    """
    scores = [_sentence_scores(passage, asked, generation) for passage in stored]
    best = max((max(row) for row in scores), default=0.0)
    return [_cut(p, row, best - LEEWAY) for p, row in zip(stored, scores, strict=True)]


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


def _sentence_scores(stored: Stored, asked: Focus, generation: Generation) -> list[float]:
    rows = range(stored.first_sentence, stored.first_sentence + len(stored.bounds))
    cosines = generation.sentence_vectors.vectors(rows) @ asked.vector
    headings = set(stored.passage.heading_path)
    scores = []
    for (start, end), cosine in zip(stored.bounds, cosines, strict=True):
        text = stored.passage.text[start:end]
        share = asked.query.share(set(analyse(text, stored.language)))
        score = asked.closest * float(cosine) + asked.words * share
        scores.append(score - (1.0 if text in headings else 0.0))
    return scores


def _cut(stored: Stored, scores: Sequence[float], least: float) -> Passage:
    kept = [i for i, score in enumerate(scores) if score >= min(least, max(scores))]
    start, end = stored.bounds[kept[0]][0], stored.bounds[kept[-1]][1]
    whole = stored.passage
    if (start, end) == (0, len(whole.text)):
        return whole
    span = Span(whole.span.document_id, whole.span.start + start, whole.span.start + end)
    text = whole.text[start:end]
    return replace(
        whole,
        id=f"{span.document_id}#{span.start}-{span.end}",
        span=span,
        text=text,
        token_count=count_tokens(text),
    )
