"""Writes one generation's files, new or from a copy of another's. Does not know where text is from.

documents.sqlite   words/   vectors/   passages.i8   sentences.i4

The words are always written anew, a second's work for 20,000 passages: tantivy goes on counting
those of removed passages, so that scores would depend on what was once there.
"""

import shutil
from pathlib import Path

import numpy as np

from index.keyword import write_words
from index.packed import Rows, unpack
from index.prepare import Entry, as_stored
from index.store import Store
from index.vectors import VectorStore

GRAPH_BATCH = 2_000


class Writer:
    """An unfinished generation."""

    def __init__(self, folder: Path, *, copy_of: Path | None, dimensions: int) -> None:
        """Begin in `folder`, with everything that the generation in `copy_of` holds, if any."""
        self._folder = folder
        self._dimensions = dimensions
        if copy_of:
            # The JSON files are the manifest, and what was made of the finished generation.
            left_out = shutil.ignore_patterns("*.json*", "*.lock", "words")
            shutil.copytree(copy_of, folder, ignore=left_out)
        else:
            folder.mkdir(parents=True)
        self._store = Store(folder / "documents.sqlite", write=True)
        self._graph = VectorStore(folder / "vectors", create=not copy_of)
        self._document, self._document_number = "", -1
        self._waiting: list[tuple[int, Rows]] = []
        self._passages = (folder / "passages.i8").open("ab")
        self._sentences = (folder / "sentences.i4").open("ab")
        self._next_passage = self._passages.tell() // dimensions
        self._next_sentence = self._sentences.tell() // -(-dimensions // 2)

    def remove(self, document_id: str) -> None:
        """Remove a document; its numbers, and its rows in the flat files, are not used again."""
        self._graph.remove(self._store.remove_document(document_id))

    def add(self, entry: Entry, *, rows: tuple[Rows, Rows], file_sha256: str) -> None:
        """Add a passage with its vectors, and its document if it is the first of it."""
        passage_row, sentence_rows = rows
        document = entry.document
        if document.id != self._document:
            self._document = document.id
            self._document_number = self._store.add_document(document, file_sha256=file_sha256)
        stored = as_stored(entry, self._next_passage, self._next_sentence)
        self._store.add_passage(
            stored, document=self._document_number, content_key=entry.content_key
        )
        self._passages.write(passage_row.tobytes())
        self._sentences.write(sentence_rows.tobytes())
        self._waiting.append((stored.number, passage_row))
        if len(self._waiting) >= GRAPH_BATCH:
            self._fill_graph()
        self._next_passage += 1
        self._next_sentence += len(sentence_rows)

    def finish(self) -> int:
        """Write what is still to be written, and return how many passages there are."""
        self._fill_graph()
        self._store.commit()
        write_words(self._folder / "words", self._store.stems())
        return self._store.count_passages()

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()
        self._graph.close()
        self._passages.close()
        self._sentences.close()

    def _fill_graph(self) -> None:
        if self._waiting:
            numbers, rows = zip(*self._waiting, strict=True)
            self._graph.add(numbers, unpack(np.stack(rows), 8, self._dimensions))
            self._waiting = []
