"""What an answer is, and the events in which it arrives. Does not know how it comes about."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from corpus.document import Span
from index.passage import Hit

Verdict = Literal["quoted", "supported", "unsupported"]
Status = Literal["answered", "not_in_documents"]
Notice = Literal[
    "left_out",  # something a model wrote, for no document carries it
    "model_unavailable",  # so quotes stand in; `problem` says why
    "interrupted",  # a model's answer, in the middle
    "shortened",  # the model was not shown every passage, for want of room
    "partial",  # a part of what was asked has no answer
    "conflict",  # documents disagree
    "greeting",  # small talk: nothing was asked of the documents
]


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, and what was answered."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The words a sentence rests on: `quote` is exactly `document.text[start:end]` of its span."""

    number: int
    span: Span
    quote: str
    title: str
    page: int | None
    source: str | None
    published_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer, with the numbers of its citations.

    `support` (0-1) is how far the citations carry it; `marks` are pairs of code points into `text`:
    the words that are the answer itself.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    support: float
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens a provider says it counted; None is unknown, never 0."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer. `hits` are there also when the documents do not say.

    `model` is the `provider:name` that wrote it; `seconds` holds the time of each stage; `problem`
    is a sentence on what kept a model from writing it, empty where nothing did.
    """

    question: str
    standalone_question: str
    status: Status
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    confidence: float
    notices: tuple[Notice, ...]
    follow_ups: tuple[str, ...]
    model: str
    usage: Usage
    seconds: dict[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """First event: the question as understood, and the model that will write."""

    question: str
    standalone_question: str
    model: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Second event: what was found."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Wrote:
    """A checked sentence and the citations it names."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event: the whole answer, and the name that a server gives it, for feedback."""

    answer: Answer
    id: str = field(default="", compare=False)


Event = Started | Retrieved | Wrote | Finished


FLATTENED = ("span", "passage", "answer")
"""Fields that stand in JSON as their own fields, among those of their owner."""


def as_json(value: Event | Answer | Sentence | Citation | Hit) -> dict[str, Any]:
    """Return a JSON object with the types' field names; spans and passages are flattened.

    Of a hit, what only the answerer reads is left out: its sentences and their figures.
    """
    return _row(asdict(value))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    shown = row.keys() - {"sentences"} if "rank" in row else row.keys()
    return {k: v for key in row if key in shown for k, v in _flat(key, row[key]).items()}


def _flat(key: str, item: Any) -> dict[str, Any]:  # noqa: ANN401
    if key in FLATTENED:
        return _row(item)
    if key in ("hits", "citations", "sentences"):
        return {key: [_row(row) if isinstance(row, dict) else row for row in item]}
    return {key: item}
