"""Runs the making of an answer in a thread, and stops it once whoever asked has gone away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from chatbot.errors import TooBusy

MOST_THREADS = 64
"""Answers under way at once; a thread that waits for a model costs next to nothing."""
_LOOK_SECONDS = 0.2
_END = object()

Item = TypeVar("Item")


class Background:
    """Threads for answers under way."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="answer")
        self._under_way = 0

    def admit(self) -> None:
        """Raise TooBusy if nothing more can be begun now; a queue would only hide the wait."""
        if self._under_way >= MOST_THREADS:
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
        stop, loop = Event(), asyncio.get_running_loop()
        items, idle = start(stop), 0.0
        step = loop.run_in_executor(self._threads, next, items, _END)
        self._under_way += 1
        try:
            while True:
                done, _ = await asyncio.wait({step}, timeout=_LOOK_SECONDS)
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
                step = loop.run_in_executor(self._threads, next, items, _END)
        finally:
            self._under_way -= 1
            stop.set()
            step.add_done_callback(lambda left: left.cancelled() or left.exception())
