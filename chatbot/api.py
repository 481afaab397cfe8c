"""The routes for programs, the page's script and the widget: JSON and server-sent events.

Considered for server-sent events: fastapi.sse (fixes one content type a route; `ask` answers with
two), sse-starlette (a dependency for three lines).
"""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from threading import Event as StopEvent
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from chatbot.answer import Event, Finished, Turn, as_json
from chatbot.api_description import EVENTS, Suggestions
from chatbot.background import Background
from chatbot.errors import TooBusy, UnknownAnswer, WrongQuestion, sentence_of
from chatbot.feedback import Feedback
from chatbot.library import Library, ShownDocument, show_document
from chatbot.question import LONGEST_QUESTION, check_length
from chatbot.service import Service
from corpus.errors import FootnoteError, UnknownDocument

MOST_TURNS = 20
KEEP_ALIVE_SECONDS = 15.0
"""Proxies cut a connection that is silent for a minute; a model may think for as long."""
CLIENT_GONE = 499
_STATUS: dict[type[FootnoteError], int] = {WrongQuestion: 422, UnknownAnswer: 404, TooBusy: 429}
"""HTTP status by error; any other error of ours means that the index cannot be used now: 503."""
_NO_TEXT = 400  # from FastAPI, of a body that is no UTF-8 or is nested too deep
_QUESTION = '{"question": "..."}'
_FEEDBACK = '{"answer_id": "...", "question": "...", "reason": "wrong", "comment": "..."}'


class AskRequest(BaseModel, extra="forbid"):
    """The body of POST /api/ask; `history` is oldest first."""

    # What is described here `check_length` sees to, in better words.
    question: str = Field(
        json_schema_extra={"minLength": 1, "maxLength": LONGEST_QUESTION, "pattern": r"\S"}
    )
    history: list[Turn] = Field(default=[], max_length=MOST_TURNS)


def add_routes(app: FastAPI, service: Service, background: Background) -> None:
    """Add the routes, and what turns errors into JSON with a sentence."""
    app.exception_handler(FootnoteError)(_footnote_error)
    app.exception_handler(StarletteHTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_bad_request)
    _add_ask(app, service, background)
    _add_reading(app, service)

    @app.post("/api/feedback", status_code=204)
    def feedback(said: Feedback) -> None:
        service.keep(said)

    app.routes.append(Route("/api/{rest:path}", _Nothing(app)))


class _Nothing:
    """Where no route is, whatever the method: says so, or which method there is one for."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = [route for route in self._app.routes if isinstance(route, APIRoute)]
        there = [route for route in ours if route.matches(scope)[0] is Match.PARTIAL]
        if methods := sorted({method for route in there for method in route.methods or ()}):
            said = f"Ask for this with {' or '.join(methods)}; see /api/openapi.json."
            raise HTTPException(405, said, {"allow": ", ".join(methods)})
        raise HTTPException(404, "There is nothing here; see /api/openapi.json.")


def _add_ask(app: FastAPI, service: Service, background: Background) -> None:
    @app.post("/api/ask", response_model=None)
    async def ask(body: AskRequest, request: Request) -> Response:
        question = check_length(body.question)
        background.admit()

        def start(stop: StopEvent) -> Iterator[Event]:
            return service.ask(question, body.history, stop)

        if "text/event-stream" in request.headers.get("accept", ""):
            headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
            events = background.each(start, idle_seconds=KEEP_ALIVE_SECONDS)
            return StreamingResponse(_sse(events), media_type="text/event-stream", headers=headers)
        async for event in background.each(start, is_gone=request.is_disconnected):
            if isinstance(event, Finished):
                return JSONResponse(as_json(event), headers={"cache-control": "no-store"})
        return Response(status_code=CLIENT_GONE)


def _add_reading(app: FastAPI, service: Service) -> None:
    @app.get("/api/documents", response_model=None)
    def documents() -> Library:
        return service.library()

    @app.get("/api/documents/{document_id:path}", response_model=None)
    def document(document_id: str) -> ShownDocument:
        try:
            return show_document(service.document(document_id))
        except UnknownDocument as error:
            said = f"No document is called {document_id!r}; /api/documents lists them."
            raise HTTPException(404, said) from error

    @app.get("/api/suggestions", response_model=None)
    def suggestions() -> Suggestions:
        return Suggestions(service.scope().suggestions)

    @app.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz")
    def ready() -> dict[str, str]:
        service.scope()
        return {"status": "ready"}


async def _sse(events: AsyncIterator[Event | None]) -> AsyncIterator[str]:
    try:
        async for event in events:
            yield _text(EVENTS[type(event)], as_json(event)) if event else ": still here\n\n"
    except FootnoteError as error:
        yield _text("error", {"error": sentence_of(error)})
    except Exception:  # a reader never meets a traceback
        logging.getLogger(__name__).exception("a question could not be answered")
        yield _text("error", {"error": "Something went wrong on our side; ask again."})


def _text(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _footnote_error(_request: Request, error: FootnoteError) -> JSONResponse:
    status = _STATUS.get(type(error), 503)
    wait = {"retry-after": "5"} if status == _STATUS[TooBusy] else None
    return JSONResponse({"error": sentence_of(error)}, status, wait)


def _http_error(request: Request, error: StarletteHTTPException) -> JSONResponse:
    if error.status_code == _NO_TEXT:
        return _bad_request(request, error)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _bad_request(request: Request, error: Exception) -> JSONResponse:
    where = ""
    if "json" not in request.headers.get("content-type", ""):
        where = " (the header `Content-Type: application/json` is missing)"
    elif isinstance(error, RequestValidationError):
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"][1:])
        where = f" ({at}: {first['msg']})" if at else f" ({first['msg']})"
    path = request.url.path  # below the root path, if there is one
    wanted = _FEEDBACK if path.endswith("/api/feedback") else _QUESTION
    sentence = f"Send JSON like {wanted}; this request was something else{where}."
    return JSONResponse({"error": sentence}, 422)
