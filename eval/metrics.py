"""What is measured of one answer. Each metric is a function with its definition; none asks a model.

A value is 0 to 1; NaN says that the metric does not apply to the case, and is kept out of means.
"""

from collections.abc import Callable, Sequence
from math import nan

from chatbot.answer import Answer
from corpus.document import Document, Span
from eval.case import Case


def hit_at(case: Case, answer: Answer, *, k: int) -> float:
    """Return hit@k: 1 if any of the first k passages overlaps a gold span (Success@k of TREC)."""
    if not case.answerable:
        return nan
    return float(any(overlaps(h.passage.span, case.evidence) for h in answer.hits[:k]))


def citation_exactness(answer: Answer, read_document: Callable[[str], Document]) -> float:
    """Return the share of citations whose quote equals the document's text between the offsets.

    An answered question counts 0 if one of its sentences carries no citation.
    """
    if answer.status != "answered":
        return nan
    if any(not sentence.citations for sentence in answer.sentences):
        return 0.0
    exact = [
        read_document(c.span.document_id).text[c.span.start : c.span.end] == c.quote
        for c in answer.citations
    ]
    return sum(exact) / len(exact) if exact else 0.0


def gold_span_hit(case: Case, answer: Answer) -> float:
    """Return 1 if an answerable question's citations overlap a gold span of each of its parts."""
    if not case.answerable:
        return nan
    cited = [citation.span for citation in answer.citations]
    return float(all(any(overlaps(c, gold) for c in cited) for gold in case.evidence_by_part()))


def abstention(case: Case, answer: Answer) -> float:
    """Return 1 if the question was answered exactly when it can be (abstention accuracy)."""
    return float(case.answerable == (answer.status == "answered"))


def joint(case: Case, answer: Answer) -> float:
    """Return the grounded answer score, the one metric that runs from -1 to 1.

    +1 for an answer that cites a gold span and for abstaining where nothing is to be said, 0 for
    abstaining on an answerable question, -1 for anything else.
    """
    if answer.status != "answered":
        return 0.0 if case.answerable else 1.0
    return 1.0 if case.answerable and gold_span_hit(case, answer) else -1.0


WORST = {
    "hit@1": 0.0,
    "hit@3": 0.0,
    "hit@10": 0.0,
    "citation exactness": 0.0,
    "gold-span hit": 0.0,
    "abstention accuracy": 0.0,
    "joint score": -1.0,
}
"""Every metric, with the value that a crashed question gets."""


def score_answer(
    case: Case, answer: Answer, read_document: Callable[[str], Document]
) -> dict[str, float]:
    """Return every metric's value for one answer."""
    values = (
        hit_at(case, answer, k=1),
        hit_at(case, answer, k=3),
        hit_at(case, answer, k=10),
        citation_exactness(answer, read_document),
        gold_span_hit(case, answer),
        abstention(case, answer),
        joint(case, answer),
    )
    return dict(zip(WORST, values, strict=True))


def overlaps(span: Span, gold: Sequence[Span]) -> bool:
    """Say whether a span shares a character with one of the gold."""
    return any(
        span.document_id == g.document_id and span.start < g.end and g.start < span.end
        for g in gold
    )
