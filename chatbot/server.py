"""The HTTP server: the API, the widget, and the chat page in one process. Knows no documents."""

import socket
from collections.abc import Callable, Sequence
from functools import cache

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from chatbot.api import add_routes
from chatbot.background import Background
from chatbot.errors import PortTaken
from chatbot.page import PageText, mount_page
from chatbot.perimeter import Perimeter
from chatbot.proxies import Network
from chatbot.service import Service
from corpus.errors import FootnoteError


def make_app(
    service: Service,
    *,
    allowed_origins: Sequence[str],
    title: str,
    trusted_proxies: Sequence[Network] = (),
    root_path: str = "",
    tips: Callable[[], Sequence[str]] = tuple,
) -> FastAPI:
    """Return the app: API routes first, then the page at the root.

    `tips` for whoever runs the page are asked for once, when it is first opened.
    """
    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["content-type", "accept"],
    )
    app.add_middleware(
        Perimeter,
        allowed_origins=allowed_origins,
        trusted_proxies=trusted_proxies,
        root_path=root_path,
    )
    background = Background()
    add_routes(app, service, background)
    tips = cache(tips)

    def describe() -> PageText | FootnoteError:
        service.wait()
        try:
            scope = service.scope()
        except FootnoteError as error:
            return error
        return PageText(
            title=title,
            document_count=scope.document_count,
            indexed_at=scope.indexed_at,
            suggestions=scope.suggestions,
            model=scope.model,
            tips=tuple(tips()),
            index=scope.index,
        )

    mount_page(app, ask=service.ask, describe=describe, background=background)
    return app


def serve(app: FastAPI, *, host: str, port: int, started: Callable[[], None]) -> None:
    """Serve until stopped, after saying `started`; PortTaken if another program listens there."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise PortTaken(
            f"port {port} on {host} is taken ({error.strerror}); choose another with --port."
        ) from error
    listener.listen()
    started()
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=5,
        proxy_headers=False,  # it would believe this machine; the perimeter sees to proxies
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
