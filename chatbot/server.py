"""The HTTP server: the API, the widget, and the chat page in one process. Knows no documents."""

import asyncio
import socket
from collections.abc import Callable
from functools import cache
from importlib.metadata import version

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from chatbot.api import add_routes
from chatbot.api_description import describe as describe_api
from chatbot.background import Background, most_at_once
from chatbot.embed import add_embedding
from chatbot.errors import PortTaken
from chatbot.page import Tips, mount_page
from chatbot.perimeter import Perimeter
from chatbot.request_log import start_logging
from chatbot.service import Service
from chatbot.settings import ChatbotTable

MOST_CONNECTIONS = 2000
HEAD_SECONDS = 10.0
"""How long, and at most twice that, a connection may take to say what it wants."""


def make_app(
    service: Service, *, rules: ChatbotTable, api_key: str | None = None, tips: Tips = tuple
) -> FastAPI:
    """Return the app: API routes first, then the page at the root."""
    app = FastAPI(
        title="Footnote",
        version=version("footnote"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    described = cache(lambda: describe_api(app))
    app.openapi = described  # type: ignore[method-assign]
    app.add_middleware(
        CORSMiddleware,
        allow_origins=rules.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type", "accept"],
        expose_headers=["retry-after", "x-request-id"],
    )
    app.state.background = background = Background(most_at_once(has_model=service.has_model))
    app.add_middleware(Perimeter, rules=rules, api_key=api_key, background=background)
    add_routes(app, service, background)
    add_embedding(app)
    mount_page(app, service, background, title=rules.title, tips=tips)
    return app


def serve(
    app: FastAPI, *, host: str, port: int, started: Callable[[], None], log_questions: bool
) -> None:
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
    start_logging(with_questions=log_questions)
    config = uvicorn.Config(
        app,
        http=_Impatient,
        log_config=None,
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=5,
        proxy_headers=False,  # it would believe this machine; the perimeter sees to proxies
        server_header=False,
    )
    _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends what is under way before it waits for it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(self.config.app.state.background.end())  # type: ignore[union-attr]
        await super().shutdown(sockets)
        await ending


class _Impatient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's protocol, less its endless patience with a request that does not come."""

    last_seen: object = ...

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._look)

    def _look(self) -> None:
        """Close a connection on which no request has come since the last look."""
        if self.transport.is_closing():
            return
        is_between = self.cycle is None or self.cycle.response_complete
        if is_between and self.cycle is self.last_seen:
            self.transport.close()
        self.last_seen = self.cycle
        self.loop.call_later(HEAD_SECONDS, self._look)
