"""A server that is told to stop, with a page open and answers under way."""

import asyncio
import time
from pathlib import Path

import httpx
from conftest import Served, run, served
from scripted import serving
from visitor import Visitor

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
LONG = 60.0


async def stop_while_all_ask(there: Served) -> tuple[float, str, httpx.Response]:
    """Return the seconds until it had stopped, the end of the stream, and the other's response."""
    body, events = {"question": QUESTION}, {"accept": "text/event-stream"}
    url = f"{there.url}/api/ask"
    async with httpx.AsyncClient(timeout=30) as client:
        page = Visitor(client, there.url)
        await page.open()
        whole = asyncio.create_task(client.post(url, json=body))
        async with client.stream("POST", url, json=body, headers=events) as stream:
            lines = stream.aiter_lines()
            async for line in lines:
                if line == "event: sentence":
                    break
            there.process.terminate()
            began = time.monotonic()
            rest = "\n".join([line async for line in lines])
        response = await whole
        await asyncio.to_thread(there.process.wait, 10)
        page.close()
        return time.monotonic() - began, rest, response


def test_answers_end_in_a_sentence_within_five_seconds(bundled_index: Path, tmp_path: Path) -> None:
    with serving("openai-compatible") as script:
        dialect = script.dialect
        script.steps = [dialect.begin(), dialect.text(f"{COUNTED} And then"), LONG]
        settings = {"CHATBOT_BASE_URL": script.base_url, "CHATBOT_FIRST_TOKEN_SECONDS": "50"}
        settings |= {"CHATBOT_BETWEEN_TOKENS_SECONDS": "50"}
        model = ("--model", "openai-compatible:tiny")
        with served(bundled_index, tmp_path, *model, **settings) as there:
            seconds, rest, response = run(stop_while_all_ask(there))
            assert there.process.returncode in (0, -15)
            said = there.log.read_text()
    assert seconds < 5
    assert "event: error" in rest
    assert "is being restarted" in rest
    assert response.status_code == 503
    assert "is being restarted" in response.json()["error"]
    assert "Traceback" not in said


def test_a_server_with_nothing_under_way_stops_at_once(bundled_index: Path, tmp_path: Path) -> None:
    async def stop(there: Served) -> float:
        async with httpx.AsyncClient(timeout=30) as client:
            page = Visitor(client, there.url)
            await page.open()
            there.process.terminate()
            began = time.monotonic()
            await asyncio.to_thread(there.process.wait, 10)
            page.close()
            return time.monotonic() - began

    with served(bundled_index, tmp_path) as there:
        assert run(stop(there)) < 3
        assert there.process.returncode in (0, -15)
        assert "Traceback" not in there.log.read_text()
