"""What can be wrong with an evaluation. The whole tree is drawn in corpus/errors.py."""

from corpus.errors import FootnoteError


class BadCase(FootnoteError):
    """A line of a case file is wrong, or a sealed file was changed."""


class NotMeasured(FootnoteError):
    """A measured process failed, or packages that it needs are missing."""


class BadRun(FootnoteError):
    """A folder is not that of a finished run."""
