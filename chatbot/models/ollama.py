"""The `ollama:` models, on this machine or another.

Ollama cuts a prompt that is longer than its context and does not say so: the context is set to the
one that the prompt was made for.
"""

import os
from typing import Any

from chatbot.answer import Usage
from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.remote import Protocol, RemoteModel, client_options

ADDRESS = "http://127.0.0.1:11434"


def address(base_url: str | None) -> str:
    """Return where Ollama is: as configured, else OLLAMA_HOST, else its usual port here."""
    configured = (base_url or "").rstrip("/").removesuffix("/v1")
    named = configured or os.environ.get("OLLAMA_HOST", "") or ADDRESS
    return named if "://" in named else f"http://{named}"


def load(name: str, settings: ModelSettings) -> RemoteModel:
    """Return the model."""
    from llama_index.llms.ollama import Ollama
    from ollama import AsyncClient

    server = address(settings.base_url)
    llm = Ollama(
        model=name,
        base_url=server,
        temperature=0.0,
        context_window=settings.context_tokens,
        additional_kwargs={"num_predict": REPLY_TOKENS},
        async_client=AsyncClient(host=server, **client_options(server, settings)),
    )
    protocol = Protocol(llm=llm, read=_read, key="OLLAMA_API_KEY")
    return RemoteModel(f"ollama:{name}", protocol, settings)


def _read(part: Any) -> Piece:  # noqa: ANN401
    reason = part.raw.get("done_reason") or ("stop" if part.raw.get("done") else None)
    return Piece(
        part.delta or "",
        Usage(
            prompt_tokens=part.raw.get("prompt_eval_count"),
            completion_tokens=part.raw.get("eval_count"),
        ),
        finish="length" if reason == "length" else "stop" if reason else "",
        thinking=bool(part.additional_kwargs.get("thinking_delta")),
    )
