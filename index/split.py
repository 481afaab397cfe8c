"""Cuts a document into passages of whole sentences. Does not know vectors or search."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from corpus.document import Document, Heading, Span
from index.passage import Passage
from index.sentences import split_sentences
from index.tokens import count_tokens

# Measured in the literature at equal recall: passages of about 200 tokens without overlap cost a
# fifth of what 800 with 400 overlap cost to read. Ours are smaller because sentences are cited.
PASSAGE_TOKENS = 160
HEAD_CHARACTERS = 160
"""Of title and headings; a longer head would leave the model no room for the passage."""


def split_document(
    document: Document, *, fits: Callable[[str], bool], passage_tokens: int = PASSAGE_TOKENS
) -> list[Passage]:
    """Return the passages of `document` in order; together they hold all of its words.

    A passage never crosses a heading, holds at most `passage_tokens`, and satisfies `fits` (what
    the embedding model can read, with `searched_text`). Only a sentence too long for both is cut,
    between words where it has any.
    """
    return [
        _passage(document, start, end, path)
        for section_start, section_end, path in _sections(document)
        for start, end in _pack(document, section_start, section_end, path, fits, passage_tokens)
    ]


def searched_text(document: Document, passage_text: str, heading_path: tuple[str, ...]) -> str:
    """Return what is searched for a passage: its words under its title and headings.

    Only the passage's own words are ever cited.
    """
    head = [document.title, *(text for text in heading_path if text != document.title)]
    return " > ".join(head)[:HEAD_CHARACTERS] + "\n" + passage_text


def _sections(document: Document) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield (start, end, heading path); headings with nothing between them open one section."""
    starts = [0]
    for before, heading in pairwise([None, *document.headings]):
        gap = document.text[before.end if before else 0 : heading.start] if heading else ""
        if gap.strip() and heading:
            starts.append(heading.start)
    for start, end in pairwise([*starts, len(document.text)]):
        if start < end:
            yield start, end, _path(document.headings, end)


def _path(headings: tuple[Heading, ...], end: int) -> tuple[str, ...]:
    path: list[Heading] = []
    for heading in headings:
        if heading.start < end:
            path = [above for above in path if above.level < heading.level] + [heading]
    return tuple(heading.text for heading in path)


def _pack(
    document: Document,
    start: int,
    end: int,
    path: tuple[str, ...],
    fits: Callable[[str], bool],
    passage_tokens: int,
) -> Iterator[tuple[int, int]]:
    def small(a: int, b: int) -> bool:
        text = document.text[a:b]
        return count_tokens(text) <= passage_tokens and fits(searched_text(document, text, path))

    current: tuple[int, int] | None = None
    for sentence in split_sentences(document.text, start, end):
        for piece_start, piece_end in _pieces(document.text, sentence.start, sentence.end, small):
            if current and small(current[0], piece_end):
                current = (current[0], piece_end)
            else:
                if current:
                    yield current
                current = (piece_start, piece_end)
    if current:
        yield current


def _pieces(
    text: str, start: int, end: int, small: Callable[[int, int], bool]
) -> Iterator[tuple[int, int]]:
    """Yield the sentence whole, or halves of it, and of those, until each is small enough."""
    if small(start, end) or end - start < 2:
        yield start, end
        return
    middle = (start + end) // 2
    gaps = [m for m in re.finditer(r"\s+", text[start:end]) if m.start() > 0]
    gap = min(gaps, key=lambda m: abs(start + m.start() - middle), default=None)
    left, right = (start + gap.start(), start + gap.end()) if gap else (middle, middle)
    yield from _pieces(text, start, left, small)
    yield from _pieces(text, right, end, small)


def _passage(document: Document, start: int, end: int, path: tuple[str, ...]) -> Passage:
    text = document.text[start:end]
    return Passage(
        id=f"{document.id}#{start}-{end}",
        span=Span(document.id, start, end),
        heading_path=path,
        page=document.page_at(start),
        text=text,
        token_count=count_tokens(text),
    )
