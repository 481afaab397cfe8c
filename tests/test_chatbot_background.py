import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from threading import Event

from conftest import run

from chatbot.background import (
    LONGEST_WAIT_OVERLOADED_SECONDS,
    LONGEST_WAIT_SECONDS,
    Background,
)
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
        return admitted_beside_one(background)

    admitted = run(try_all())
    assert 2 < admitted <= LONGEST_WAIT_SECONDS / ANSWER_SECONDS + 2


def test_once_someone_was_turned_away_the_queue_is_kept_short_until_nobody_is() -> None:
    async def try_again() -> tuple[int, int]:
        background = Background(1)
        for _ in range(12):
            await ask_one(background)
        admitted_beside_one(background)
        overloaded = admitted_beside_one(background)
        await asyncio.sleep(4.1)
        background._under_way = 0
        background.admit()
        return overloaded, admitted_beside_one(background)

    overloaded, later = run(try_again())
    assert overloaded <= LONGEST_WAIT_OVERLOADED_SECONDS / ANSWER_SECONDS
    assert later > 2


def admitted_beside_one(background: Background) -> int:
    """Return how many may wait beside one that is under way."""
    background._under_way = 1
    admitted = 0
    while admitted < 64:
        try:
            background.admit()
        except TooBusy:
            break
        background._under_way += 1
        admitted += 1
    return admitted
