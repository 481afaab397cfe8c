"""An open page as the server sees it: gradio's own protocol over HTTP, without a browser."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

SHOWN = re.compile(r"\bfn-(?:sentence|unknown|prose)\b")
"""A sentence, the card that says there is none, or small talk."""


@dataclass(frozen=True)
class Asked:
    """What came of one question: seconds to the first sentence, or why there is none."""

    first_seconds: float
    problem: str = ""


class Visitor:
    """One page. `open` it, then `ask` it; `close` lets go of its connection."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url, self.session = client, url.rstrip("/"), uuid.uuid4().hex[:11]
        self._heart: asyncio.Task[None] | None = None
        self.config: dict[str, Any] = {}

    async def open(self) -> None:
        """Load the page as a browser does: its HTML, a heartbeat, and the first screen."""
        html = (await self._client.get(f"{self._url}/")).raise_for_status().text
        self.config, _ = json.JSONDecoder().raw_decode(html.split("window.gradio_config = ", 1)[1])
        self._heart = asyncio.create_task(self._beat())
        for dependency in self.config["dependencies"]:
            if any(event == "load" for _, event in dependency["targets"]):
                async for _ in self._run(dependency, {}):
                    pass

    async def ask(self, question: str) -> Asked:
        """Ask in the page's box; wait for the whole answer."""
        box = next(
            c["id"]
            for c in self.config["components"]
            if c["props"].get("elem_id") == "fn-question" and c["type"] == "textbox"
        )
        submit = next(d for d in self.config["dependencies"] if [box, "submit"] in d["targets"])
        began, first, last = time.monotonic(), 0.0, {}
        try:
            async for last in self._run(submit, {box: question}):
                newest = json.dumps(last, ensure_ascii=False).rpartition("<article")[2]
                if not first and SHOWN.search(newest):
                    first = time.monotonic() - began
        except httpx.HTTPStatusError as error:
            return Asked(0.0, f"{error.response.status_code}: {error.response.text[:200]}")
        except httpx.HTTPError as error:
            return Asked(0.0, repr(error))
        good = first and last.get("msg") == "process_completed" and last.get("success")
        return Asked(first, "" if good else json.dumps(last)[:5000])

    def close(self) -> None:
        """Let go, as a closed tab does."""
        if self._heart:
            self._heart.cancel()

    async def _run(
        self, dependency: dict[str, Any], given: dict[int, Any]
    ) -> AsyncIterator[dict[str, Any]]:
        api = f"{self._url}/gradio_api/queue"
        filled = {c["id"]: c["props"].get("value") for c in self.config["components"]}
        body = {
            "data": [given.get(id_, filled.get(id_)) for id_ in dependency["inputs"]],
            "fn_index": dependency["id"],
            "trigger_id": dependency["targets"][0][0],
            "session_hash": self.session,
        }
        response = await self._client.post(f"{api}/join", json=body)
        if response.is_error:
            await response.aread()
        response.raise_for_status()
        where = f"{api}/data?session_hash={self.session}"
        async with self._client.stream("GET", where) as answer:
            async for line in answer.aiter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message and message["msg"] not in ("heartbeat", "close_stream"):
                    yield message
                if message.get("msg") in ("close_stream", "unexpected_error"):
                    return

    async def _beat(self) -> None:
        where = f"{self._url}/gradio_api/heartbeat/{self.session}"
        async with self._client.stream("GET", where) as beats:
            async for _ in beats.aiter_lines():
                pass
