"""Where the grounding suite works: indexes that go away, documents changed. Knows no measure."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, TypeVar

from chatbot.ask import Reader
from chatbot.span_reader import SpanReader
from corpus.document import Document
from corpus.load import Corpus
from index.build import build_index
from index.embed import Embedder
from index.generation import open_current

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What indexes are built and read with; `sample` is the most of anything that is tried."""

    embedder: Embedder
    passage_tokens: int
    span_reader: SpanReader
    sample: int | None = None
    progress: Callable[[int, int], None] = lambda _done, _total: None

    @contextmanager
    def reading(self, documents: Iterable[Document], index: Path | None = None) -> Iterator[Reader]:
        """Give a reader of these documents alone; `index` may hold nearly the same ones."""
        corpus, embedder = Corpus(tuple(documents), skipped=()), self.embedder
        with tempfile.TemporaryDirectory() as scratch:
            made: Any = {"embedding_model": embedder.name, "passage_tokens": self.passage_tokens}
            made["index"] = index or Path(scratch)
            build_index(corpus, load_embedder=lambda _: embedder, progress=self.progress, **made)
            with closing(open_current(**made)) as opened:
                yield Reader(generation=opened, embedder=embedder, span_reader=self.span_reader)

    def at_most(self, count: int) -> int:
        """Return `count`, or the sample if that is less."""
        return min(count, self.sample or count)


def spread(items: Sequence[T], most: int) -> list[T]:
    """Return at most so many of the items, evenly spread and always the same."""
    count = min(len(items), most)
    return [items[i * len(items) // count] for i in range(count)]


def documents_of(reader: Reader) -> list[Document]:
    """Return every document of the reader's index."""
    generation = reader.generation
    return [generation.document(document_id) for document_id in generation.store.titles()]


def with_text(document: Document, text: str) -> Document:
    """Return the document with another text; what else it says of itself stays."""
    return replace(document, text=text, sha256=sha256(text.encode()).hexdigest())


def rewritten(document: Document, edit: Callable[[str], str]) -> Document:
    """Return the document with text and titles edited, word by word; headings and pages move."""
    text, headings, pages = document.text, document.headings, document.pages
    ends = [(h.start, h.end) for h in headings] + [(p.start, p.end) for p in pages]
    places = sorted({0, len(text), *chain(*ends)})
    pieces = [edit(text[start:end]) for start, end in pairwise(places)]
    now = dict(zip(places, accumulate(map(len, pieces), initial=0), strict=True))
    moved = replace(
        document,
        title=edit(document.title),
        headings=tuple(
            replace(each, text=edit(each.text), start=now[each.start], end=now[each.end])
            for each in headings
        ),
        pages=tuple(replace(p, start=now[p.start], end=now[p.end]) for p in pages),
    )
    return with_text(moved, "".join(pieces))
