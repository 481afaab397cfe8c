"""Runs the making of an answer in a thread, and stops it once whoever asked has gone away.

And ends what is under way when the server is told to stop, so that nobody is cut off unsaid.
"""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from chatbot.errors import ServerStops, TooBusy

MOST_WAITING = 64
LONGEST_WAIT_SECONDS = 2.0
"""For a crowd that comes at once: a longer queue would only hide the wait."""
LONGEST_WAIT_OVERLOADED_SECONDS = 0.3
_OVERLOAD_SECONDS = 4.0
"""A queue that has stood, or has turned someone away, within so long is no crowd: it is kept short.

After controlled delay: Maurer, "Fail at Scale", ACM Queue 13(8), 2015.
"""
_NEWEST = 0.2  # of the last answer's seconds, in what the next are taken to need
_LOOK_SECONDS = 0.2
ANSWERS_SECONDS = 3.0
"""What answers under way are given to end by themselves."""
_LAST_LOOKS_SECONDS, _LAST_WORDS_SECONDS = 0.05, 0.3
_END = object()

Item = TypeVar("Item")


def most_at_once(*, has_model: bool) -> int:
    """Return how many answers to make at once: a thread that waits for a model costs nothing."""
    return 64 if has_model else 2 * (os.cpu_count() or 1)


class Background:
    """Threads for answers under way: `at_once` are being made, others wait for their turn."""

    def __init__(self, at_once: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="answer")
        self._turns = asyncio.Semaphore(at_once)
        self._at_once, self._under_way = at_once, 0
        self._answer_seconds = 0.0
        self._nobody_waited_at, self._refused_at = time.monotonic(), -math.inf
        self._is_closed = self.is_ending = False
        self._requests: set[asyncio.Task[None]] = set()

    def admit(self) -> None:
        """Raise TooBusy if nothing more can be begun now."""
        now = time.monotonic()
        waiting = self._under_way - self._at_once + 1
        if waiting <= 0:
            self._nobody_waited_at = now
            return
        wait_seconds = waiting * self._answer_seconds / self._at_once
        stands = now - self._nobody_waited_at > _OVERLOAD_SECONDS
        is_overloaded = stands or now - self._refused_at < _OVERLOAD_SECONDS
        longest = LONGEST_WAIT_OVERLOADED_SECONDS if is_overloaded else LONGEST_WAIT_SECONDS
        if waiting > MOST_WAITING or wait_seconds > longest:
            self._refused_at = now
            raise TooBusy("too many are asking at this moment; ask again in a few seconds.")

    async def each(
        self,
        start: Callable[[Event], Iterator[Item]],
        *,
        is_gone: Callable[[], Awaitable[bool]] | None = None,
        idle_seconds: float | None = None,
    ) -> AsyncIterator[Item | None]:
        """Yield what `start` yields; None whenever nothing came for `idle_seconds`.

        The event given to `start` is set when the caller is cancelled, stops listening, or is gone.
        """
        self.admit()
        self._under_way += 1
        try:
            async with self._turns:
                began = time.monotonic()
                try:
                    async for item in self._steps(start, is_gone, idle_seconds):
                        yield item
                finally:  # whoever has the last event may listen no longer
                    took = time.monotonic() - began
                    self._answer_seconds += _NEWEST * (took - self._answer_seconds)
        finally:
            self._under_way -= 1

    async def _steps(
        self,
        start: Callable[[Event], Iterator[Item]],
        is_gone: Callable[[], Awaitable[bool]] | None,
        idle_seconds: float | None,
    ) -> AsyncIterator[Item | None]:
        stop, loop = Event(), asyncio.get_running_loop()
        items, idle, context = start(stop), 0.0, copy_context()

        def take() -> Item | object:
            return context.run(lambda: next(items, _END))

        step = loop.run_in_executor(self._threads, take)
        try:
            while True:
                done, _ = await asyncio.wait({step}, timeout=_LOOK_SECONDS)
                if self._is_closed:
                    raise ServerStops("the server is being restarted; ask again in a minute.")
                if not done:
                    idle += _LOOK_SECONDS
                    if is_gone and await is_gone():
                        return
                    if idle_seconds and idle >= idle_seconds:
                        idle = 0.0
                        yield None
                    continue
                item = step.result()
                if item is _END:
                    return
                idle = 0.0
                yield item  # type: ignore[misc]
                step = loop.run_in_executor(self._threads, take)
        finally:
            stop.set()
            step.add_done_callback(lambda left: left.cancelled() or left.exception())

    @contextmanager
    def request(self) -> Iterator[None]:
        """Have the request that runs in this task ended with the others."""
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            yield
        finally:
            self._requests.discard(task)

    async def end(self) -> None:
        """Wait for answers, stop those that take too long, and let go of whoever still listens."""
        until = time.monotonic() + ANSWERS_SECONDS
        while self._under_way and time.monotonic() < until:
            await asyncio.sleep(_LAST_LOOKS_SECONDS)
        self._is_closed = True
        await asyncio.sleep(_LAST_WORDS_SECONDS)
        self.is_ending = True
        for task in list(self._requests):
            task.cancel()
