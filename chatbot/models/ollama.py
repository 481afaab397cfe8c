"""The `ollama:` models, on this machine or another.

Ollama cuts a prompt that is longer than its context and does not say so: the context is set to the
one that the prompt was made for.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from chatbot.errors import WrongSetting
from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.remote import Protocol, RemoteModel, client_options, read_part

PORT = 11434


def address(base_url: str | None) -> str:
    """Return where Ollama is: as configured, else OLLAMA_HOST, else its usual port here.

    Told to listen everywhere (0.0.0.0) it is asked here. WrongSetting if that is no address.
    """
    configured = (base_url or "").rstrip("/").removesuffix("/v1")
    named = configured or os.environ.get("OLLAMA_HOST", "") or f"http://127.0.0.1:{PORT}"
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        port = parts.port or (PORT if "://" not in named else None)
    except ValueError as error:
        raise WrongSetting(
            "OLLAMA_HOST is no address; write it like 127.0.0.1:11434, or unset it."
        ) from error
    host = parts.hostname or "127.0.0.1"
    host = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


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
    counts = part.raw.get("prompt_eval_count"), part.raw.get("eval_count")
    return read_part(part, part.additional_kwargs, counts, reason, ("stop",))
