import asyncio
import json
from ipaddress import ip_network
from typing import Any

import pytest
from conftest import run
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot import request_body
from chatbot.background import Background
from chatbot.perimeter import Perimeter, methods_for
from chatbot.request_body import LARGEST_BODY_BYTES, RequestBody
from chatbot.settings import ChatbotTable

OWN = "http://127.0.0.1:7860"
SITE = "https://example.org"
PROXIES = [ip_network("127.0.0.1"), ip_network("10.9.0.0/16")]
RULES = ChatbotTable(allowed_origins=[SITE], trusted_proxies=PROXIES)
BELOW = ChatbotTable(root_path="/help")


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
    rules = ChatbotTable(allowed_origins=[SITE, "http://localhost:3000"])
    sent: dict[str, Any] = {} if origin is None else {"origin": origin}
    assert _send(Inner(), "/api/ask", rules=rules, **sent).status == (200 if allowed else 403)


def test_no_site_is_allowed_by_default() -> None:
    assert _send(Inner(), "/api/ask", rules=ChatbotTable(), origin=SITE).status == 403
    assert _send(Inner(), "/api/ask", rules=ChatbotTable(), origin=OWN).status == 200


class Inner:
    """The app behind: says what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scope: Scope = {}
        self.left = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
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
    inner: ASGIApp,
    path: str = "/",
    *,
    method: str = "GET",
    parts: tuple[bytes, ...] = (b"",),
    client: str = "10.1.2.3",
    rules: ChatbotTable = RULES,
    api_key: str | None = None,
    **headers: str,
) -> Reply:
    named = {"host": "127.0.0.1:7860"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "client": (client, 1),
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
    app = Perimeter(inner, rules=rules, api_key=api_key, background=Background(1))
    run(app(scope, receive, send))
    return Reply(sent)


def test_allowed_request_passes_with_security_headers() -> None:
    inner = Inner()
    reply = _send(inner, "/api/ask", method="POST", origin=SITE)
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


@pytest.mark.parametrize("path", ["/widget.js", "/widget/v0.1.0-0a1b2c3d.js"])
def test_widget_file_is_for_every_site(path: str) -> None:
    assert _send(Inner(), path, origin="https://evil.net").status == 200


@pytest.mark.parametrize(
    "path",
    ["/widget.js/", "/widget.js.map", "//widget.js", "/widget", "/widget/v/../x.js", "/embed"],
)
def test_only_that_very_file_is_for_every_site(path: str) -> None:
    assert _send(Inner(), path, origin="https://evil.net").status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://evil.net"),
        ("GET", "/gradio_api/info"),
        ("POST", "/gradio_api/run/predict"),
        ("GET", "/monitoring"),
        ("GET", "/config"),
        ("GET", "//"),
        ("GET", "/x/../gradio_api/queue/data"),
        ("GET", "/gradio_api/heartbeat/x/y"),
        ("GET", "/healthz\n"),
        ("GET", "/new-route-of-a-later-gradio"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(method: str, path: str) -> None:
    inner = Inner()
    assert _send(inner, path, method=method, origin=OWN).status == 404
    assert inner.bodies == []


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/gradio_api/queue/join", "POST"),
        ("HEAD", "/gradio_api/queue/data", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/assets/x.js", "GET, HEAD"),
        ("POST", "/embed", "GET, HEAD"),
        ("DELETE", "/widget.js", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_another_method_is_told_the_right_one(method: str, path: str, right: str) -> None:
    inner = Inner()
    reply = _send(inner, path, method=method, origin=OWN)
    assert (reply.status, reply.headers["allow"]) == (405, right)
    assert reply.error() == f"Ask for this with {right.replace(', ', ' or ')}."
    assert inner.bodies == []


@pytest.mark.parametrize("path", ["/", "/api/ask", "/assets/index-x.js", "/gradio_api/queue/data"])
def test_what_the_page_needs_is_there(path: str) -> None:
    assert "GET" in (methods_for(path) or ("GET",))


def test_an_allowed_site_asks_the_api_and_nothing_of_the_pages() -> None:
    assert _send(Inner(), "/gradio_api/queue/join", method="POST", origin=SITE).status == 403
    own = _send(Inner(), "/gradio_api/queue/join", method="POST", origin=OWN)
    assert own.status == 200


SAID: dict[str, Any] = {"x_forwarded_host": "example.org", "x_forwarded_proto": "https, http"}


@pytest.mark.parametrize("client", ["10.1.2.3", "8.8.8.8", "::1", "testclient"])
def test_what_strangers_say_of_a_proxy_is_neither_believed_nor_passed_on(client: str) -> None:
    inner = Inner()
    more: dict[str, Any] = {
        "x_forwarded_for": "127.0.0.1",
        "forwarded": "host=evil",
        "x_gradio_server": "evil",
    }
    assert _send(inner, client=client, **SAID, **more).status == 200
    assert inner.scope["headers"] == [(b"host", b"127.0.0.1:7860")]
    assert inner.scope["scheme"] == "http"


@pytest.mark.parametrize("client", ["127.0.0.1", "10.9.200.1", "::ffff:127.0.0.1"])
def test_a_trusted_proxy_says_host_and_scheme(client: str) -> None:
    inner = Inner()
    assert _send(inner, client=client, origin=SITE, **SAID).status == 200
    assert dict(inner.scope["headers"]) == {b"host": b"example.org", b"origin": SITE.encode()}
    assert inner.scope["scheme"] == "https"
    assert _send(inner, client=client, x_forwarded_host="evil.net").status == 403


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.7", "203.0.113.7"),  # whoever asked wrote the first
        ("198.51.100.1, 203.0.113.7, 10.9.3.4", "203.0.113.7"),
        ("203.0.113.7:5123", "203.0.113.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("10.9.3.4", "10.9.0.1"),
        ("nonsense", "10.9.0.1"),
        ("203.0.113.7, nonsense", "10.9.0.1"),
    ],
)
def test_a_trusted_proxy_says_who_asked(said: str, address: str) -> None:
    inner = Inner()
    assert _send(inner, client="10.9.0.1", x_forwarded_for=said).status == 200
    assert inner.scope["client"][0] == address


def test_no_socket_is_opened_past_the_rules() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    inner = Inner()
    app = Perimeter(inner, rules=ChatbotTable(), api_key=None, background=Background(1))
    run(app({"type": "websocket", "path": "/gradio_api/queue/join", "headers": []}, receive, send))
    assert (sent, inner.scope) == ([{"type": "websocket.close"}], {})


LONG_KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    ("headers", "key", "status"),
    [
        ({"client": "127.0.0.1"}, None, 200),  # whoever runs it
        ({"client": "::1"}, None, 200),
        ({"client": "10.1.2.3"}, None, 401),
        ({"client": "127.0.0.1", "x_forwarded_for": "203.0.113.7"}, None, 401),
        ({"client": "127.0.0.1", "x_forwarded_for": "127.0.0.1"}, None, 200),
        ({"client": "127.0.0.1", "x_forwarded_proto": "http"}, None, 401),  # of whom?
        ({"client": "10.1.2.3", "x_forwarded_for": "127.0.0.1"}, None, 401),
        ({"client": "10.1.2.3", "origin": SITE}, None, 200),
        ({"client": "10.1.2.3", "origin": "null"}, None, 403),
        ({"client": "127.0.0.1"}, LONG_KEY, 401),
        ({"client": "10.1.2.3"}, LONG_KEY, 401),
        ({"client": "10.1.2.3", "authorization": f"Bearer {LONG_KEY}"}, LONG_KEY, 200),
        ({"client": "10.1.2.3", "authorization": f"bearer  {LONG_KEY}"}, LONG_KEY, 200),
        ({"client": "10.1.2.3", "authorization": LONG_KEY}, LONG_KEY, 401),
        ({"client": "10.1.2.3", "authorization": f"Basic {LONG_KEY}"}, LONG_KEY, 401),
        ({"client": "10.1.2.3", "authorization": f"Bearer {LONG_KEY}0"}, LONG_KEY, 401),
        ({"client": "10.1.2.3", "authorization": "Bearer "}, LONG_KEY, 401),
        ({"client": "10.1.2.3", "authorization": "Bearer \xe9"}, LONG_KEY, 401),
        ({"origin": SITE, "authorization": f"Bearer {LONG_KEY}x"}, LONG_KEY, 401),
        ({"origin": "https://evil.net", "authorization": f"Bearer {LONG_KEY}"}, LONG_KEY, 403),
        ({"origin": SITE}, LONG_KEY, 200),
        ({"origin": SITE, "authorization": "Basic eDp5"}, LONG_KEY, 200),  # of a proxy in front
    ],
)
def test_programs_need_the_key_unless_they_run_here(
    headers: dict[str, str], key: str | None, status: int
) -> None:
    inner = Inner()
    sent: dict[str, Any] = {**headers}
    reply = _send(inner, "/api/ask", method="POST", api_key=key, **sent)
    assert reply.status == status
    assert len(inner.bodies) == (status == 200)
    if status == 401:
        assert reply.headers["www-authenticate"] == "Bearer"
        assert LONG_KEY not in reply.error()


def test_what_every_reader_may_see_needs_no_key() -> None:
    assert _send(Inner(), "/api/documents", api_key=LONG_KEY).status == 200
    assert _send(Inner(), "/", api_key=LONG_KEY).status == 200


@pytest.mark.parametrize("path", ["/help/api/ask", "/api/ask"])
def test_below_a_root_path_whether_or_not_the_proxy_cuts_it_off(path: str) -> None:
    inner = Inner()
    assert _send(inner, path, rules=BELOW).status == 200
    assert (inner.scope["root_path"], inner.scope["path"]) == ("/help", "/help/api/ask")
    assert _send(inner, path.replace("api/ask", "config"), rules=BELOW).status == 404


def test_the_root_path_itself_leads_to_the_page() -> None:
    reply = _send(Inner(), "/help", rules=BELOW)
    assert (reply.status, reply.headers["location"]) == (308, "/help/")
    assert _send(Inner(), "/helpers", rules=BELOW).status == 404


def test_body_that_declares_too_much_is_refused() -> None:
    inner = Inner()
    assert _send(inner, content_length=str(LARGEST_BODY_BYTES + 1)).status == 413
    assert inner.bodies == []
    assert _send(inner, content_length=str(LARGEST_BODY_BYTES)).status == 200


def test_body_that_grows_too_long_is_cut_off() -> None:
    inner, half = Inner(), b"x" * (LARGEST_BODY_BYTES // 2)
    reply = _send(inner, parts=(half, half, b"x"), transfer_encoding="chunked")
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert "too large" in reply.error()
    assert inner.left
    assert inner.bodies == []
    assert _send(inner, parts=(half, half)).status == 200


def test_a_body_of_which_the_rest_does_not_come_is_said_to_be_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_body, "BODY_SECONDS", 0.0)

    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def read() -> RequestBody:
        body = RequestBody({"headers": []}, never)
        assert await body.receive() == {"type": "http.disconnect"}
        return body

    refusal = run(read()).refusal
    assert refusal
    assert (refusal.status, "did not come" in refusal.sentence) == (408, True)


def test_host_names_have_no_case() -> None:
    assert _send(Inner(), host="LOCALHOST:7860").status == 200
    assert _send(Inner(), host="LocalHost", origin="http://localhost").status == 200


def test_what_breaks_is_a_sentence_and_a_line(caplog: pytest.LogCaptureFixture) -> None:
    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Internal Server Error", 500)(scope, receive, send)
        raise ValueError("what somebody asked")

    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("what somebody asked")

    reply = _send(plain)
    assert (reply.status, reply.error()) == (500, "Something went wrong on our side; ask again.")
    (line,) = (line for line in caplog.records if line.levelname == "ERROR")
    assert line.facts["error"] == "ValueError"  # type: ignore[attr-defined]
    assert "test_chatbot_perimeter.py:" in line.facts["at"]  # type: ignore[attr-defined]
    assert "somebody" not in str(vars(line))
    assert _send(begun).status == 200  # it can be called nothing else any more
