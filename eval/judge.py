"""Metrics that a model judges: paid for, asked for, kept apart from those that are computed.

What the judge does not say in exactly the form it was asked for is unscored (NaN), never 0 or 1.
"""

from collections.abc import Sequence
from math import nan
from pathlib import Path
from threading import Event

from chatbot.models import Model
from chatbot.prompt import MOST_PASSAGES
from corpus.document import Span
from eval.case import Case
from eval.result import Read, Result
from eval.verdicts import FAITHFULNESS, PRECISION, RELEVANCE, Verdicts
from index.sentences import split_sentences

JUDGED = ("judged faithfulness", "judged answer relevance", "judged context precision")
RANKS = 5


class Judge:
    """Scores results by a model's verdicts, from any thread; they are kept in a run's folder."""

    def __init__(self, model: Model, folder: Path, stop: Event | None = None) -> None:
        self._verdicts = Verdicts(model, folder, stop or Event())

    def score(self, case: Case, result: Result, read: Read) -> dict[str, float]:
        """Return a value for each of JUDGED, NaN where unscored; UnknownDocument, Stopped."""
        values = (
            self._faithfulness(case, result, read),
            self._relevance(case, result),
            self._precision(case, result, read),
        )
        return dict(zip(JUDGED, values, strict=True))

    def _faithfulness(self, case: Case, result: Result, read: Read) -> float:
        """Return the share of the answer's sentences that what was cited and found carries.

        ragas' faithfulness (statements carried / all), with our sentences as the statements. Only
        of answers. 0 without asking where nothing was cited or found: then nothing carries them.
        """
        text = result.text
        found = (" ".join(text[s.start : s.end].split()) for s in split_sentences(text))
        sentences = [f"{n}. {sentence}" for n, sentence in enumerate(found, start=1)]
        if result.status != "answered" or not sentences or "greeting" in result.notices:
            return nan
        passages, answer = _shown(_premises(result), read), "\n".join(sentences)
        if not passages:
            return 0.0
        grades = self._verdicts.grades(FAITHFULNESS, case, passages, answer, len(sentences))
        return sum(grades) / len(grades) if grades else nan

    def _relevance(self, case: Case, result: Result) -> float:
        """Return the grade whether the answer addresses the question, be it true or not.

        ragas compares questions made from the answer with the one asked, and gives 0 to whatever
        does not commit itself; here an abstention is NaN, and measured as abstention.
        """
        if result.status != "answered" or not result.text.strip():
            return nan
        grades = self._verdicts.grades(RELEVANCE, case, [], result.text, 1)
        return grades[0] if grades else nan

    def _precision(self, case: Case, result: Result, read: Read) -> float:
        """Return the context precision of the first passages; NaN if there are none.

        Only of answerable questions: no passage is of use for others, however well ranked. ragas
        shows its judge the answer too; here what is of use is judged by the question alone.
        """
        if not case.answerable or not result.hits:
            return nan
        useful = self._verdicts.grades(PRECISION, case, _shown(result.hits[:RANKS], read))
        return context_precision(useful) if useful else nan


def context_precision(useful: Sequence[float]) -> float:
    """Return the mean of precision at k over the ranks k whose passage is of use (1, not 0).

    ragas: sum_k P@k v_k / sum_k v_k. Its known flaw: the divisor counts what is of use among what
    was *found*, so that missing passages are free; read it beside recall@10. Where none is of use
    it is 0, as ragas has it: the judge has looked, and NaN would hide the worst from the mean.
    """
    at = [sum(useful[:k]) / k for k, v in enumerate(useful, start=1) if v]
    return sum(at) / len(at) if at else 0.0


def _premises(result: Result) -> list[Span]:
    """Return what may carry the answer: first what was cited, with what was found around it."""
    cited, hits = result.cited, result.hits
    apart = [c for c in cited if not any(_holds(hit, c) for hit in hits)]
    by_use = sorted(hits, key=lambda hit: not any(_holds(hit, c) for c in cited))
    return list(dict.fromkeys([*apart, *by_use]))[:MOST_PASSAGES]


def _holds(span: Span, other: Span) -> bool:
    same = span.document_id == other.document_id
    return same and span.start <= other.start and other.end <= span.end


def _shown(spans: Sequence[Span], read: Read) -> list[str]:
    """Return the documents' own words, below their titles."""
    documents = [(read(span.document_id), span) for span in spans]
    return [f"{' '.join(d.title.split())}\n{d.text[s.start : s.end]}" for d, s in documents]
