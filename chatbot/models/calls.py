"""Waits for a model's reply, but not for ever: limits, retries, a rest after failures.

Knows no provider. A call runs in another thread and puts what arrives into a queue; only here is
it waited for. Considered: pybreaker and circuitbreaker (they guard a function's return, and what
fails here is a stream).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock

import tenacity

from chatbot.errors import ModelUnavailable, Stopped
from chatbot.models import Limits, Piece

LONGEST_REPLY = 6_000  # characters: three sentences are asked for
ATTEMPTS = 3
LONGEST_PAUSE_SECONDS = 10.0
FAILURES_BEFORE_REST, REST_SECONDS = 3, 30.0
_LOOK_SECONDS = 0.05  # how soon it is seen that nobody waits any more
_BACK_OFF = tenacity.wait_random_exponential(multiplier=0.5, max=4)
_ENDS = (".", "!", "?", "…", '"', "”", "’", "'", ")", "]", "*")
Arrived = SimpleQueue[Piece | ModelUnavailable | None]


@dataclass(frozen=True, slots=True)
class Call:
    """A reply under way: what has arrived, in order, None at the end; and how to leave it off."""

    arrived: Arrived
    cancel: Callable[[], object]


class Caller:
    """Asks one model, from any thread, and remembers how often in a row that failed."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._failures, self._rests_until = 0, 0.0
        self._lock = Lock()

    def pieces(self, start: Callable[[], Call], stop: Event) -> Iterator[Piece]:
        """Yield what arrives of a call; retried only before the first token."""
        self._check_rest()
        failed = False
        try:
            yield from self._pieces(start, stop)
        except ModelUnavailable:
            failed = True
            raise
        finally:
            with self._lock:
                self._failures = self._failures + 1 if failed else 0
                self._rests_until = time.monotonic() + REST_SECONDS

    def _pieces(self, start: Callable[[], Call], stop: Event) -> Iterator[Piece]:
        deadline = time.monotonic() + self._limits.total_seconds
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_worth_another),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_pause,
            sleep=tenacity.sleep_using_event(stop),
            reraise=True,
        )
        call, piece = attempts(lambda: self._begin(start, deadline, stop))
        try:
            yield from self._rest(call, piece, deadline, stop)
        finally:
            call.cancel()

    def _begin(
        self, start: Callable[[], Call], deadline: float, stop: Event
    ) -> tuple[Call, Piece | None]:
        """Return a call whose first token has come, and that token; None: it said nothing."""
        call = start()
        until = min(deadline, time.monotonic() + self._limits.first_token_seconds)
        try:
            while True:
                piece = self._next(call, until, stop, "did not begin to write in time")
                if piece is None or piece.text or piece.thinking:
                    return call, piece
        except BaseException:
            call.cancel()
            raise

    def _rest(
        self, call: Call, piece: Piece | None, deadline: float, stop: Event
    ) -> Iterator[Piece]:
        length, tail, finish, has_words = 0, "", "", False
        while piece is not None:
            length, finish = length + len(piece.text), piece.finish or finish
            has_words = has_words or bool(piece.text.strip())
            tail = (tail + piece.text)[-8:].rstrip()
            if length > LONGEST_REPLY:
                raise ModelUnavailable(f"the model {self._name!r} did not come to an end")
            yield piece
            until = min(deadline, time.monotonic() + self._limits.between_tokens_seconds)
            piece = self._next(call, until, stop, "stopped writing in the middle")
        if not has_words:
            raise ModelUnavailable(
                f"the model {self._name!r} sent no words",
                "check its name and that [chatbot] base_url, if set, is right",
            )
        # A connection that is cut looks like the end; whole sentences do not stop in a word.
        if finish == "cut" or (not finish and not tail.endswith(_ENDS)):
            raise ModelUnavailable(f"the model {self._name!r} was cut off")

    def _next(self, call: Call, until: float, stop: Event, too_late: str) -> Piece | None:
        while not stop.is_set():
            left = until - time.monotonic()
            if left <= 0:  # also where more has come than could be checked by now
                raise ModelUnavailable(
                    f"the model {self._name!r} {too_late}",
                    "a smaller model is faster, and the limits are settings",
                )
            with suppress(Empty):
                arrived = call.arrived.get(timeout=min(_LOOK_SECONDS, left))
                if isinstance(arrived, ModelUnavailable):
                    raise arrived
                return arrived
        raise Stopped("nobody waits for this answer any more.")

    def _check_rest(self) -> None:
        with self._lock:
            left = self._rests_until - time.monotonic()
            if self._failures < FAILURES_BEFORE_REST:
                return
            if left > 0:
                raise ModelUnavailable(
                    f"the model {self._name!r} failed {self._failures} times in a row",
                    f"it is asked again in {left:.0f} seconds",
                )
            self._rests_until = time.monotonic() + REST_SECONDS  # this one tries, others wait


def _is_worth_another(error: BaseException) -> bool:
    return (
        isinstance(error, ModelUnavailable)
        and error.may_pass
        and (error.retry_after_seconds or 0.0) <= LONGEST_PAUSE_SECONDS
    )


def _pause(state: tenacity.RetryCallState) -> float:
    """Return how long to leave the server alone, in seconds: as it asked, else with some chance."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, ModelUnavailable) else None
    return _BACK_OFF(state) if asked is None else asked
