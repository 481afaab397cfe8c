"""What a document is: its exact text, and where things stand in it. Does not know files."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one document: code points into `Document.text`, half open."""

    document_id: str
    start: int
    end: int

    def holds(self, other: "Span") -> bool:
        """Say whether the other lies within this one."""
        same = self.document_id == other.document_id
        return same and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and where its words stand in `Document.text`; level 1 is the highest."""

    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A printed page, numbered from 1, and the stretch of `Document.text` on it."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    r"""One document as everything after the loader sees it.

    `text` is NFC with `\n` line ends, and every offset anywhere is into it. `published_on` is an
    ISO date, perhaps only a year or a month; `source` is what the document says of its origin
    (a URL where it has one); `sha256` is of `text` in UTF-8.
    """

    id: str
    title: str
    text: str
    headings: tuple[Heading, ...]
    pages: tuple[Page, ...]
    source: str | None
    published_on: str | None
    language: str | None
    sha256: str
    modified_at: datetime

    def page_at(self, offset: int) -> int | None:
        """Return the number of the page that holds `offset`, or None if there are no pages."""
        return next((page.number for page in self.pages if page.start <= offset < page.end), None)
