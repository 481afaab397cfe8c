"""What can be wrong with an index. The whole tree is drawn in corpus/errors.py."""

from collections.abc import Iterator
from contextlib import contextmanager

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
    """The folder named cannot hold an index."""


class BadModelFiles(FootnoteError):
    """The embedding model's files are missing or are not the ones expected."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever an engine written in Rust raises, its panics included, into one of these."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # pyo3's PanicException is no Exception
        if "No space left" in str(error) or "disk is full" in str(error):
            raise UnwritableIndex(
                "the disk is full, and the index before stays in use; make room, or give another "
                "folder with --index."
            ) from error
        raise DamagedIndex(
            f"the index's {what} cannot be read; run `footnote index` to build it again."
        ) from error
