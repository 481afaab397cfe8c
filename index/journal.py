"""Remembers what was embedded until the build that needed it is done. Knows no documents.

A build that is killed after an hour goes on where it was: only what the last commit missed is
embedded again.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.packed import Rows

FILE = "unfinished.sqlite"


class Journal:
    """Packed rows of passages and their sentences, by content key."""

    def __init__(self, index: Path, *, made_by: Sequence[object]) -> None:
        """Open the index's journal; rows that another model or packing made are not found in it."""
        self._made_by = hashlib.sha256(json.dumps(made_by, default=str).encode()).digest()
        try:
            self._open(index / FILE)
        except sqlite3.OperationalError:  # a full disk is no reason to forget
            raise
        except sqlite3.DatabaseError:  # cut off mid-write, or no journal at all
            self._connection.close()
            forget(index)
            self._open(index / FILE)

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
        self._connection.executemany(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
            [
                (self._made_by + key, row.tobytes(), some.tobytes(), some.shape[1])
                for key, row, some in rows
            ],
        )
        self._connection.commit()

    def close(self) -> None:
        """Close the file and keep it."""
        self._connection.close()


def forget(index: Path) -> None:
    """Remove the index's journal: the build that needed it is done."""
    for suffix in ("", "-wal", "-shm"):
        (index / (FILE + suffix)).unlink(missing_ok=True)
