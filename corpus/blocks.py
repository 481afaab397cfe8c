"""Blocks of text become one Document with exact offsets. Does not know file formats.

A reader yields blocks; here they are cleaned and joined, once, so that headings and pages point
at the very characters that stand in `Document.text`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from corpus.document import Document, Heading, Page
from corpus.errors import UnreadableDocument
from corpus.language import language_of

SEPARATOR = "\n\n"
LONGEST_TITLE = 300
ISO_DATE = re.compile(r"[12]\d{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Controls, half characters, and what hides text from people or from search: soft hyphen, zero-width
# space, invisible fillers and operators, byte-order mark, bidirectional controls, tag characters
# and the variation selectors that can carry any hidden bytes.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b"
    "\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]"
)
# Zero-width joiners stay where a script is misspelt without them, and go between Latin letters.
JOINER_IN_LATIN = re.compile("(?<=[a-zA-Z\u00c0-\u024f])[\u200c\u200d]+(?=[a-zA-Z\u00c0-\u024f])")


class Block(NamedTuple):
    """A paragraph, list item, table row or heading (level 1 to 6; 0 is none) of one page."""

    text: str
    heading_level: int = 0
    page: int | None = None


def row_block(cells: Iterable[str], *, page: int | None = None) -> Block:
    """Return a table's row as one block; empty cells at its end are none."""
    words = list(cells)
    while words and not words[-1]:
        words.pop()
    return Block(" | ".join(words), page=page)


@dataclass(frozen=True, kw_only=True)
class Extract:
    """What a reader found in one file."""

    blocks: Sequence[Block]
    title: str | None = None
    source: str | None = None
    published_on: str | None = None
    language: str | None = None


def clean(text: str) -> str:
    r"""Return `text` in NFC with `\\n` line ends and without invisible or control characters."""
    text = LINE_END.sub("\n", text)
    for ligature, letters in LIGATURES.items():
        text = text.replace(ligature, letters)
    lines = INVISIBLE.sub("", text).split("\n")
    text = unicodedata.normalize("NFC", "\n".join(line.rstrip() for line in lines))
    return JOINER_IN_LATIN.sub("", text).strip()


def make_document(
    extract: Extract, *, document_id: str, fallback_title: str, modified_at: datetime
) -> Document:
    """Join an extract's blocks into a Document; UnreadableDocument if they hold no text."""
    parts: list[str] = []
    headings: list[Heading] = []
    pages: dict[int, Page] = {}
    offset = 0
    for block in extract.blocks:
        text = clean(block.text)
        if not text:
            continue
        start, end = offset, offset + len(text)
        if block.heading_level:
            headings.append(Heading(min(block.heading_level, 6), text, start, end))
        if block.page is not None:
            first = pages.get(block.page, Page(block.page, start, end))
            pages[block.page] = replace(first, end=end)
        parts.append(text)
        offset = end + len(SEPARATOR)
    if not parts:
        raise UnreadableDocument("no text in it")
    # NFC can change across a joint; the separator is a newline, which composes with nothing.
    text = SEPARATOR.join(parts)
    title = clean(extract.title or "") or next((h.text for h in headings), clean(fallback_title))
    date = ISO_DATE.match(extract.published_on or "")
    return Document(
        id=document_id,
        title=" ".join(title.split())[:LONGEST_TITLE],
        text=text,
        headings=tuple(headings),
        pages=tuple(pages.values()),
        source=clean(extract.source or "") or None,
        published_on=date.group() if date else None,
        language=language_of(text, declared=extract.language),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        modified_at=modified_at,
    )
