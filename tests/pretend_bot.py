"""A bot whose answers are written down: what the real one says seldom, or never should say."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, Response, StreamingResponse
from hostile import HOSTILE

from chatbot.embed import add_embedding

TEXT = "\n".join(["A heading", *HOSTILE[:-2], "The gate closed at noon. 🜛 It opened again at six."])
QUOTES = ("The gate closed at noon.", "It opened again at six.")


def cite(number: int, quote: str) -> dict[str, Any]:
    start = TEXT.index(quote)
    return {
        "number": number, "document_id": "a/b c.txt", "start": start, "end": start + len(quote),
        "quote": quote, "title": HOSTILE[2], "page": number, "published_on": "2020",
        "source": "javascript:document.title='owned'",
    }  # fmt: skip


def say(text: str, numbers: tuple[int, ...], verdict: str = "quoted") -> dict[str, Any]:
    return {"text": text, "citations": numbers, "verdict": verdict, "support": 1, "marks": [[0, 8]]}


def answer(*sentences: dict[str, Any], notices: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "id": "0" * 32, "status": "answered", "sentences": sentences, "hits": [], "problem": "",
        "citations": [cite(n + 1, quote) for n, quote in enumerate(QUOTES)],
        "notices": notices, "follow_ups": [HOSTILE[0], "What else?"],
    }  # fmt: skip


ANSWERS = {
    "two": answer(say(QUOTES[0], (1,)), say(QUOTES[1], (2,))),
    "hostile": answer(*(say(text, (1, 2), "unsupported") for text in HOSTILE)),
    "conflict": answer(
        say(QUOTES[0], (1,)), say(QUOTES[1], (2,)), notices=("conflict", "partial", "left_out")
    ),
}


def pretend_bot(asked: list[dict[str, Any]], left: list[str] | None = None) -> FastAPI:
    """Answer the questions above, note them; `slow` does not end, `busy` is refused once.

    `left` holds the questions whose answers nobody waited for to the end.
    """
    app = FastAPI()
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["retry-after"],
    )
    add_embedding(app)

    @app.get("/api/suggestions")
    def suggestions() -> dict[str, list[str]]:
        return {"suggestions": [HOSTILE[2], "two"]}

    @app.get("/api/documents/{name:path}")
    def document(name: str) -> dict[str, Any]:
        source = "https://docs.example/a.pdf" if name == "linked" else "javascript:alert(1)"
        headings = [{"level": 1, "title": "A heading", "start": 0}]
        pages = [{"number": 1, "start": 0}]
        return {"id": name, "title": "x", "text": TEXT, "source": source, "language": "en",
                "published_on": None, "headings": headings, "pages": pages}  # fmt: skip

    @app.post("/api/feedback")
    def feedback() -> Response:
        return JSONResponse({"error": "There is no room for more feedback."}, 503)

    @app.post("/api/ask", response_model=None)
    async def ask(request: Request) -> Response:
        body = await request.json()
        asked.append(body)
        if len(body["question"]) > 2000:
            return JSONResponse({"error": "The question is too long."}, 422)
        times = sum(one["question"] == body["question"] for one in asked)
        if body["question"] == "busy" and times == 1:
            return JSONResponse({"error": "Too much was asked."}, 429, {"retry-after": "2"})
        events = _events(body["question"], [] if left is None else left)
        return StreamingResponse(events, media_type="text/event-stream")

    return app


async def _events(question: str, left: list[str]) -> AsyncIterator[str]:
    whole = ANSWERS.get(question, ANSWERS["two"])
    yield _event("hits", {"hits": []})
    for sentence in whole["sentences"]:
        yield _event("sentence", {"sentence": sentence, "citations": whole["citations"]})
        if question == "slow":
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                left.append(question)
                raise
        if question == "broken":
            return
    yield _event("done", whole)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
