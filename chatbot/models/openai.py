"""The `openai:` models, and how any server that speaks OpenAI's chat protocol is asked."""

import os
import re
from typing import Any

from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.remote import Protocol, RemoteModel, client_options, read_part

KEY = "OPENAI_API_KEY"
_BASE_URL = "https://api.openai.com/v1"
_WHOLE = {"stop", "eos", "eos_token", "end_turn", "stop_sequence"}
"""How servers say that a reply came to its end by itself."""
_REASONS = re.compile(r"o\d|gpt-[5-9]")
"""Models that think first: they take no temperature, and their thoughts count as the reply."""


def load(name: str, settings: ModelSettings) -> RemoteModel:
    """Return the model; the key is in the environment."""
    thinks = _REASONS.match(name) is not None
    limit = {} if thinks else {"max_completion_tokens": REPLY_TOKENS}
    protocol = speak_openai(name, settings, settings.base_url or _BASE_URL, limit)
    return RemoteModel(f"openai:{name}", protocol, settings)


def speak_openai(
    name: str, settings: ModelSettings, base_url: str, limit: dict[str, int]
) -> Protocol:
    """Return how to ask the model called `name` at a base URL that ends in /v1."""
    import httpx
    from llama_index.llms.openai_like import OpenAILike
    from openai import NOT_GIVEN

    client = httpx.AsyncClient(**client_options(base_url, settings))
    llm = OpenAILike(
        model=name,
        api_base=base_url,
        # Local servers take any key; the client refuses to work without one.
        api_key=os.environ.get(KEY) or "none",
        async_http_client=client,
        is_chat_model=True,
        max_retries=0,
        context_window=settings.context_tokens,
        additional_kwargs={"stream_options": {"include_usage": True}, **limit},
    )
    options = {
        "temperature": NOT_GIVEN if _REASONS.match(name) else 0.0,
        "timeout": client.timeout,  # or llama-index's stands
    }
    return Protocol(llm=llm, read=_read, options=options, key=KEY)


def _read(part: Any) -> Piece:  # noqa: ANN401
    usage = getattr(part.raw, "usage", None)
    choices = getattr(part.raw, "choices", None) or [None]
    counts = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    reason = getattr(choices[0], "finish_reason", None)
    return read_part(part, part.additional_kwargs, counts, reason, _WHOLE)
