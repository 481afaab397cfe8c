"""The server's log: a JSON object a line, without what was asked unless the operator wants it.

Considered: structlog, python-json-logger; this is all that either would be used for.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

LOGGER = "footnote"
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is answered in this context, as its response's X-Request-Id names it."""
_SHORTEST_SECRET = 8
_ROOM_CHARACTERS = 8_000


def log(event: str, **facts: Any) -> None:  # noqa: ANN401
    """Write down that something happened, and what is to be known of it."""
    logging.getLogger(LOGGER).info(event, extra={"facts": facts})


def log_failure(error: Exception) -> None:
    """Write down what broke, and where: what it says may be a reader's words."""
    *_, at = traceback.extract_tb(error.__traceback__)
    facts = {"error": type(error).__name__, "at": f"{at.filename}:{at.lineno}"}
    logging.getLogger(LOGGER).error("failure", extra={"facts": facts})


def start_logging(*, with_questions: bool) -> None:
    """Send all logs to stderr as JSON; where that is a terminal, only warnings and errors."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json(secrets_in(os.environ), with_questions=with_questions))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    if not sys.stderr.isatty():
        logging.getLogger(LOGGER).setLevel(logging.INFO)


class Json(logging.Formatter):
    """One line a record; secrets that the environment holds are blacked out wherever they stand."""

    def __init__(self, secrets: tuple[str, ...], *, with_questions: bool) -> None:
        super().__init__()
        self._secrets, self._with_questions = secrets, with_questions

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage()[:_ROOM_CHARACTERS],
        }
        facts = getattr(record, "facts", {})
        line |= {k: v for k, v in facts.items() if k != "question" or self._with_questions}
        if name := request_id.get():
            line.setdefault("request", name)
        if record.exc_info:
            trace = "".join(traceback.format_exception(*record.exc_info))
            line["trace"] = trace[-_ROOM_CHARACTERS:]
        text = json.dumps(line, ensure_ascii=False, default=str)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of all variables that are named like a key; the longest first."""
    named = {value for name, value in environment.items() if name.endswith(("_KEY", "_TOKEN"))}
    spelt = {json.dumps(value, ensure_ascii=False)[1:-1] for value in named}
    return tuple(sorted((s for s in spelt if len(s) >= _SHORTEST_SECRET), key=len, reverse=True))
