"""The `anthropic:` models."""

from typing import Any

from chatbot.answer import Usage
from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.remote import Protocol, RemoteModel


def load(name: str, settings: ModelSettings) -> RemoteModel:
    """Return the model; the key is in the environment."""
    import httpx
    from llama_index.llms.anthropic import Anthropic

    llm = Anthropic(
        model=name,
        base_url=settings.base_url,
        max_tokens=REPLY_TOKENS,
        max_retries=0,
        temperature=0.0,
    )
    options = {"timeout": httpx.Timeout(None, connect=settings.limits.connect_seconds)}
    protocol = Protocol(llm=llm, read=_read, options=options, key="ANTHROPIC_API_KEY")
    return RemoteModel(f"anthropic:{name}", protocol, settings)


def _read(part: Any) -> Piece:  # noqa: ANN401
    more = part.message.additional_kwargs
    usage, reason = more.get("usage") or {}, more.get("stop_reason")
    # What is counted at the beginning is not the whole; only the end says that.
    counted = Usage(
        prompt_tokens=usage.get("input_tokens"), completion_tokens=usage.get("output_tokens")
    )
    return Piece(
        part.delta or "",
        counted if reason else Usage(),
        finish="length" if reason == "max_tokens" else "stop" if reason else "",
        thinking=bool(more.get("thinking_delta")),
    )
