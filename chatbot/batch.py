"""Answers a file of questions, one JSON object a line. Does not print."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from chatbot.answer import Answer, Turn
from chatbot.ask import answer_question
from chatbot.errors import WrongQuestion
from chatbot.reading import Reader


class _Asked(BaseModel):
    id: Any = None
    question: str
    history: list[Turn] | None = None


def answer_batch(
    file: Path, *, open_reader: Callable[[], Reader]
) -> Iterator[tuple[int, Any, Answer | str]]:
    """Yield of each line that is not blank its number from 1, its id, and its answer or a problem.

    WrongQuestion if the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongQuestion(f"{file} cannot be read; give a file of JSON lines.") from error
    reader = open_reader()
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            asked = _Asked.model_validate_json(text)
            answer = answer_question(asked.question, asked.history or [], reader=reader)
            yield number, asked.id, answer
        except WrongQuestion as error:
            yield number, None, str(error)
        except ValidationError as error:
            first = error.errors()[0]
            said = ": ".join([*map(str, first["loc"]), first["msg"]])
            yield number, None, f'not {{"id", "question", "history"?}} ({said})'
