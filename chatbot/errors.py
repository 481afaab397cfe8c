"""What can be wrong with asking. The whole tree is drawn in corpus/errors.py."""

from corpus.errors import FootnoteError


class WrongQuestion(FootnoteError):
    """The question is empty or too long."""


class UnknownModel(FootnoteError):
    """No provider has the name given, or the name lacks something."""


class ModelUnavailable(FootnoteError):
    """The model cannot be reached, refused, or sent something that is no answer."""


class PortTaken(FootnoteError):
    """Another program listens on the port."""


class StillLoading(FootnoteError):
    """The server has just started and cannot answer yet."""


class WrongSetting(FootnoteError):
    """A setting cannot be used."""


class BadReaderFiles(FootnoteError):
    """The reader's model file is missing or altered."""
