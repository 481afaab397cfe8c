"""The `openai-compatible:` models: any server that speaks OpenAI's chat protocol, by llama-index.

Does not retry or fall back; whatever goes wrong becomes ModelUnavailable, without key or address.
"""

import os
from collections.abc import Iterator
from typing import Any

from chatbot.answer import Usage
from chatbot.errors import ModelUnavailable, UnknownModel
from chatbot.models import ModelSettings, Piece


class OpenAICompatibleModel:
    """A model behind a base URL."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        from llama_index.llms.openai_like import OpenAILike

        self.name = f"openai-compatible:{name}"
        self._client: Any = OpenAILike(
            model=name,
            api_base=settings.base_url,
            # Local servers take any key; the client refuses to work without one.
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            is_chat_model=True,
            max_retries=0,
            timeout=settings.timeout_seconds,
            temperature=0.0,
            reuse_client=False,
        )

    def stream(self, prompt: str) -> Iterator[Piece]:
        """Yield the reply as the server sends it."""
        from llama_index.core.llms import ChatMessage

        silent = True
        try:
            for part in self._client.stream_chat([ChatMessage(role="user", content=prompt)]):
                silent = silent and not part.delta
                yield Piece(part.delta or "", _usage(part.raw))
        except Exception as error:  # the client's own errors, httpx's, and JSON's
            raise ModelUnavailable(
                f"the model {self.name!r} could not be used ({type(error).__name__}); check that "
                "its server runs and that [chatbot] base_url is right."
            ) from error
        if silent:  # a web page, say, in place of a stream
            raise ModelUnavailable(
                f"the model {self.name!r} sent no words; check that [chatbot] base_url ends in /v1."
            )


def load(name: str, settings: ModelSettings) -> OpenAICompatibleModel:
    """Return the model; UnknownModel says what is missing from its name or settings."""
    if not name:
        raise UnknownModel(
            "openai-compatible: needs a model's name, as in openai-compatible:llama3."
        )
    if not settings.base_url:
        raise UnknownModel(
            "openai-compatible: needs a server; set FOOTNOTE_CHATBOT_BASE_URL to its address, "
            "ending in /v1."
        )
    return OpenAICompatibleModel(name, settings)


def _usage(raw: Any) -> Usage:  # noqa: ANN401
    usage = getattr(raw, "usage", None)
    return Usage(
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        completion_tokens=getattr(usage, "completion_tokens", None),
    )
