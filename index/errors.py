"""What can be wrong with an index. The whole tree is drawn in corpus/errors.py."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.errors import FootnoteError


class MissingIndex(FootnoteError):
    """No index has been built in the folder."""


class StaleIndex(FootnoteError):
    """The index was made with other settings or by another version."""


class DamagedIndex(FootnoteError):
    """The index is not whole: a file is missing, altered, or unreadable."""


class IndexBusy(FootnoteError):
    """Another process is writing the index."""


class UnwritableIndex(FootnoteError):
    """The folder named cannot hold an index, or the disk has no room for it."""


class BadModelFiles(FootnoteError):
    """The embedding model's files are missing or are not the ones expected."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever an engine written in Rust raises, its panics included, into one of these."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, FootnoteError):
        raise
    except BaseException as error:  # pyo3's PanicException is no Exception
        if _is_full(error):
            raise UnwritableIndex(
                f"the disk is full, so the index's {what} cannot be read; make room."
            ) from error
        raise DamagedIndex(
            f"the index's {what} cannot be read; run `footnote index` to build it again."
        ) from error


@contextmanager
def unwritable(index: Path) -> Iterator[None]:
    """Say in one sentence that the disk is full or cannot be written, whoever found it so."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, DamagedIndex, UnwritableIndex) as error:
        cause = error.__cause__ if isinstance(error, FootnoteError) else error
        if cause is None:  # no engine's complaint, but what was found when the index was proved
            raise
        reason = getattr(cause, "strerror", None) or "disk error"
        raise UnwritableIndex(
            f"the index in {index} could not be written "
            f"({'the disk is full' if _is_full(cause) else reason}), and any that was in use stays "
            "so; make room, or give another folder with --index."
        ) from error


def _is_full(error: BaseException) -> bool:
    full = ("no space left", "disk is full", "file too large", "quota exceeded")
    return any(words in str(error).lower() for words in full)
