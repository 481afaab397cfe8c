"""What reaches the server and what leaves it: origins, sizes, headers. Knows no answers.

A browser names the site that asks (its origin). Sites that are not on the list reach nothing but
the widget's own file: Gradio would answer any of them, credentials and all.

Why the page's policy allows inline scripts and styles: Gradio's own page needs both. It names no
other host, so nothing can be fetched from or sent anywhere else.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.proxies import Network, as_sent, path_within

UNKNOWN_HOST = (
    "This server does not go by that name; whoever runs it can add the address to "
    "FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
)
LARGEST_BODY_BYTES = 64_000
"""A question of 2,000 characters and the turns before it, in the longest encoding."""

WIDGET = "/widget.js"

_FILES = r"/theme\.css|/assets/.+|/static/.+"
_ANSWERS = r"/gradio_api/(?:queue/data|heartbeat/\w+)"
_ASKS = r"/gradio_api/(?:queue/join|cancel|reset)"
OPEN = {
    re.compile(rf"/api/.*|{WIDGET}|/healthz|/readyz"): None,
    re.compile(rf"/|{_FILES}|{_ANSWERS}"): ("GET", "HEAD"),
    re.compile(_ASKS): ("POST",),
}
"""What may be asked for, and how (None: as its route says): ours, and what the page needs of
Gradio, which has many more: files to upload and to read, what it knows of itself, other hosts."""

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; frame-ancestors {ancestors}; form-action 'self'"
)


class Perimeter:
    """ASGI middleware: open routes, body size, and security headers on every response.

    `trusted_proxies` are believed what they say of host and scheme; `root_path` is where a proxy
    shows the server, such as /help.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_origins: Sequence[str],
        trusted_proxies: Sequence[Network] = (),
        root_path: str = "",
    ) -> None:
        self._app = app
        self._allowed = tuple(allowed_origins)
        self._trusted, self._root_path = tuple(trusted_proxies), root_path
        ancestors = " ".join(["'self'", *allowed_origins])
        self._headers = [
            (b"content-security-policy", _POLICY.format(ancestors=ancestors).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
                if _is_stream(message["headers"]):
                    message["headers"].append((b"x-accel-buffering", b"no"))
            await send(message)

        scope = as_sent(scope, trusted=self._trusted, root_path=self._root_path)
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send_with_headers)
        else:
            await self._app(scope, _counted(receive), send_with_headers)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Return what to answer in the app's place, if anything."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        path = path_within(scope["path"], self._root_path)
        # An allowed site asks the API; the page, in a frame there too, is asked by itself alone.
        others = self._allowed if path.startswith("/api/") else ()
        if not is_known_host(host, allowed_origins=self._allowed):
            return _refuse(403, UNKNOWN_HOST)
        if self._root_path and not path:
            return RedirectResponse(f"{self._root_path}/", 308)
        own = f"{scope['scheme']}://{host}"
        if path != WIDGET and not is_allowed(origin, own=own, allowed_origins=others):
            return _refuse_origin(scope["method"], origin or "")
        if not is_open(scope["method"], path):
            return _refuse(404, "There is nothing here.")
        if _length(headers) > LARGEST_BODY_BYTES:
            return _refuse(413, "The request is too large; ask something shorter.")
        return None


def is_open(method: str, path: str) -> bool:
    """Say whether the app is there for this at all."""
    return any(
        route.fullmatch(path) and (methods is None or method in methods)
        for route, methods in OPEN.items()
    )


def is_allowed(origin: str | None, *, own: str, allowed_origins: Sequence[str]) -> bool:
    """Say whether a request may come from `origin`; exact on scheme, host and port.

    No origin is a program or the page itself. Whoever serves others limits those in front.
    """
    return origin is None or origin == own or origin in allowed_origins


def is_known_host(host: str, *, allowed_origins: Sequence[str]) -> bool:
    """Say whether a request may name this host: an address, localhost, or an allowed origin's.

    Any site can make a name of its own lead here and then count as the same origin (DNS rebinding).
    """
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    if name == "localhost" or host in {origin.partition("://")[2] for origin in allowed_origins}:
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _length(headers: dict[bytes, str]) -> int:
    value = headers.get(b"content-length", "0")
    return int(value) if value.isdigit() else 0


def _counted(receive: Receive) -> Receive:
    """Stop reading a body that is longer than allowed, whatever length it declared."""
    read_bytes = 0

    async def receive_counted() -> Message:
        nonlocal read_bytes
        message = await receive()
        read_bytes += len(message.get("body", b""))
        return {"type": "http.disconnect"} if read_bytes > LARGEST_BODY_BYTES else message

    return receive_counted


def _is_stream(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Say whether events follow: nginx would keep them until it has a page full."""
    return dict(headers).get(b"content-type", b"").startswith(b"text/event-stream")


def _refuse_origin(method: str, origin: str) -> ASGIApp:
    """Refuse so that the site's own page can read why; it reads nothing else."""
    readable = {
        "access-control-allow-origin": origin,
        "access-control-allow-headers": "content-type, accept",
        "vary": "origin",
    }
    if method == "OPTIONS":
        return Response(status_code=204, headers=readable)
    sentence = (
        f"This site ({origin}) is not on the list of sites that may ask; whoever runs the bot can "
        "add it to FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
    )
    return _refuse(403, sentence, readable)


def _refuse(status: int, sentence: str, headers: dict[str, str] | None = None) -> ASGIApp:
    return JSONResponse({"error": sentence}, status, headers)
