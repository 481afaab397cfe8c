"""Cuts a document into passages of whole sentences. Does not know vectors or search."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from corpus.document import Document, Heading, Span
from index.passage import Passage
from index.sentences import split_sentences
from index.tokens import count_tokens

PASSAGE_TOKENS = 250
"""About what the bundled model reads at once. On the Chroma chunking corpora, five passages of this
size, each cut down to the sentences that matter, hold more of what is asked for in fewer characters
than five of 160 or 200 tokens."""
HEAD_CHARACTERS = 160
"""Of title and headings; a longer head would leave the model no room for the passage."""
CHARACTERS_A_TOKEN = 40
"""More than any token has, so that a huge run of characters is cut before it is counted."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a passage may hold: `tokens` of cl100k, and `pieces` of the embedding model."""

    tokens: int
    pieces: int
    count_pieces: Callable[[str], int]

    def cost(self, text: str) -> tuple[int, int]:
        """Return the tokens and pieces of a text."""
        return count_tokens(text), self.count_pieces(text)

    def holds(self, tokens: int, pieces: int) -> bool:
        """Say whether a text of this cost has room."""
        return tokens <= self.tokens and pieces <= self.pieces

    def holds_text(self, text: str) -> bool:
        """Say whether a text has room."""
        short = len(text) <= CHARACTERS_A_TOKEN * self.tokens
        return short and self.holds(*self.cost(text))


def split_document(
    document: Document,
    *,
    count_pieces: Callable[[str], int] = count_tokens,
    longest_pieces: int = 1_000_000,
    passage_tokens: int = PASSAGE_TOKENS,
) -> list[Passage]:
    """Return the passages of `document` in order; together they hold all of its words.

    A passage never crosses a heading, holds at most `passage_tokens`, and with its title and
    headings at most `longest_pieces` of the embedding model. Only a sentence too long for both is
    cut, between words where it has any.
    """
    passages = []
    for section_start, section_end, path in _sections(document):
        head = count_pieces(make_head(document, path) + "\n")
        room = Room(passage_tokens, max(1, longest_pieces - head), count_pieces)
        for start, end in _pack(document.text, section_start, section_end, room):
            text = document.text[start:end]
            passages.append(
                Passage(
                    id=f"{document.id}#{start}-{end}",
                    span=Span(document.id, start, end),
                    heading_path=path,
                    page=document.page_at(start),
                    text=text,
                    token_count=count_tokens(text),
                )
            )
    return passages


def make_head(document: Document, heading_path: tuple[str, ...]) -> str:
    """Return the title and headings that a passage is searched under; they are never cited."""
    head = [document.title, *(text for text in heading_path if text != document.title)]
    return " > ".join(head)[:HEAD_CHARACTERS]


def _sections(document: Document) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield (start, end, heading path); headings with nothing between them open one section."""
    ends = [0, *(heading.end for heading in document.headings)]
    gaps = zip(ends, (heading.start for heading in document.headings), strict=False)
    starts = [start for end, start in gaps if document.text[end:start].strip()]
    for start, end in pairwise([0, *starts, len(document.text)]):
        if start < end:
            yield start, end, _path(document.headings, end)


def _path(headings: tuple[Heading, ...], end: int) -> tuple[str, ...]:
    path: list[Heading] = []
    for heading in headings:
        if heading.start < end:
            path = [above for above in path if above.level < heading.level] + [heading]
    return tuple(heading.text for heading in path)


def _pack(text: str, start: int, end: int, room: Room) -> Iterator[tuple[int, int]]:
    """Yield runs of sentences that fill the room; a run costs no more than its parts together."""
    run: tuple[int, int] | None = None
    used = (0, 0)
    for sentence in split_sentences(text, start, end):
        for piece_start, piece_end in _pieces(text, sentence.start, sentence.end, room):
            tokens, pieces = room.cost(text[run[1] if run else piece_start : piece_end])
            if run and room.holds(used[0] + tokens, used[1] + pieces):
                run, used = (run[0], piece_end), (used[0] + tokens, used[1] + pieces)
            else:
                if run:
                    yield from _pieces(text, *run, room)
                run, used = (piece_start, piece_end), (tokens, pieces)
    if run:
        yield from _pieces(text, *run, room)


def _pieces(text: str, start: int, end: int, room: Room) -> Iterator[tuple[int, int]]:
    """Yield the stretch whole, or halves of it, and of those, until each has room."""
    if end - start < 2 or room.holds_text(text[start:end]):
        yield start, end
        return
    middle = (start + end) // 2
    gap = _gap_near(text, start, end, middle)
    left, right = gap or (middle, middle)
    yield from _pieces(text, start, left, room)
    yield from _pieces(text, right, end, room)


def _gap_near(text: str, start: int, end: int, middle: int) -> tuple[int, int] | None:
    """Return the white space nearest the middle, with words on both sides."""
    for reach in range((end - start) // 2):
        for at in (middle - reach, middle + reach):
            if start < at < end - 1 and text[at].isspace():
                left = start + 1 + len(text[start + 1 : at].rstrip())
                right = end - 1 - len(text[at : end - 1].lstrip())
                return left, right
    return None
