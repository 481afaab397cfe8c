"""A model behind HTTP: llama-index asks it in a thread of its own, where it can be left off.

The asynchronous interface is used because only there can a read that waits be cancelled. Knows no
provider: how to ask, and how to read what comes, is given.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx

from chatbot.answer import Usage
from chatbot.models import ModelSettings, Piece
from chatbot.models.calls import LONGEST_REPLY, Arrived, Call, Caller
from chatbot.models.failures import explain
from index.tokens import count_tokens

_RESPONSES: ContextVar[list[httpx.Response]] = ContextVar("responses of the call under way")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKENS_APART = 1.25
"""How many tokens other tokenizers may make of what ours takes for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How to ask a provider: llama-index's `llm`, options for each call, what a part holds."""

    llm: Any
    read: Callable[[Any], Piece]
    options: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


def client_options(base_url: str, settings: ModelSettings) -> dict[str, Any]:
    """Return options for an httpx client of a model's server, with one connection a call.

    The time to connect is limited here, all others where the reply is waited for. What runs on this
    machine is not asked through a proxy.
    """
    return {
        "timeout": httpx.Timeout(None, connect=settings.connect_seconds),
        "limits": httpx.Limits(max_keepalive_connections=0),
        "follow_redirects": False,  # or the passages would go to a server that nobody named
        "trust_env": urlsplit(base_url).hostname not in LOOPBACK,
        "event_hooks": {"response": [_note]},
    }


def read_part(
    part: Any,  # noqa: ANN401
    more: Mapping[str, Any],
    counts: tuple[int | None, int | None],
    reason: str | None,
    whole: Collection[str],
) -> Piece:
    """Return a part as a piece: tokens read and written, and if its end is one of a whole reply."""
    return Piece(
        part.delta or "",
        Usage(prompt_tokens=counts[0], completion_tokens=counts[1]),
        finish="" if not reason else "stop" if reason in whole else "cut",
        thinking=bool(more.get("thinking_delta")),
    )


async def _note(response: httpx.Response) -> None:
    _RESPONSES.get().append(response)


class RemoteModel:
    """Streams replies, many at once, each within the limits."""

    def __init__(self, name: str, protocol: Protocol, settings: ModelSettings) -> None:
        self.name = name
        self.context_tokens = settings.context_tokens
        self._protocol = protocol
        self._caller = Caller(name, settings)
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name=name, daemon=True).start()

    def count_tokens(self, text: str) -> int:
        """Return tiktoken's count, and some more, for the model's own tokenizer is not here."""
        return round(count_tokens(text) * TOKENS_APART)

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the reply as the server sends it; ModelUnavailable, Stopped."""
        return self._caller.pieces(lambda: self._call(prompt), stop)

    def _call(self, prompt: str) -> Call:
        arrived = Arrived()
        running = asyncio.run_coroutine_threadsafe(self._ask(prompt, arrived), self._loop)
        return Call(arrived, running.cancel)

    async def _ask(self, prompt: str, arrived: Arrived) -> None:
        from llama_index.core.llms import ChatMessage

        length, responses = 0, list[httpx.Response]()
        _RESPONSES.set(responses)
        try:
            parts = await self._protocol.llm.astream_chat(
                [ChatMessage(role="user", content=prompt)], **self._protocol.options
            )
            async for part in parts:
                if length > LONGEST_REPLY:
                    await asyncio.sleep(0)  # lets whoever waited leave this off
                    continue
                piece = self._protocol.read(part)
                arrived.put(piece)
                length += len(piece.text)
            arrived.put(None)
        except Exception as error:  # the client's own errors, httpx's, and JSON's
            arrived.put(explain(error, model=self.name, key=self._protocol.key))
        finally:
            # Left off while it closes, or tripped over, a client may leave its connection open.
            for response in responses:
                await asyncio.shield(response.extensions["network_stream"].aclose())
