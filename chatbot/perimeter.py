"""What reaches the server and what leaves it: callers, limits, headers. Knows no answers.

Why the page's policy allows inline scripts and styles: Gradio's own page needs both. It names no
other host, so nothing can be fetched from or sent anywhere else.
"""

import asyncio
import math
import re
import secrets
import time
from collections import Counter
from collections.abc import Sequence

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.background import Background
from chatbot.callers import Refusal, identify
from chatbot.limits import Limits
from chatbot.proxies import as_sent, is_local, path_within
from chatbot.request_body import LARGEST_BODY_BYTES, TOO_LARGE, RequestBody
from chatbot.request_log import log, log_failure, request_id
from chatbot.settings import ChatbotTable

MOST_OPEN = 512
"""Requests of one caller under way at once: a page holds two, and an office may be one address."""

_WIDGET = r"/widget(?:/v[\w.-]+)?\.js"
"""The one file that any site may load; what it may ask for is told apart by origin."""

_FILES = r"/theme\.css|/favicon\.ico|/manifest\.json|/assets/.+|/static/.+"
_ANSWERS = r"/gradio_api/(?:queue/data|heartbeat/\w+)"
_ASKS = r"/gradio_api/(?:queue/join|cancel|reset)"
OPEN: dict[re.Pattern[str], tuple[str, ...] | None] = {
    re.compile(r"/api/.*"): None,
    re.compile(rf"/|{_FILES}|{_WIDGET}|/embed|/healthz|/readyz"): ("GET", "HEAD"),
    re.compile(_ANSWERS): ("GET",),
    re.compile(_ASKS): ("POST",),
}
"""What may be asked for, and how (None: as its route says): ours, and what the page needs of
Gradio, which has many more: files to upload and to read, what it knows of itself, other hosts."""

_FREE = re.compile(rf"{_FILES}|{_ANSWERS}|/healthz|/readyz|{_WIDGET}|/embed")
_QUESTIONS = ("/api/ask", "/gradio_api/queue/join")
_COST_OF_READING = 0.1
_NOTHING = "There is nothing here."
_BROKEN = Refusal(500, "Something went wrong on our side; ask again.")

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; frame-ancestors {ancestors}; form-action 'self'"
)


