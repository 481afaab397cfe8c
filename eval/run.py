"""Runs cases through the answerer and sums up the scores. Does not know how answers are made."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from statistics import fmean, stdev

from chatbot.answer import Answer
from corpus.document import Document
from eval.case import Case
from eval.metrics import WORST, score_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case, its answer (None: the question crashed), and its scores."""

    case: Case
    answer: Answer | None
    scores: dict[str, float]
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A metric over all cases it applies to: how many, mean, and the mean's standard error."""

    metric: str
    count: int
    mean: float
    standard_error: float


def run_cases(
    cases: Sequence[Case],
    *,
    ask: Callable[[Case], Answer],
    read_document: Callable[[str], Document],
) -> Iterator[Row]:
    """Yield one row a case, in order; a crash is a row with the worst scores, not the end."""
    for case in cases:
        try:
            answer = ask(case)
            row = Row(case=case, answer=answer, scores=score_answer(case, answer, read_document))
        except Exception as error:  # one question must not lose the others
            reason = f"{type(error).__name__}: {error}"
            row = Row(case=case, answer=None, scores=WORST, error=reason)
        yield row


def summarise(rows: Sequence[Row]) -> list[Summary]:
    """Return a summary for each metric, in the order of first appearance; NaN is kept out."""
    values: dict[str, list[float]] = {}
    for metric, value in (score for row in rows for score in row.scores.items()):
        values.setdefault(metric, []).extend([] if isnan(value) else [value])
    return [
        Summary(
            metric=metric,
            count=len(found),
            mean=fmean(found) if found else float("nan"),
            standard_error=stdev(found) / sqrt(len(found)) if len(found) > 1 else 0.0,
        )
        for metric, found in values.items()
    ]


def below_gates(summaries: Sequence[Summary], gates: dict[str, float]) -> list[str]:
    """Return a sentence for each gate that is not met; a gate without a score is not met."""
    means = {summary.metric: summary.mean for summary in summaries}
    return [
        f"{metric} is {means.get(metric, float('nan')):.3f}, below its gate of {least}"
        for metric, least in gates.items()
        if not means.get(metric, float("nan")) >= least
    ]
