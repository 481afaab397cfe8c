"""Cuts documents into passages and finds or makes their vectors. Writes no generation."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Document
from index.embed import Embedder
from index.generation import Generation
from index.journal import Journal
from index.packed import Rows, pack
from index.passage import Passage
from index.sentences import split_sentences
from index.split import searched_text, split_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A passage ready to be written.

    `head` is its title and headings; `bounds` are its sentences in its text; `content_key` is of
    all that the embedding model reads, `searched`.
    """

    document: Document
    passage: Passage
    head: str
    searched: str
    bounds: tuple[tuple[int, int], ...]
    content_key: bytes


def make_entries(
    documents: Sequence[Document], embedder: Embedder, passage_tokens: int
) -> Iterator[Entry]:
    """Yield the passages of documents, in order."""
    for document in documents:
        for passage in split_document(
            document,
            count_pieces=embedder.count_pieces,
            longest_pieces=embedder.longest_pieces,
            passage_tokens=passage_tokens,
        ):
            searched = searched_text(document, passage.text, passage.heading_path)
            yield Entry(
                document=document,
                passage=passage,
                head=searched[: -len(passage.text)].strip(),
                searched=searched,
                bounds=tuple((s.start, s.end) for s in split_sentences(passage.text)),
                content_key=hashlib.sha256(searched.encode()).digest()[:16],
            )


def find_vectors(
    entries: Sequence[Entry],
    *,
    embedder: Embedder,
    previous: Generation | None,
    journal: Journal,
) -> list[tuple[Rows, Rows]]:
    """Return each entry's packed vectors: its passage's row and the rows of its sentences.

    The previous generation and the journal are asked first; what the model gives goes into the
    journal.
    """
    known = {
        entry.content_key: found
        for entry in entries
        if (found := _known(entry.content_key, previous) or journal.get(entry.content_key))
    }
    new = list({e.content_key: e for e in entries if e.content_key not in known}.values())
    bounds = []
    for entry in new:
        head = len(entry.searched) - len(entry.passage.text)
        bounds.append([(head + start, head + end) for start, end in entry.bounds])
    embedded = embedder.embed_passages([entry.searched for entry in new], bounds)
    fresh = [
        (entry.content_key, pack(vectors.passage[None], 8)[0], pack(vectors.sentences, 4))
        for entry, vectors in zip(new, embedded, strict=True)
    ]
    journal.put(fresh)
    known |= {key: (passage, sentences) for key, passage, sentences in fresh}
    return [known[entry.content_key] for entry in entries]


def _known(key: bytes, previous: Generation | None) -> tuple[Rows, Rows] | None:
    place = previous.store.like(key) if previous else None
    if not previous or not place:
        return None
    number, first, count = place
    sentences = previous.sentence_vectors.rows(range(first, first + count))
    return previous.passage_vectors.rows([number])[0], sentences
