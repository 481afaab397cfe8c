"""Keeps documents and passages, and finds passages by their words, in one SQLite file.

Does not know vectors. Keyword search is SQLite's FTS5 (BM25, Porter stems, accents folded).
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from corpus.document import Document
from corpus.errors import UnknownDocument
from index.errors import DamagedIndex
from index.passage import Passage

_DOCUMENT = TypeAdapter(Document)
_PASSAGE = TypeAdapter(Passage)
_TABLES = """
    CREATE TABLE documents (id TEXT PRIMARY KEY, title TEXT, json TEXT NOT NULL);
    CREATE TABLE passages (
        number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, document_id TEXT NOT NULL,
        content_key TEXT NOT NULL, json TEXT NOT NULL);
    CREATE VIRTUAL TABLE words USING fts5(
        head, body, tokenize = 'porter unicode61 remove_diacritics 2');
"""
HEAD_WEIGHT, BODY_WEIGHT = 0.5, 1.0


class Store:
    """An open store. Read-only unless it was made by `Store.create`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def create(cls, path: Path) -> "Store":
        """Make a new, empty store that can be written."""
        connection = sqlite3.connect(path)
        connection.executescript(_TABLES)
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open a store for reading, from any thread."""
        try:
            uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            return cls(sqlite3.connect(uri, uri=True, check_same_thread=False))
        except sqlite3.Error as error:
            raise DamagedIndex(f"{path} cannot be opened; run `footnote index` again.") from error

    def add(self, document: Document, passages: Iterable[tuple[Passage, str, str]]) -> None:
        """Add a document and its passages, each with its heading words and content key."""
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?)",
            (document.id, document.title, _DOCUMENT.dump_json(document).decode()),
        )
        for passage, head, content_key in passages:
            cursor = self._connection.execute(
                "INSERT INTO passages (id, document_id, content_key, json) VALUES (?, ?, ?, ?)",
                (passage.id, document.id, content_key, _PASSAGE.dump_json(passage).decode()),
            )
            self._connection.execute(
                "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)",
                (cursor.lastrowid, head, passage.text),
            )

    def commit(self) -> None:
        """Write everything added to disk and compact the word index."""
        self._connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._connection.commit()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def document(self, document_id: str) -> Document:
        """Return one document; UnknownDocument if there is none of this id."""
        known = document_id.encode("utf-8", "replace").decode()  # a broken name is no name
        rows = self._rows("SELECT json FROM documents WHERE id = ?", (known,))
        if not rows:
            raise UnknownDocument(
                f"no document is called {document_id!r}; `footnote show` alone lists them."
            )
        return _DOCUMENT.validate_json(rows[0][0])

    def documents(self) -> list[Document]:
        """Return every document, ordered by id."""
        rows = self._rows("SELECT json FROM documents ORDER BY id")
        return [_DOCUMENT.validate_json(row[0]) for row in rows]

    def titles(self) -> dict[str, str]:
        """Return each document's title by its id, ordered by id."""
        return dict(self._rows("SELECT id, title FROM documents ORDER BY id"))

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Return the passages of these ids, by id."""
        marks = ",".join("?" * len(ids))
        rows = self._rows(f"SELECT id, json FROM passages WHERE id IN ({marks})", ids)
        return {row[0]: _PASSAGE.validate_json(row[1]) for row in rows}

    def content_keys(self) -> dict[str, str]:
        """Return a passage id for each content key: equal keys have equal vectors."""
        return dict(self._rows("SELECT content_key, id FROM passages"))

    def count_passages(self) -> int:
        """Return how many passages there are."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def search_words(self, query: str, *, k: int) -> dict[str, float]:
        """Return the BM25 score (higher is better) of the `k` best passages, by passage id."""
        words = re.findall(r"\w+", query)
        if not words:
            return {}
        expression = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        rows = self._rows(
            f"SELECT p.id, -bm25(words, {HEAD_WEIGHT}, {BODY_WEIGHT}) AS score FROM words "
            "JOIN passages p ON p.number = words.rowid WHERE words MATCH ? "
            "ORDER BY score DESC, p.id LIMIT ?",
            (expression, k),
        )
        return {row[0]: float(row[1]) for row in rows}

    def count_with_word(self, word: str) -> int:
        """Return in how many passages a word (or another form of it) stands."""
        if not re.search(r"\w", word):
            return 0
        quoted = word.replace('"', "")
        return int(
            self._rows("SELECT count(*) FROM words WHERE words MATCH ?", (f'"{quoted}"',))[0][0]
        )

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        try:
            return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            raise DamagedIndex(
                "the index's documents cannot be read; run `footnote index` to build it again."
            ) from error