class Perimeter:
    """ASGI middleware: open routes, callers, limits, and security headers on every response.

    Of the rules, `allowed_origins` are other sites that may ask; what `trusted_proxies` say of a
    request is believed; `root_path` is where one shows it, as in /help. Programs send `api_key`.
    """

    def __init__(
        self, app: ASGIApp, *, rules: ChatbotTable, api_key: str | None, background: Background
    ) -> None:
        self._app, self._rules, self._api_key = app, rules, api_key
        self._background, self._limits = background, Limits(rules)
        self._under_way: Counter[str] = Counter()
        ancestors = " ".join(["'self'", *rules.allowed_origins])
        self._headers = {
            b"content-security-policy": _POLICY.format(ancestors=ancestors).encode(),
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"no-referrer",
            b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
            b"cross-origin-resource-policy": b"same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here; end it quietly when the server is to stop."""
        if scope["type"] == "websocket":  # nothing of ours speaks it
            await send({"type": "websocket.close"})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, is_whole, name = time.monotonic(), 0, False, secrets.token_hex(8)
        request_id.set(name)
        body = RequestBody(scope, receive)

        async def send_with_headers(message: Message) -> None:
            nonlocal status, is_whole
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete(message["headers"], name, body)
            else:
                is_whole = not message.get("more_body", False)
            await send(message)

        is_here = is_local(scope, trusted=self._rules.trusted_proxies)
        scope = as_sent(scope, trusted=self._rules.trusted_proxies, root_path=self._rules.root_path)
        path = path_within(scope["path"], self._rules.root_path)
        try:
            with self._background.request():
                await self._pass_on(scope, path, is_here, body, send_with_headers)
        except asyncio.CancelledError:
            if not self._background.is_ending:
                raise
            if status and not is_whole:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if status >= 400 or not _FREE.fullmatch(path):
                seconds = round(time.monotonic() - began, 3)
                log("request", method=scope["method"], path=path, status=status, seconds=seconds)

    async def _pass_on(
        self, scope: Scope, path: str, is_here: bool, body: RequestBody, send: Send
    ) -> None:
        caller = self._admit(scope, path, is_here, body)
        if isinstance(caller, Refusal):
            await _answer(caller, scope)(scope, body.receive, send)
            return
        if self._rules.root_path and not path:
            await RedirectResponse(f"{self._rules.root_path}/", 308)(scope, body.receive, send)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server itself leaves the body out
        self._under_way[caller] += 1
        try:
            await _answer_whole(self._app, scope, body, send)
        finally:
            self._under_way[caller] -= 1
            if not self._under_way[caller]:
                del self._under_way[caller]

    def _admit(self, scope: Scope, path: str, is_here: bool, body: RequestBody) -> str | Refusal:
        """Return who asks, or why that is not to be."""
        caller = identify(
            scope,
            allowed_origins=self._rules.allowed_origins,
            api_key=self._api_key,
            is_local=is_here,
            # An allowed site asks the API; the page is asked by itself alone, in a frame there too.
            allows_others=path.startswith("/api/"),
            is_public=re.fullmatch(_WIDGET, path) is not None,
        )
        if isinstance(caller, Refusal):
            return caller
        methods = methods_for(path) if path else None
        if methods is not None and scope["method"] not in methods:
            said = f"Ask for this with {' or '.join(methods)}." if methods else _NOTHING
            return Refusal(405 if methods else 404, said, {"allow": ", ".join(methods)})
        if body.declared_bytes > LARGEST_BODY_BYTES:
            return TOO_LARGE
        if self._under_way[caller] >= MOST_OPEN:
            return _too_often(5.0)
        if not _FREE.fullmatch(path):
            is_question = scope["method"] == "POST" and path in _QUESTIONS
            if wait := self._limits.take(caller, 1.0 if is_question else _COST_OF_READING):
                return _too_often(wait)
        return caller

    def _complete(
        self, sent: Sequence[tuple[bytes, bytes]], name: str, body: RequestBody
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers with those that every response has, unless its route has its own."""
        own = dict(sent)
        ours = {**self._headers, b"x-request-id": name.encode()}
        if own.get(b"content-type", b"").startswith(b"text/event-stream"):
            ours[b"x-accel-buffering"] = b"no"  # nginx would keep events until it has a page full
        if body.is_left_over:
            ours[b"connection"] = b"close"  # or the server would read on to its end
        return [*sent, *((key, value) for key, value in ours.items() if key not in own)]


def methods_for(path: str) -> tuple[str, ...] | None:
    """Return how this may be asked for (None: as its route says); where nothing is, not at all."""
    return next((methods for route, methods in OPEN.items() if route.fullmatch(path)), ())


async def _answer_whole(app: ASGIApp, scope: Scope, body: RequestBody, send: Send) -> None:
    """Have the app answer; where a body was not whole, or the app broke, say that in its stead."""
    instead: Refusal | None = None
    has_begun = False

    async def send_if_whole(message: Message) -> None:
        nonlocal instead, has_begun
        if message["type"] == "http.response.start":
            instead = body.refusal or (_BROKEN if message["status"] == 500 else None)
            has_begun = instead is None
        if has_begun:
            await send(message)

    try:
        await app(scope, body.receive, send_if_whole)
    except Exception as error:
        instead = _BROKEN
        if not body.refusal:
            log_failure(error)
    if (instead := body.refusal or instead) and not has_begun:
        await _answer(instead, scope)(scope, body.receive, send)


def _too_often(wait_seconds: float) -> Refusal:
    seconds = max(1, math.ceil(wait_seconds))
    after = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
    return Refusal(
        429,
        f"Too much was asked in a short time; ask again in {after}.",
        {"retry-after": str(seconds)},
    )


def _answer(refusal: Refusal, scope: Scope) -> ASGIApp:
    """Refuse so that a site's own page can read why; it reads nothing else."""
    headers = dict(refusal.headers or {})
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin-1")
    if origin:
        headers |= {
            "access-control-allow-origin": origin,
            "access-control-allow-headers": "content-type, accept",
            "access-control-expose-headers": "retry-after, x-request-id",
            "cross-origin-resource-policy": "cross-origin",
            "vary": "origin",
        }
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers=headers)
    return JSONResponse({"error": refusal.sentence}, refusal.status, headers)
