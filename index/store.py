"""Keeps documents and passages in one SQLite file. Does not know vectors or how words are found.

Passages have numbers that are never used twice, so that the vectors, which know passages by number
alone, can drop some and take new ones.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from index.embed import Bounds
from index.errors import DamagedIndex, reading
from index.passage import Passage

_DOCUMENT = TypeAdapter(Document)
_TABLES = """
    CREATE TABLE IF NOT EXISTS documents (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL,
        title TEXT NOT NULL, language TEXT, published_on TEXT,
        file_sha256 TEXT NOT NULL, fingerprint TEXT NOT NULL, fields TEXT NOT NULL,
        text BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS passages (
        number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
        page INTEGER, token_count INTEGER NOT NULL, headings TEXT NOT NULL, text TEXT NOT NULL,
        content_key BLOB NOT NULL, sentences TEXT NOT NULL, first_sentence INTEGER NOT NULL,
        head TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS passages_of ON passages (document);
    CREATE INDEX IF NOT EXISTS passages_like ON passages (content_key);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which documents to search: all that every field given allows.

    `documents` are ids, `folder` the start of an id up to a slash; `since` and `until` are ISO
    dates, both included, and leave out documents of unknown date.
    """

    documents: tuple[str, ...] = ()
    folder: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage as it lies in the store.

    `bounds` are its sentences, in code points of its text; their vectors are the rows from
    `first_sentence` on. `head` and `body` are the stems of its headings and of its text, in order.
    """

    number: int
    passage: Passage
    title: str
    language: str | None
    bounds: Bounds
    first_sentence: int
    head: Sequence[str]
    body: Sequence[str]

    @property
    def sentence_rows(self) -> range:
        """Return the rows of its sentences' vectors."""
        return range(self.first_sentence, self.first_sentence + len(self.bounds))


class Store:
    """An open store; any number of threads may read one that is not written."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        """Open a store that exists, for reading; with `write`, one that is made where none is."""
        mode = "rwc" if write else "ro&immutable=1"
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise DamagedIndex(f"{path} cannot be opened; run `footnote index` again.") from error
        self._connection.row_factory = sqlite3.Row
        if write:
            self._connection.executescript(_TABLES)

    def add_document(self, document: Document, *, file_sha256: str) -> int:
        """Add a document and return its number."""
        fields = _DOCUMENT.dump_python(document, mode="json", exclude={"text"})
        own = [fields[name] for name in ("id", "title", "language", "published_on")]
        whole = json.dumps(fields, ensure_ascii=False), zlib.compress(document.text.encode())
        cursor = self._connection.execute(
            "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*own, file_sha256, fingerprint(document), *whole),
        )
        return int(cursor.lastrowid or 0)

    def add_passage(self, stored: Stored, *, document: int, content_key: bytes) -> None:
        """Add a passage of the document of this number."""
        passage = stored.passage
        self._connection.execute(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                stored.number,
                document,
                passage.span.start,
                passage.page,
                passage.token_count,
                json.dumps(passage.heading_path, ensure_ascii=False),
                passage.text,
                content_key,
                json.dumps([edge for bound in stored.bounds for edge in bound]),
                stored.first_sentence,
                " ".join(stored.head),
                " ".join(stored.body),
            ),
        )

    def remove_document(self, document_id: str) -> list[int]:
        """Remove a document; return the numbers of its passages."""
        ((number,),) = self._rows("SELECT number FROM documents WHERE id = ?", (document_id,))
        passages = self._rows("SELECT number FROM passages WHERE document = ?", (number,))
        self._connection.execute("DELETE FROM passages WHERE document = ?", (number,))
        self._connection.execute("DELETE FROM documents WHERE number = ?", (number,))
        return [row[0] for row in passages]

    def commit(self) -> None:
        """Write everything added to disk."""
        self._connection.commit()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def document(self, document_id: str) -> Document:
        """Return one document; UnknownDocument if there is none of this id."""
        known = document_id.encode("utf-8", "replace").decode()  # a broken name is no name
        rows = self._rows("SELECT fields, text FROM documents WHERE id = ?", (known,))
        if not rows:
            raise UnknownDocument(
                f"no document is called {document_id!r}; `footnote show` alone lists them."
            )
        whole = json.loads(rows[0]["fields"]) | {"text": zlib.decompress(rows[0]["text"]).decode()}
        return _DOCUMENT.validate_python(whole, strict=False)

    def titles(self) -> dict[str, str]:
        """Return each document's title by its id, ordered by id."""
        return dict(self._rows("SELECT id, title FROM documents ORDER BY id"))

    def languages(self) -> list[str | None]:
        """Return the languages of the documents, the most frequent first."""
        rows = self._rows(
            "SELECT language FROM documents GROUP BY language ORDER BY count(*) DESC, language"
        )
        return [row[0] for row in rows]

    def fingerprints(self) -> dict[str, str]:
        """Return each document's fingerprint by its id."""
        return dict(self._rows("SELECT id, fingerprint FROM documents"))

    def file_hashes(self) -> dict[str, str]:
        """Return the sha256 of the file that each document was read from, by its id."""
        return dict(self._rows("SELECT id, file_sha256 FROM documents"))

    def passages(self, numbers: Sequence[int]) -> list[Stored]:
        """Return the passages of these numbers, in the order of the numbers."""
        rows = self._rows(
            "SELECT p.*, d.id, d.title, d.language FROM passages p JOIN documents d "
            "ON d.number = p.document WHERE p.number IN (SELECT value FROM json_each(?))",
            [json.dumps([int(number) for number in numbers])],
        )
        found = {row["number"]: _stored(row) for row in rows}
        return [found[number] for number in numbers if number in found]

    def stems(self) -> Iterator[tuple[int, int, str, str]]:
        """Yield each passage's number, its document's, and the stems of its headings and text."""
        yield from self._connection.execute("SELECT number, document, head, body FROM passages")

    def numbers(self) -> list[int]:
        """Return the number of every passage, ascending."""
        return [row[0] for row in self._rows("SELECT number FROM passages ORDER BY number")]

    def count_passages(self) -> int:
        """Return how many passages there are."""
        return int(self._rows("SELECT count(*) FROM passages")[0][0])

    def like(self, content_key: bytes) -> tuple[int, int, int] | None:
        """Return (number, first sentence, sentences) of a passage with this searched text."""
        rows = self._rows(
            "SELECT number, first_sentence, sentences FROM passages WHERE content_key = ? LIMIT 1",
            (content_key,),
        )
        return next(((number, first, len(json.loads(s)) // 2) for number, first, s in rows), None)

    def see_that_it_holds(self, where: Filter) -> None:
        """UnknownDocument if a document or folder that a filter names is not there."""
        for document_id in where.documents:
            self.document(document_id)
        start = f"{(where.folder or '').strip('/')}/"
        if where.folder and not any(each.startswith(start) for each in self.titles()):
            raise UnknownDocument(
                f"no document is in a folder {where.folder!r}; `footnote show` alone lists them."
            )

    def allowed(self, where: Filter) -> tuple[list[int], list[int]]:
        """Return the numbers of the documents, and of the passages, that a filter allows."""
        conditions, values = ["1"], list[object]()
        if where.documents:
            conditions.append("d.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(where.documents))
        if where.folder:
            folder = where.folder.strip("/") + "/"
            conditions.append("substr(d.id, 1, ?) = ?")
            values += [len(folder), folder]
        if where.since:
            conditions.append("d.published_on >= ?")
            values.append(where.since)
        if where.until:  # 2012-03 is within 2012, and before the end of 2012-03-15's month
            conditions.append("substr(d.published_on, 1, ?) <= ?")
            values += [len(where.until), where.until]
        rows = self._rows(
            "SELECT d.number, p.number FROM documents d JOIN passages p ON p.document = d.number "
            f"WHERE {' AND '.join(conditions)} ORDER BY p.number",
            values,
        )
        return sorted({row[0] for row in rows}), [row[1] for row in rows]

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with reading("documents"):
            return self._connection.execute(query, tuple(values)).fetchall()


def fingerprint(document: Document) -> str:
    """Return a hash of everything in a document but the time its file was touched."""
    value = _DOCUMENT.dump_json(document, exclude={"modified_at"})
    return hashlib.sha256(value).hexdigest()


def _stored(row: sqlite3.Row) -> Stored:
    start, end = row["start"], row["start"] + len(row["text"])
    edges = json.loads(row["sentences"])
    return Stored(
        row["number"],
        Passage(
            id=f"{row['id']}#{start}-{end}",
            span=Span(row["id"], start, end),
            heading_path=tuple(json.loads(row["headings"])),
            page=row["page"],
            text=row["text"],
            token_count=row["token_count"],
        ),
        row["title"],
        row["language"],
        list(zip(edges[::2], edges[1::2], strict=True)),
        row["first_sentence"],
        row["head"].split(),
        row["body"].split(),
    )
