"""What is indexed, as people are shown it: documents, and files left out. Knows no passages."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from corpus.document import Document, Page
from corpus.load import Skipped
from index.generation import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is said of a document wherever it is shown."""

    id: str
    title: str
    published_on: str | None
    language: str | None
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument(Described):
    """A document without its text: `pages` is None where it has none, `characters` code points."""

    pages: int | None
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Documents (by id) and files left out of the index of this name."""

    documents: tuple[ListedDocument, ...]
    skipped: tuple[Skipped, ...]
    indexed_at: datetime
    index: str


@dataclass(frozen=True, slots=True)
class ShownHeading:
    """A heading, and where it starts."""

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument(Described):
    """A document, less what only the index needs of it."""

    text: str
    headings: tuple[ShownHeading, ...]
    pages: tuple[Page, ...]


def list_library(generation: Generation) -> Library:
    """List what a generation holds. Reads every document: a second for a thousand."""
    documents = map(generation.document, generation.store.titles())
    return Library(
        documents=tuple(
            ListedDocument(
                **_described(each), pages=len(each.pages) or None, characters=len(each.text)
            )
            for each in documents
        ),
        skipped=tuple(generation.manifest.skipped),
        indexed_at=generation.manifest.built_at,
        index=generation.folder.name,
    )


def show_document(document: Document) -> ShownDocument:
    """Return what is shown of a document."""
    headings = tuple(ShownHeading(h.level, h.text, h.start) for h in document.headings)
    return ShownDocument(
        **_described(document), text=document.text, headings=headings, pages=document.pages
    )


def _described(document: Document) -> dict[str, Any]:
    return {field.name: getattr(document, field.name) for field in fields(Described)}
