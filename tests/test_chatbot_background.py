import time
from collections.abc import Iterator
from contextlib import aclosing
from threading import Event

from conftest import run

from chatbot.background import LONGEST_WAIT_SECONDS, Background
from chatbot.errors import TooBusy

ANSWER_SECONDS = 0.25


def slow(_stop: Event) -> Iterator[str]:
    time.sleep(ANSWER_SECONDS)
    yield "done"


async def ask_one(background: Background) -> None:
    """Take the last event and listen no longer, as a JSON response does."""
    async with aclosing(background.each(slow)) as events:  # type: ignore[type-var]
        async for _ in events:
            return


def test_who_would_wait_for_long_is_told_at_once() -> None:
    async def try_all() -> int:
        background = Background(1)
        for _ in range(12):
            await ask_one(background)
        background._under_way = 1  # one is under way; so many may wait beside it
        admitted = 0
        while admitted < 64:
            try:
                background.admit()
            except TooBusy:
                break
            background._under_way += 1
            admitted += 1
        return admitted

    admitted = run(try_all())
    assert 0 < admitted <= LONGEST_WAIT_SECONDS / ANSWER_SECONDS + 2
