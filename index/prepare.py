"""Cuts documents into passages and finds or makes their vectors. Writes no generation.

A journal remembers what was embedded until the build that needed it is done: one that is killed
after an hour goes on where it was, and only what the last commit missed is embedded again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.document import Document
from index.embed import Bounds, Embedder
from index.generation import Generation
from index.packed import Rows, pack
from index.passage import Passage
from index.sentences import split_sentences
from index.split import make_head, split_document
from index.store import Stored
from index.words import analyse

JOURNAL = "unfinished.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A passage ready to be written: `head` is its title and headings, `bounds` its sentences."""

    document: Document
    passage: Passage
    head: str
    bounds: Bounds

    @property
    def searched(self) -> str:
        """Return all that the embedding model reads of it."""
        return f"{self.head}\n{self.passage.text}"

    @property
    def content_key(self) -> bytes:
        """Return what is the same for all passages that are read as the same text."""
        return hashlib.sha256(self.searched.encode()).digest()[:16]


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
            yield Entry(
                document=document,
                passage=passage,
                head=make_head(document, passage.heading_path),
                bounds=[(s.start, s.end) for s in split_sentences(passage.text)],
            )


def as_stored(entry: Entry, number: int, first_sentence: int) -> Stored:
    """Return a passage as it lies in the store, under this number."""
    return Stored(
        number,
        entry.passage,
        entry.document.title,
        entry.document.language,
        entry.bounds,
        first_sentence,
        analyse(entry.head, entry.document.language),
        analyse(entry.passage.text, entry.document.language),
    )


class Journal:
    """Packed rows of passages and their sentences, by content key."""

    def __init__(self, index: Path, *, made_by: Sequence[object]) -> None:
        """Open the index's journal; rows that another model or packing made are not found in it."""
        self._made_by = hashlib.sha256(json.dumps(made_by, default=str).encode()).digest()
        try:
            self._open(index / JOURNAL)
        except sqlite3.OperationalError:  # a full disk is no reason to forget
            raise
        except sqlite3.DatabaseError:  # cut off mid-write, or no journal at all
            self._connection.close()
            forget(index)
            self._open(index / JOURNAL)

    def _open(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE IF NOT EXISTS rows "
            "(key BLOB PRIMARY KEY, passage BLOB, sentences BLOB, width INTEGER);"
        )

    def get(self, key: bytes) -> tuple[Rows, Rows] | None:
        """Return a passage's row and the rows of its sentences, if they are known."""
        query = "SELECT passage, sentences, width FROM rows WHERE key = ?"
        found = self._connection.execute(query, (self._made_by + key,)).fetchone()
        if not found:
            return None
        passage, sentences, width = found
        rows = np.frombuffer(sentences, np.uint8).reshape(-1, width)
        return np.frombuffer(passage, np.uint8), rows

    def put(self, rows: Sequence[tuple[bytes, Rows, Rows]]) -> None:
        """Remember (key, passage row, sentence rows), for good from here on."""
        values = [
            (self._made_by + key, row.tobytes(), some.tobytes(), some.shape[1])
            for key, row, some in rows
        ]
        self._connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", values)
        self._connection.commit()

    def close(self) -> None:
        """Close the file and keep it."""
        self._connection.close()


def forget(index: Path) -> None:
    """Remove the index's journal: the build that needed it is done."""
    for suffix in ("", "-wal", "-shm"):
        (index / (JOURNAL + suffix)).unlink(missing_ok=True)


def find_vectors(
    entries: Sequence[Entry], *, embedder: Embedder, previous: Generation | None, journal: Journal
) -> list[tuple[Rows, Rows]]:
    """Return each entry's packed vectors: its passage's row and the rows of its sentences.

    The previous generation and the journal are asked first; what the model gives goes into the
    journal.
    """
    keys = [entry.content_key for entry in entries]
    asked = ((key, _known(key, previous) or journal.get(key)) for key in set(keys))
    rows = {key: found for key, found in asked if found}
    new = {key: entry for key, entry in zip(keys, entries, strict=True) if key not in rows}
    rows |= zip(new, embed_entries(list(new.values()), embedder), strict=True)
    journal.put([(key, *rows[key]) for key in new])
    return [rows[key] for key in keys]


def embed_entries(entries: Sequence[Entry], embedder: Embedder) -> list[tuple[Rows, Rows]]:
    """Return each entry's vectors as the model gives them, packed."""
    bounds = []
    for entry in entries:
        head = len(entry.head) + 1
        bounds.append([(head + start, head + end) for start, end in entry.bounds])
    embedded = embedder.embed_passages([entry.searched for entry in entries], bounds)
    return [(pack(e.passage[None], 8)[0], pack(e.sentences, 4)) for e in embedded]


def _known(key: bytes, previous: Generation | None) -> tuple[Rows, Rows] | None:
    place = previous.store.like(key) if previous else None
    if not previous or not place:
        return None
    number, first, count = place
    sentences = previous.sentence_vectors.rows(range(first, first + count))
    return previous.passage_vectors.rows([number])[0], sentences
