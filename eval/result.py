"""What a system made of a case: a line of `results.jsonl`. Does not know whether it is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chatbot.answer import Answer
from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from eval.case import Case

Read = Callable[[str], Document]
"""A document by its id; UnknownDocument if there is none."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words cited: where they are said to stand, and in what text (its sha256)."""

    span: Span
    quote: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One answer, boiled down to what is scored.

    `words` are those that are the answer itself, or the whole text where none are marked;
    `confidence` is 0-1 and given also when abstaining; `uncited` counts sentences that cite
    nothing; `hits` are the passages found, best first; `error` says why the question crashed.
    """

    case_id: str
    status: Literal["answered", "not_in_documents", "crashed"]
    confidence: float = 0.0
    text: str = ""
    words: str = ""
    quotes: tuple[Quote, ...] = ()
    uncited: int = 0
    hits: tuple[Span, ...] = ()
    notices: tuple[str, ...] = ()
    model: str = ""
    error: str = ""

    @property
    def cited(self) -> tuple[Span, ...]:
        """Return the spans cited."""
        return tuple(quote.span for quote in self.quotes)


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, what a system made of it, and the documents to hold that against."""

    case: Case
    result: Result
    read: Read

    @property
    def is_answered(self) -> bool:
        """Say whether there is an answer; to crash is neither that nor to abstain."""
        return self.result.status == "answered"

    @property
    def has_abstained(self) -> bool:
        """Say whether the system said that the documents do not say."""
        return self.result.status == "not_in_documents"


def result_of(case_id: str, answer: Answer, read: Read) -> Result:
    """Boil an answer down; a cited document that is not there has no sha256."""
    marked = [s.text[start:end] for s in answer.sentences for start, end in s.marks]
    text = " ".join(sentence.text for sentence in answer.sentences)
    is_template = "greeting" in answer.notices
    return Result(
        case_id=case_id,
        status=answer.status,
        confidence=answer.confidence,
        text=text,
        words=" ".join(marked) or text,
        quotes=tuple(
            Quote(c.span, c.quote, _sha256(c.span.document_id, read)) for c in answer.citations
        ),
        uncited=0 if is_template else sum(not s.citations for s in answer.sentences),
        hits=tuple(hit.passage.span for hit in answer.hits),
        notices=answer.notices,
        model=answer.model,
    )


def _sha256(document_id: str, read: Read) -> str:
    try:
        return read(document_id).sha256
    except UnknownDocument:
        return ""
