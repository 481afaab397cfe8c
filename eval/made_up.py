"""Makes up documents and questions of any number, always the same. Does not know what for.

Words follow Zipf's law: the commonest are those of the bundled documents, in their order, the rest
are syllables. So word frequencies and lengths are those of real text, and nothing is meant by it.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import corpus
from corpus.document import Document, Heading

VOCABULARY = 30_000
PASSAGE_WORDS = 90
SENTENCE_WORDS = 15
QUESTION_WORDS = 6
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def made_up_documents(count: int, *, seed: int = 0) -> list[Document]:
    """Return `count` documents of two sections, each of which is one passage of 90 words."""
    words = _draw((count * 2, PASSAGE_WORDS), seed=seed)
    return [_document(number, words[2 * number : 2 * number + 2]) for number in range(count)]


def made_up_questions(count: int, *, seed: int = 1) -> list[str]:
    """Return `count` questions of six words each."""
    return [f"What is {' '.join(row)}?" for row in _draw((count, QUESTION_WORDS), seed=seed)]


def _draw(shape: tuple[int, int], *, seed: int) -> NDArray[np.str_]:
    cumulative = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
    drawn = np.random.default_rng(seed).random(shape) * cumulative[-1]
    return np.asarray(np.array(_vocabulary())[np.searchsorted(cumulative, drawn)])


def _vocabulary() -> list[str]:
    folder = Path(corpus.__path__[0], "documents")
    text = " ".join(file.read_text("utf-8") for file in sorted(folder.rglob("*.md"))).lower()
    counts = Counter(re.findall(r"[a-z]+", text))
    real = sorted(counts, key=lambda word: (-counts[word], word))
    base = len(SYLLABLES)
    made = (
        SYLLABLES[n // base // base] + SYLLABLES[n // base % base] + SYLLABLES[n % base]
        for n in range(0, base**3, 7)  # neighbours would differ by a letter alone
    )
    return list(dict.fromkeys((*real, *made)))[:VOCABULARY]


def _document(number: int, sections: NDArray[np.str_]) -> Document:
    text, headings = "", []
    for section in sections:
        title = " ".join(section[:3]).title()
        start = len(text) + 2 if text else 0
        headings.append(Heading(1 if not text else 2, title, start, start + len(title)))
        text += ("\n\n" if text else "") + title + "\n\n" + _prose(section)
    return Document(
        id=f"made-up/{number:06}",
        title=headings[0].text,
        text=text,
        headings=tuple(headings),
        pages=(),
        source=None,
        published_on=None,
        language="en",
        sha256=sha256(text.encode()).hexdigest(),
        modified_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def _prose(words: NDArray[np.str_]) -> str:
    rows = (words[i : i + SENTENCE_WORDS] for i in range(0, len(words), SENTENCE_WORDS))
    return " ".join(" ".join(row).capitalize() + "." for row in rows)
