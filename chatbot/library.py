"""What is indexed, as people are shown it: documents, and files left out. Knows no passages."""

from dataclasses import dataclass
from datetime import datetime

from corpus.document import Document, Page
from corpus.load import Skipped
from index.generation import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """A document without its text: `pages` is None where it has none, `characters` code points."""

    id: str
    title: str
    published_on: str | None
    language: str | None
    source: str | None
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
class ShownDocument:
    """A document, less what only the index needs of it."""

    id: str
    title: str
    text: str
    source: str | None
    published_on: str | None
    language: str | None
    headings: tuple[ShownHeading, ...]
    pages: tuple[Page, ...]


def list_library(generation: Generation) -> Library:
    """List what a generation holds. Reads every document: a second for a thousand."""
    documents = map(generation.document, generation.store.titles())
    return Library(
        documents=tuple(
            ListedDocument(
                id=each.id,
                title=each.title,
                published_on=each.published_on,
                language=each.language,
                source=each.source,
                pages=len(each.pages) or None,
                characters=len(each.text),
            )
            for each in documents
        ),
        skipped=tuple(generation.manifest.skipped),
        indexed_at=generation.manifest.built_at,
        index=generation.folder.name,
    )


def show_document(document: Document) -> ShownDocument:
    """Return what is shown of a document."""
    return ShownDocument(
        id=document.id,
        title=document.title,
        text=document.text,
        source=document.source,
        published_on=document.published_on,
        language=document.language,
        headings=tuple(ShownHeading(h.level, h.text, h.start) for h in document.headings),
        pages=document.pages,
    )
