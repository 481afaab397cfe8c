"""What can be wrong with asking. The whole tree is drawn in corpus/errors.py."""

from corpus.errors import FootnoteError


class WrongQuestion(FootnoteError):
    """The question is empty or too long."""


class UnknownModel(FootnoteError):
    """No provider has the name given, or the name lacks something."""


class ModelUnavailable(FootnoteError):
    """The model cannot be reached, refused, or sent something that is no answer."""

    def __init__(
        self,
        cause: str,
        remedy: str = "",
        *,
        may_pass: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        """Say what happened, which any reader may know, and what whoever runs the server can do.

        `may_pass` says that asking again can help, `retry_after_seconds` when, if it was said.
        """
        super().__init__(f"{cause}; {remedy}." if remedy else f"{cause}.")
        self.cause = f"{cause[:1].upper()}{cause[1:]}."
        self.may_pass = may_pass
        self.retry_after_seconds = retry_after_seconds


class Stopped(FootnoteError):
    """Whoever asked does not wait for the answer any more."""


class TooBusy(FootnoteError):
    """As many questions are being answered as can be."""


class ServerStops(FootnoteError):
    """The server was told to stop while the answer was under way."""


class UnknownAnswer(FootnoteError):
    """No answer that was given has the id sent."""


class FeedbackNotKept(FootnoteError):
    """What a reader says of an answer cannot be written down."""


class PortTaken(FootnoteError):
    """Another program listens on the port."""


class StillLoading(FootnoteError):
    """The server has just started and cannot answer yet."""


class WrongSetting(FootnoteError):
    """A setting cannot be used."""


class BadReaderFiles(FootnoteError):
    """The reader's model file is missing or altered."""


def sentence_of(error: FootnoteError) -> str:
    """Return an error as a sentence: capital letter, full stop."""
    text = str(error).strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."
