"""The one root error, and what can be wrong with documents.

Every error a user can meet is one sentence that says what to do next:

    FootnoteError
    ├── WrongSetting            chatbot/errors   a setting that cannot be used
    ├── MissingFolder           corpus/errors    a path given does not exist
    ├── EmptyCorpus             corpus/errors    nothing in the folder could be read
    ├── UnreadableDocument      corpus/errors    one file could not be turned into text
    ├── UnknownDocument         corpus/errors    no document has this id
    ├── MissingIndex            index/errors     no index has been built yet
    ├── StaleIndex              index/errors     the index was made with other settings
    ├── DamagedIndex            index/errors     the index is not whole
    ├── IndexBusy               index/errors     another process is writing the index
    ├── UnwritableIndex         index/errors     the folder named cannot hold an index
    ├── BadModelFiles           index/errors     the embedding model is missing or altered
    ├── BadReaderFiles          chatbot/errors   the reader's model file is missing or altered
    ├── WrongQuestion           chatbot/errors   the question is empty or too long
    ├── UnknownModel            chatbot/errors   no provider has this name
    ├── ModelUnavailable        chatbot/errors   the model cannot be reached or refused
    ├── Stopped                 chatbot/errors   whoever asked does not wait any more
    ├── TooBusy                 chatbot/errors   as many ask at this moment as can be answered
    ├── ServerStops             chatbot/errors   it was told to, with an answer under way
    ├── UnknownAnswer           chatbot/errors   no answer that was given has this id
    ├── FeedbackNotKept         chatbot/errors   a reader's feedback cannot be written down
    ├── PortTaken               chatbot/errors   another program listens on the port
    ├── StillLoading            chatbot/errors   the server has just started
    ├── BadCase                 eval/errors      a line of a case file is wrong
    ├── BadRun                  eval/errors      a folder is not that of a finished run
    └── NotMeasured             eval/errors      a measured process failed, or lacks packages
"""


class FootnoteError(Exception):
    """Root of every error that is meant to be read by a person."""


class MissingFolder(FootnoteError):
    """A path given does not exist."""


class EmptyCorpus(FootnoteError):
    """Nothing that was given could be read as a document."""


class UnreadableDocument(FootnoteError):
    """One file could not be turned into text; the message is the reason."""


class UnknownDocument(FootnoteError):
    """No document has the id asked for."""
