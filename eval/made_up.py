"""Makes up documents and questions of any number, always the same. Does not know what for.

Words follow Zipf's law: the commonest are those of the bundled documents or of others, in their
order, the rest are syllables. So word frequencies and lengths are those of real text, and nothing
is meant by it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np

import corpus
from corpus.blocks import Block, Extract, make_document
from corpus.document import Document

VOCABULARY = 30_000
PASSAGE_WORDS = 90
SENTENCE_WORDS = 15
QUESTION_WORDS = 6
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def made_up_documents(
    count: int, *, seed: int = 0, like: Sequence[Document] = ()
) -> list[Document]:
    """Return `count` documents of two sections, each of which is one passage of 90 words.

    The commonest words are those of the documents that they are to be like.
    """
    sections = _draw(count * 2, PASSAGE_WORDS, seed=seed, like=[each.text for each in like])
    return [_document(number, *sections[2 * number : 2 * number + 2]) for number in range(count)]


def made_up_questions(count: int) -> list[str]:
    """Return `count` questions of six words each."""
    return [f"What is {' '.join(row)}?" for row in _draw(count, QUESTION_WORDS, seed=1)]


def bare_document(document_id: str, blocks: list[Block], title: str = "") -> Document:
    """Return a document of blocks, of which nobody knows the day: always the same one."""
    return make_document(
        Extract(blocks=blocks, title=title),
        document_id=document_id,
        fallback_title="",
        modified_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def _draw(rows: int, words: int, *, seed: int, like: Sequence[str] = ()) -> list[list[str]]:
    folder = Path(corpus.__path__[0], "documents")
    texts = like or [file.read_text("utf-8") for file in sorted(folder.rglob("*.md"))]
    counts = Counter(re.findall(r"[a-z]+", " ".join(texts).lower()))
    real = sorted(counts, key=lambda word: (-counts[word], word))
    made = list(map("".join, product(SYLLABLES, repeat=3)))[::7]  # neighbours are too alike
    vocabulary = np.array(list(dict.fromkeys((*real, *made)))[:VOCABULARY])
    cumulative = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    drawn = np.random.default_rng(seed).random((rows, words)) * cumulative[-1]
    return [[str(word) for word in row] for row in vocabulary[np.searchsorted(cumulative, drawn)]]


def _document(number: int, *sections: Sequence[str]) -> Document:
    blocks = []
    for level, words in enumerate(sections, start=1):
        sentences = (words[i : i + SENTENCE_WORDS] for i in range(0, len(words), SENTENCE_WORDS))
        prose = " ".join(" ".join(sentence).capitalize() + "." for sentence in sentences)
        blocks += [Block(" ".join(words[:3]).title(), heading_level=level), Block(prose)]
    return replace(bare_document(f"made-up/{number:06}", blocks), language="en")
