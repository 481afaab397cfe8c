"""Many at once, and an index built meanwhile: an answer, or a sentence that says to wait."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event as StopEvent
from typing import Any

import httpx
import pytest
from conftest import ROOT, Site, build, listen, run, serving_app, wait_until_ready
from playwright.sync_api import Browser, expect
from test_chatbot_swap import FOUND, TOWNS, write
from visitor import Asked, Visitor

from chatbot.answer import Event, Turn
from chatbot.background import MOST_WAITING, most_at_once
from chatbot.errors import Stopped
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.generation import current_name
from index.split import PASSAGE_TOKENS

QUESTION = "How many homicides did El Salvador have in January 2012?"
CROWD = 20


async def ask_api(url: str, times: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:

        async def ask() -> httpx.Response:
            for _ in range(5):
                response = await client.post(f"{url}/api/ask", json={"question": QUESTION})
                if response.status_code != 429:  # told to wait, politely
                    break
                await asyncio.sleep(float(response.headers["retry-after"]))
            return response

        return await asyncio.gather(*(ask() for _ in range(times)))


async def ask_pages(url: str, times: int) -> list[Asked]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        visitors = [Visitor(client, url) for _ in range(times)]
        for visitor in visitors:
            await visitor.open()

        async def ask(visitor: Visitor) -> Asked:
            for _ in range(5):
                asked = await visitor.ask(QUESTION)
                if "Too many" not in asked.problem:  # the card that says to wait
                    break
                await asyncio.sleep(2)
            return asked

        asked = await asyncio.gather(*(ask(visitor) for visitor in visitors))
        for visitor in visitors:
            visitor.close()
        return asked


def test_twenty_pages_that_ask_at_the_same_instant_all_get_an_answer(site: Site) -> None:
    assert [one.problem for one in run(ask_pages(site.url, CROWD))] == [""] * CROWD


def test_twenty_programs_that_ask_at_the_same_instant_all_get_an_answer(site: Site) -> None:
    answers = [response.json() for response in run(ask_api(site.url, CROWD))]
    assert {answer["status"] for answer in answers} == {"answered"}
    assert len({answer["id"] for answer in answers}) == CROWD


class Held(Service):
    """Answers once it is let: as slow as any model, at no cost."""

    def __init__(self, index: Path) -> None:
        super().__init__(
            index=index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
        )
        self.go = StopEvent()

    def ask(
        self, question: str, history: Sequence[Turn] = (), stop: StopEvent | None = None
    ) -> Iterator[Event]:
        while not self.go.wait(0.1):
            if stop and stop.is_set():
                raise Stopped("nobody waits.")
        yield from super().ask(question, history, stop)


async def ask_too_many(url: str) -> list[httpx.Response]:
    """Return what is answered while nothing is."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        body = {"question": QUESTION}
        most = most_at_once(has_model=False) + MOST_WAITING
        asked = [
            asyncio.create_task(client.post(f"{url}/api/ask", json=body)) for _ in range(most + 10)
        ]
        told, waiting = set[Any](), set(asked)
        while len(told) < 10:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            told |= done
        for task in waiting:
            task.cancel()
        assert len(waiting) == most
        return [task.result() for task in told]


def test_more_than_can_be_answered_are_told_to_wait(bundled_index: Path) -> None:
    service, listener = Held(bundled_index), listen()
    service.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serving_app(make_app(service, rules=ChatbotTable()), listener):
        for response in run(ask_too_many(url)):
            assert response.status_code == 429
            assert response.headers["retry-after"] == "5"
            assert "ask again in a few seconds" in response.json()["error"]
        service.go.set()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            response = httpx.post(f"{url}/api/ask", json={"question": QUESTION}, timeout=60)
            if response.status_code == 200:
                break
        assert response.status_code == 200


@pytest.mark.browser
def test_the_page_stays_usable_while_the_index_is_built_again(
    tmp_path: Path, embedder: Embedder, browser: Browser
) -> None:
    documents, index = tmp_path / "documents", tmp_path / "index"
    build(load_corpus([write(documents, 0)]), index, embedder)
    write(documents, 1)
    question, founder = FOUND.format(TOWNS[1]), f"Baron {TOWNS[1][::-1].title()}"
    service = Service(
        index=index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None,
        suggestions=[question],
    )  # fmt: skip
    service.start()
    listener = listen()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    command = [sys.executable, "footnote.py", "index", str(documents), "--index", str(index)]
    with serving_app(make_app(service, rules=ChatbotTable()), listener):
        wait_until_ready(service)
        page, before, asked = browser.new_page(), current_name(index), 0
        page.goto(url)
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as indexing:
            while indexing.poll() is None:
                ask_in(page, question, founder)
                asked += 1
                page.wait_for_timeout(200)
        assert indexing.returncode == 0
        assert asked >= 2
        assert current_name(index) != before
        assert httpx.get(f"{url}/api/documents").json()["index"] == current_name(index)
        ask_in(page, "Who is the keeper of the chronicles?", "Keeper1")
        page.close()


def ask_in(page: Any, question: str, answer: str) -> None:  # noqa: ANN401
    """Ask on the page; the answer must be there within ten seconds, on a machine that indexes."""
    turns = page.locator('.fn-turn[data-state="done"]')
    count = turns.count()
    page.get_by_role("textbox").first.fill(question)
    page.keyboard.press("Enter")
    expect(turns).to_have_count(count + 1, timeout=10_000)
    expect(turns.last).to_contain_text(answer)
