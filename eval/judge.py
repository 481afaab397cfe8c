"""Metrics that a model judges: paid for, asked for, kept apart from those that are computed.

Verdicts are asked for, read strictly and kept; judge and prompt are pinned in each line kept. What
the judge does not say in exactly the form it was asked for is unscored (NaN), never 0 or 1.
"""

import hashlib
import json
from collections.abc import Sequence
from math import nan
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal

from pydantic import StrictInt, TypeAdapter, ValidationError

from chatbot.check import without_thoughts
from chatbot.errors import ModelUnavailable
from chatbot.models import REPLY_TOKENS, Model
from chatbot.prompt import MOST_PASSAGES, between_marks, fill, numbered
from chatbot.rewrite import ANSWER_CHARACTERS, TURNS
from corpus.document import Span
from eval.case import Case
from eval.result import Read, Result
from index.manifest import file_sha256
from index.sentences import split_sentences

JUDGED = ("judged faithfulness", "judged answer relevance", "judged context precision")
RANKS = 5
FILE = "judge.jsonl"
Row = dict[str, Any]
"""What was asked of whom; `key` is the sha256 of the judge's name and the whole prompt."""
FAITHFULNESS, RELEVANCE, PRECISION = "faithfulness.1", "relevance.1", "precision.1"
GRADES = {"yes": 1.0, "partly": 0.5, "no": 0.0}
_YES_OR_NO = TypeAdapter(list[tuple[StrictInt, Literal["yes", "no"]]])
_GRADE = TypeAdapter(list[tuple[StrictInt, Literal["yes", "partly", "no"]]])
_FOLDER = Path(__file__).with_name("prompts")
_MARK_LENGTH = 32
"""Hexadecimal digits of a hash of all that is shown, and no secret: anyone can make the prompt
again and prove a kept reply, but nobody can write a text that holds 128 bits of its own hash."""


class Judge:
    """Scores results by a model's verdicts, from any thread; they are kept in a run's folder."""

    def __init__(self, model: Model, folder: Path, stop: Event | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._model, self._file, self._stop = model, folder / FILE, stop or Event()
        self._keeping = Lock()

    def score(self, case: Case, result: Result, read: Read) -> dict[str, float]:
        """Return a value for each of JUDGED, NaN where unscored; UnknownDocument, Stopped."""
        ways = (self._faithfulness, self._relevance, self._precision)
        return {name: way(case, result, read) for name, way in zip(JUDGED, ways, strict=True)}

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
        grades = self._grades(FAITHFULNESS, case, passages, answer, len(sentences))
        return sum(grades) / len(grades) if grades else nan

    def _relevance(self, case: Case, result: Result, _read: Read) -> float:
        """Return the grade whether the answer addresses the question, be it true or not.

        ragas compares questions made from the answer with the one asked, and gives 0 to whatever
        does not commit itself; here an abstention is NaN, and measured as abstention.
        """
        if result.status != "answered" or not result.text.strip():
            return nan
        grades = self._grades(RELEVANCE, case, [], result.text, 1)
        return grades[0] if grades else nan

    def _precision(self, case: Case, result: Result, read: Read) -> float:
        """Return the context precision of the first passages; NaN if there are none.

        Only of answerable questions: no passage is of use for others, however well ranked. ragas
        shows its judge the answer too; here what is of use is judged by the question alone.
        """
        if not case.answerable or not result.hits:
            return nan
        useful = self._grades(PRECISION, case, _shown(result.hits[:RANKS], read))
        return context_precision(useful) if useful else nan

    def _grades(
        self, version: str, case: Case, passages: Sequence[str], answer: str = "", count: int = 0
    ) -> list[float]:
        """Return a grade for each of `count` items, or each passage that fits; none: unscored.

        Passages are dropped whole from the end until the prompt fits.
        """
        room, shown = self._model.context_tokens - REPLY_TOKENS, list(passages)
        text = _prompt(version, case, shown, answer, count)
        while not (fits := self._model.count_tokens(text) <= room) and len(shown) > 1:
            shown.pop()
            text = _prompt(version, case, shown, answer, count)
        asked: Row = {
            "key": hashlib.sha256(f"{self._model.name}\n{text}".encode()).hexdigest(),
            "case_id": case.id,
            "judge": self._model.name,
            "prompt": version,
            "prompt_sha256": file_sha256(_FOLDER / f"{version}.txt"),
            "count": count or len(shown),
            "dropped_count": len(passages) - len(shown),
        }
        too_long = f"the prompt is too long for the model {self._model.name!r}."
        reply, reason = self._ask(text) if fits else (None, too_long)
        grades, reason = _read(reply, asked) if reply is not None else ([], reason)
        row = {**asked, "reply": reply, "grades": grades or None, "reason": reason}
        with self._keeping, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return grades

    def _ask(self, text: str) -> tuple[str | None, str]:
        """Return the reply, or None and why it cannot be had."""
        try:
            return "".join(piece.text for piece in self._model.stream(text, self._stop)), ""
        except ModelUnavailable as error:
            return None, str(error)


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
    apart = [c for c in cited if not any(hit.holds(c) for hit in hits)]
    by_use = sorted(hits, key=lambda hit: not any(hit.holds(c) for c in cited))
    return list(dict.fromkeys([*apart, *by_use]))[:MOST_PASSAGES]


def _shown(spans: Sequence[Span], read: Read) -> list[str]:
    """Return the documents' own words, below their titles."""
    documents = [(read(span.document_id), span) for span in spans]
    return [f"{' '.join(d.title.split())}\n{d.text[s.start : s.end]}" for d, s in documents]


def _prompt(version: str, case: Case, passages: Sequence[str], answer: str, count: int) -> str:
    turns = case.history[-TURNS:]
    before = (f"Question: {t.question}\nAnswer: {t.answer[:ANSWER_CHARACTERS]}\n" for t in turns)
    question = f"{''.join(before)}Question: {case.question}"
    mark = hashlib.sha256("\0".join([question, answer, *passages]).encode()).hexdigest()
    mark = mark[:_MARK_LENGTH]
    return fill(
        version,
        _FOLDER,
        mark=mark,
        passages=numbered(passages, mark),
        question=between_marks(question, "question", mark),
        answer=between_marks(answer, "answer", mark),
        count=str(count or len(passages)),
    )


def _read(reply: str, asked: Row) -> tuple[list[float], str]:
    """Return a grade for each item; or none, and why: a reply is exactly what was asked, or void.

    Only thoughts between <think> marks may stand before it, and blanks around it.
    """
    adapter = _GRADE if asked["prompt"] == RELEVANCE else _YES_OR_NO
    said = "".join(without_thoughts([reply])).encode("utf-8", "replace")
    try:
        pairs = adapter.validate_json(said)
    except ValidationError as error:
        return [], f"not what was asked for: {error.errors()[0]['msg']}."
    if [number for number, _ in pairs] != list(range(1, asked["count"] + 1)):
        return [], f"not one verdict for each of {asked['count']}, in order."
    return [GRADES[word] for _, word in pairs], ""
