"""A model behind HTTP: llama-index asks it in a thread of its own, where it can be left off.

The asynchronous interface is used because only there can a read that waits be cancelled. Knows no
provider: how to ask, and how to read what comes, is given.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any

from chatbot.errors import ModelUnavailable
from chatbot.models import ModelSettings, Piece
from chatbot.models.calls import LONGEST_REPLY, Call, Caller
from chatbot.models.failures import explain
from index.tokens import count_tokens

TOKENS_APART = 1.25
"""How many tokens other tokenizers may make of what ours takes for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How to ask a provider: llama-index's `llm`, options for each call, what a part holds."""

    llm: Any
    read: Callable[[Any], Piece]
    options: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


class RemoteModel:
    """Streams replies, many at once, each within the limits."""

    def __init__(self, name: str, protocol: Protocol, settings: ModelSettings) -> None:
        self.name = name
        self.context_tokens = settings.context_tokens
        self._protocol = protocol
        self._caller = Caller(name, settings.limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = Lock()

    def count_tokens(self, text: str) -> int:
        """Return tiktoken's count, and some more, for the model's own tokenizer is not here."""
        return round(count_tokens(text) * TOKENS_APART)

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the reply as the server sends it; ModelUnavailable, Stopped."""
        return self._caller.pieces(lambda: self._call(prompt), stop)

    def _call(self, prompt: str) -> Call:
        arrived: SimpleQueue[Piece | ModelUnavailable | None] = SimpleQueue()
        running = asyncio.run_coroutine_threadsafe(self._ask(prompt, arrived), self._running_loop())
        return Call(arrived, running.cancel)

    async def _ask(
        self, prompt: str, arrived: "SimpleQueue[Piece | ModelUnavailable | None]"
    ) -> None:
        from llama_index.core.llms import ChatMessage

        length = 0
        try:
            parts = await self._protocol.llm.astream_chat(
                [ChatMessage(role="user", content=prompt)], **self._protocol.options
            )
            async for part in parts:
                piece = self._protocol.read(part)
                arrived.put(piece)
                length += len(piece.text)
                if length > LONGEST_REPLY:  # seen by whoever waits for it, who leaves it off
                    return
            arrived.put(None)
        except Exception as error:  # the client's own errors, httpx's, and JSON's
            arrived.put(explain(error, model=self.name, key=self._protocol.key))

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=self._loop.run_forever, name=self.name, daemon=True).start()
            return self._loop
