"""Whoever does not wait any more leaves no model writing: over HTTP, and on the page."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import listen, serving_app, wait_until_ready
from playwright.sync_api import Browser, expect
from scripted import Scripted, serving

from chatbot.models import Limits, ModelSettings, load_model
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
LONG = 30.0
PATIENT = Limits(first_token_seconds=LONG, between_tokens_seconds=LONG, total_seconds=LONG)


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    """A model server that says one true sentence and then nothing more for a long time."""
    with serving("openai-compatible") as script:
        dialect = script.dialect
        script.steps = [dialect.begin(), dialect.text(f"{COUNTED} And then"), LONG]
        yield script


@pytest.fixture(scope="module")
def url(server: Scripted, bundled_index: Path) -> Iterator[str]:
    model = load_model(
        "openai-compatible:tiny", ModelSettings(base_url=server.base_url, **PATIENT.model_dump())
    )
    service = Service(
        index=bundled_index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=model
    )
    service.start()
    listener = listen()
    with serving_app(make_app(service, rules=ChatbotTable()), listener):
        wait_until_ready(service)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _assert_left(server: Scripted, times: int) -> None:
    deadline = time.monotonic() + LONG / 3
    while len(server.left_after) < times:
        assert time.monotonic() < deadline, "the model was left writing"
        time.sleep(0.01)


def _asked_once_more(server: Scripted, times: int) -> None:
    deadline = time.monotonic() + LONG
    while len(server.asked) < times and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_stream_that_is_left_stops_the_model(url: str, server: Scripted) -> None:
    times = len(server.left_after) + 1
    headers = {"accept": "text/event-stream"}
    body = {"question": QUESTION}
    with httpx.stream("POST", f"{url}/api/ask", json=body, headers=headers, timeout=LONG) as answer:
        for line in answer.iter_lines():
            if line == "event: sentence":
                break
    _assert_left(server, times)


def test_a_request_that_is_left_stops_the_model(url: str, server: Scripted) -> None:
    times, asked = len(server.left_after) + 1, len(server.asked) + 1
    host, port = url.removeprefix("http://").split(":")
    body = f'{{"question": "{QUESTION}"}}'.encode()
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /api/ask HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        _asked_once_more(server, asked)
    _assert_left(server, times)


def test_threads_that_waited_for_a_model_are_free_again(url: str, server: Scripted) -> None:
    before, others = len(server.left_after), set(threading.enumerate())
    for _ in range(3):
        test_a_stream_that_is_left_stops_the_model(url, server)
    assert len(server.left_after) == before + 3
    busy = [t for t in threading.enumerate() if t.name.startswith("answer") and t not in others]
    assert len(busy) < 10


@pytest.mark.browser
@pytest.mark.parametrize("way", ["button", "escape", "close"])
def test_the_page_stops_the_model(way: str, url: str, server: Scripted, browser: Browser) -> None:
    times = len(server.left_after) + 1
    page = browser.new_page()
    page.goto(url)
    box = page.get_by_role("textbox")
    box.fill(QUESTION)
    box.press("Enter")
    expect(page.locator("#fn-conversation")).to_contain_text("411 homicides", timeout=LONG * 1000)
    if way == "button":
        page.get_by_role("button", name="Stop").click()
    elif way == "escape":
        page.keyboard.press("Escape")
    else:
        page.close()
    _assert_left(server, times)
    if way != "close":
        expect(page.locator("#fn-conversation")).to_contain_text("You stopped this answer.")
        expect(page.locator("#fn-conversation")).to_contain_text("411 homicides")
        page.close()
