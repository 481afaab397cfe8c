"""Keeps what readers say of answers, in one SQLite file beside the index. Knows no HTTP.

An answer has one row: what is said of it later takes its place. Nothing tells who said it.
"""

import hashlib
import hmac
import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

from chatbot.errors import FeedbackNotKept, UnknownAnswer
from chatbot.question import LONGEST_QUESTION

FILE = "feedback.sqlite"
MOST_ROWS = 10_000
"""At most 100 MB: anybody who asks can write here, a row for each answer that was given."""
_NAME_DIGITS = 16
_TABLE = """
    CREATE TABLE IF NOT EXISTS feedback (
        answer_id TEXT PRIMARY KEY, time TEXT NOT NULL, reason TEXT NOT NULL,
        question TEXT NOT NULL, comment TEXT NOT NULL, "index" TEXT NOT NULL, model TEXT NOT NULL)
"""


class Feedback(BaseModel, extra="forbid"):
    """What a reader says of one answer."""

    answer_id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    question: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION)]
    reason: Literal["wrong", "wrong source", "not in source", "incomplete", "helpful"]
    comment: Annotated[str, StringConstraints(max_length=1000)] = ""


def name_answer(secret: bytes, name: str = "") -> str:
    """Return a new name for an answer, or `name` as it must end: with what only we can make."""
    name = name[:_NAME_DIGITS] or secrets.token_hex(_NAME_DIGITS // 2)
    return name + hmac.new(secret, f"answer {name}".encode(), hashlib.sha256).hexdigest()[:16]


def keep_feedback(said: Feedback, *, folder: Path, secret: bytes, index: str, model: str) -> None:
    """Write it down, with the time in UTC; FeedbackNotKept says why that is not possible.

    UnknownAnswer if what it is said of was never answered.
    """
    if not hmac.compare_digest(said.answer_id, name_answer(secret, said.answer_id)):
        raise UnknownAnswer("no answer of this bot has that id; send the one that came with it.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = (said.answer_id, now, said.reason, said.question, said.comment, index, model)
    try:
        with closing(sqlite3.connect(folder / FILE, timeout=5.0)) as file, file:
            file.execute(_TABLE)
            others = "SELECT count(*) FROM feedback WHERE answer_id <> ?"
            is_full = file.execute(others, row[:1]).fetchone()[0] >= MOST_ROWS
            if not is_full:
                file.execute("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    except sqlite3.Error as error:
        raise FeedbackNotKept("your feedback cannot be kept now; try again later.") from error
    if is_full:
        raise FeedbackNotKept(
            f"there is no room for more feedback; whoever runs this can move {FILE} away."
        )
