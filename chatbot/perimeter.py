"""What reaches the server and what leaves it: origins, sizes, headers. Knows no answers.

A browser names the site that asks (its origin). Sites that are not on the list reach nothing but
the widget's own file: Gradio would answer any of them, credentials and all.

Why the page's policy allows inline scripts and styles: Gradio's own page needs both. It names no
other host, so nothing can be fetched from or sent anywhere else.
"""

import json
import re
from collections.abc import Sequence
from ipaddress import ip_address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNKNOWN_HOST = (
    "This server does not go by that name; whoever runs it can add the address to "
    "FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
)
LARGEST_BODY_BYTES = 64_000
"""A question of 2,000 characters and the turns before it, in the longest encoding."""

WIDGET = "/widget.js"

CLOSED = (
    "/gradio_api/upload",
    "/gradio_api/file",
    "/gradio_api/proxy",
    "/monitoring",
    "/gradio_api/deep_link",
)
"""Routes of Gradio that the page does not need."""

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; frame-ancestors {ancestors}; form-action 'self'"
)


class Perimeter:
    """ASGI middleware: closed routes, body size, and security headers on every response."""

    def __init__(self, app: ASGIApp, *, allowed_origins: Sequence[str]) -> None:
        self._app = app
        self._allowed = tuple(allowed_origins)
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
            await send(message)

        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        path, origin = scope["path"], headers.get(b"origin")
        own = f"{scope['scheme']}://{headers.get(b'host', '')}"
        if not is_known_host(headers.get(b"host", ""), allowed_origins=self._allowed):
            await _refuse(send_with_headers, 403, UNKNOWN_HOST)
        elif path.startswith(CLOSED):
            await _refuse(send_with_headers, 404, "There is nothing here.")
        elif path != WIDGET and not is_allowed(origin, own=own, allowed_origins=self._allowed):
            await _refuse_origin(send_with_headers, scope["method"], origin or "")
        elif _length(headers) > LARGEST_BODY_BYTES:
            await _refuse(
                send_with_headers, 413, "The request is too large; ask something shorter."
            )
        else:
            await self._app(scope, _counted(receive), send_with_headers)


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


async def _refuse_origin(send: Send, method: str, origin: str) -> None:
    """Refuse so that the site's own page can read why; it reads nothing else."""
    readable = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-headers", b"content-type, accept"),
        (b"vary", b"origin"),
    ]
    if method == "OPTIONS":
        await _refuse(send, 204, "", readable)
        return
    sentence = (
        f"This site ({origin}) is not on the list of sites that may ask; whoever runs the bot can "
        "add it to FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
    )
    await _refuse(send, 403, sentence, readable)


async def _refuse(
    send: Send, status: int, sentence: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    body = json.dumps({"error": sentence}).encode() if sentence else b""
    length = (b"content-length", str(len(body)).encode())
    start = [(b"content-type", b"application/json"), length, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
