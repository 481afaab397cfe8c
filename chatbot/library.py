"""What is indexed, as a list for people: documents, and files left out. Knows no passages."""

from dataclasses import dataclass
from datetime import datetime

from corpus.document import Document
from corpus.load import Skipped
from index.generation import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document without its text; `pages` is None where it has none, `characters` code points."""

    id: str
    title: str
    pages: int | None
    published_on: str | None
    language: str | None
    characters: int
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """All that one generation of the index holds, ordered by id; `index` is its name."""

    documents: tuple[Listed, ...]
    skipped: tuple[Skipped, ...]
    indexed_at: datetime
    index: str


def list_library(generation: Generation) -> Library:
    """Read every document once: a second for a thousand of them."""
    ids = generation.store.titles()
    return Library(
        documents=tuple(_listed(generation.document(id_)) for id_ in ids),
        skipped=generation.manifest.skipped,
        indexed_at=generation.manifest.built_at,
        index=generation.folder.name,
    )


def _listed(document: Document) -> Listed:
    return Listed(
        id=document.id,
        title=document.title,
        pages=len(document.pages) or None,
        published_on=document.published_on,
        language=document.language,
        characters=len(document.text),
        source=document.source,
    )
