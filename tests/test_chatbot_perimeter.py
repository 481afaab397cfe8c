import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from chatbot.perimeter import CLOSED, LARGEST_BODY_BYTES, WIDGET, Perimeter, is_allowed

OWN = "http://127.0.0.1:7860"
SITE = "https://example.org"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        (OWN, True),
        (SITE, True),
        ("http://localhost:3000", True),
        ("null", False),
        ("", False),
        ("*", False),
        ("http://example.org", False),  # another scheme
        ("https://example.org:8443", False),  # another port
        ("https://example.org.evil.net", False),
        ("https://evil-example.org", False),
        ("https://www.example.org", False),
        ("https://example.org@evil.net", False),
        ("https://example.org/", False),
        ("https://example.or", False),
        ("example.org", False),
        ("https://127.0.0.1:7860", False),
        ("http://127.0.0.1", False),
        ("http://127.0.0.1:78600", False),
        ("http://localhost:7860", False),
        ("http://localhost", False),
    ],
)
def test_origin_must_match_scheme_host_and_port(origin: str | None, allowed: bool) -> None:
    sites = [SITE, "http://localhost:3000"]
    assert is_allowed(origin, own=OWN, allowed_origins=sites) is allowed


def test_no_site_is_allowed_by_default() -> None:
    assert not is_allowed(SITE, own=OWN, allowed_origins=[])
    assert is_allowed(OWN, own=OWN, allowed_origins=[])


class Inner:
    """The app behind: says what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.left = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left = True
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        start = {"type": "http.response.start", "status": 200, "headers": [(b"x-inner", b"1")]}
        await send(start)
        await send({"type": "http.response.body", "body": b"in"})


class Reply:
    """What came back."""

    def __init__(self, messages: list[Message]) -> None:
        start: Message = messages[0] if messages else {"status": 0, "headers": []}
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def error(self) -> str:
        return str(json.loads(self.body)["error"])


def _send(
    inner: Inner,
    path: str = "/",
    *,
    method: str = "GET",
    parts: tuple[bytes, ...] = (b"",),
    **headers: str,
) -> Reply:
    named = {"host": "127.0.0.1:7860"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    # In a thread of its own: Playwright, where it runs, has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        app = Perimeter(inner, allowed_origins=[SITE])
        pool.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    return Reply(sent)


def test_allowed_request_passes_with_security_headers() -> None:
    inner = Inner()
    reply = _send(inner, origin=SITE)
    assert (reply.status, reply.body, inner.bodies) == (200, b"in", [b""])
    assert reply.headers["x-inner"] == "1"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert f"frame-ancestors 'self' {SITE};" in reply.headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["https://evil.net", "null", "http://localhost:7860"])
def test_other_site_is_refused_and_told_the_setting(origin: str) -> None:
    inner = Inner()
    reply = _send(inner, "/api/ask", method="POST", origin=origin)
    assert (reply.status, inner.bodies) == (403, [])
    assert "FOOTNOTE_CHATBOT_ALLOWED_ORIGINS" in reply.error()
    assert "access-control-allow-credentials" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_widget_file_is_for_every_site() -> None:
    assert _send(Inner(), WIDGET, origin="https://evil.net").status == 200


@pytest.mark.parametrize("path", ["/widget.js/", "/widget.js.map", "//widget.js", "/widget"])
def test_only_that_very_file_is_for_every_site(path: str) -> None:
    assert _send(Inner(), path, origin="https://evil.net").status == 403


@pytest.mark.parametrize("path", CLOSED)
def test_closed_routes_do_not_exist(path: str) -> None:
    inner = Inner()
    for below in (path, path + "/x"):
        assert _send(inner, below).status == 404
    assert inner.bodies == []


def test_body_that_declares_too_much_is_refused() -> None:
    inner = Inner()
    assert _send(inner, content_length=str(LARGEST_BODY_BYTES + 1)).status == 413
    assert inner.bodies == []
    assert _send(inner, content_length=str(LARGEST_BODY_BYTES)).status == 200


def test_body_that_grows_too_long_is_cut_off() -> None:
    inner, half = Inner(), b"x" * (LARGEST_BODY_BYTES // 2)
    _send(inner, parts=(half, half, b"x"))
    assert inner.left
    assert inner.bodies == []
    assert _send(inner, parts=(half, half)).status == 200
