"""What can be wrong with an index. The whole tree is drawn in corpus/errors.py."""

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
