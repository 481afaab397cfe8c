"""Ends what is under way when the server is told to stop, so that nobody is cut off unsaid."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.background import Background

ANSWERS_SECONDS = 3.0
"""What answers under way are given to end by themselves."""
_LOOK_SECONDS = 0.05
_LAST_WORDS_SECONDS = 0.3


class Draining:
    """The requests under way."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._requests: set[asyncio.Task[None]] = set()
        self.is_ending = False

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
        while self._background.is_busy and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
        self._background.close()
        await asyncio.sleep(_LAST_WORDS_SECONDS)
        self.is_ending = True
        for task in list(self._requests):
            task.cancel()
