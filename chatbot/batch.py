"""Answers a file of questions, one JSON object a line. Does not print."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chatbot.answer import Answer, Turn
from chatbot.ask import answer_question
from chatbot.errors import WrongQuestion
from chatbot.reading import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the file, numbered from 1: its answer, or the problem that there is none."""

    number: int
    id: Any = None
    answer: Answer | None = None
    problem: str = ""


class _Asked(BaseModel):
    id: Any = None
    question: str
    history: list[Turn] | None = None


def answer_batch(file: Path, *, open_reader: Callable[[], Reader]) -> Iterator[Line]:
    """Yield a line for each that is not blank; WrongQuestion if the file cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongQuestion(f"{file} cannot be read; give a file of JSON lines.") from error
    reader = open_reader()
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            asked = _Asked.model_validate(json.loads(text))
            answer = answer_question(asked.question, asked.history or [], reader=reader)
            yield Line(number=number, id=asked.id, answer=answer)
        except WrongQuestion as error:
            yield Line(number=number, problem=str(error))
        except (ValidationError, ValueError) as error:
            problem = f'not {{"id", "question", "history"?}} ({str(error).splitlines()[0]})'
            yield Line(number=number, problem=problem)
