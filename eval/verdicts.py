"""A judge's verdicts: asked for, read strictly, kept, and read again instead of asking twice.

Judges and prompts are pinned in each line kept. Knows no metric: items get grades from 0 to 1.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal

from pydantic import StrictInt, TypeAdapter, ValidationError

from chatbot.check import without_thoughts
from chatbot.errors import ModelUnavailable
from chatbot.models import REPLY_TOKENS, Model
from chatbot.prompt import between_marks, fill, numbered
from chatbot.rewrite import ANSWER_CHARACTERS, TURNS
from eval.case import Case
from index.manifest import file_sha256

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


class Verdicts:
    """Asks one model, from any thread; what it said is kept in a run's folder."""

    def __init__(self, model: Model, folder: Path, stop: Event) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._model, self._file, self._stop = model, folder / FILE, stop
        self._replies, self._keeping = _kept(self._file), Lock()

    def grades(
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
        if asked["key"] not in self._replies:
            too_long = f"the prompt is too long for the model {self._model.name!r}."
            self._keep(asked, *(self._ask(text) if fits else (None, too_long)))
        return _read(self._replies.get(asked["key"], ""), asked)[0]

    def _ask(self, text: str) -> tuple[str | None, str]:
        """Return the reply, or None and why it cannot be had."""
        try:
            return "".join(piece.text for piece in self._model.stream(text, self._stop)), ""
        except ModelUnavailable as error:
            return None, str(error)

    def _keep(self, asked: Row, reply: str | None, reason: str) -> None:
        """Keep a reply, the first if two came at once; one not had will be asked for again."""
        grades, reason = _read(reply, asked) if reply is not None else ([], reason)
        row = {**asked, "reply": reply, "grades": grades or None, "reason": reason}
        with self._keeping:
            if asked["key"] in self._replies:
                return
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            if reply is not None:
                self._replies[asked["key"]] = reply


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


def _kept(file: Path) -> dict[str, str]:
    """Return the replies kept, by key; a line that is torn or wrong is dropped, and asked again."""
    if not file.is_file():
        return {}
    rows: list[Row] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError):
            rows.append(json.loads(line))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    had = [row for row in reversed(rows) if row.get("reply") is not None]
    return {row["key"]: row["reply"] for row in had}
