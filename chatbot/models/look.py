"""Looks which models could write answers here. Contacts loopback, and the server configured."""

import json
import os
import shlex
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from chatbot.errors import WrongSetting
from chatbot.models import PROVIDERS, QUOTES
from chatbot.models.ollama import address
from chatbot.models.remote import LOOPBACK

WAIT_SECONDS = 1.0
LARGEST_LIST_BYTES = 1_000_000
LONGEST_NAME = 200
LOCAL_SERVERS = {
    "vLLM": "http://127.0.0.1:8000/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
    "LM Studio": "http://127.0.0.1:1234/v1",
}
"""Servers of OpenAI's protocol at their usual ports on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What can be said of a provider here; None where it does not apply or nobody was asked.

    `models` are names to put after `model`'s colon; `base_url` is the server that was asked.
    """

    model: str
    says: str
    installed: bool
    extra: str = ""
    key: str = ""
    has_key: bool | None = None
    base_url: str | None = None
    reachable: bool | None = None
    models: tuple[str, ...] = ()


def look_for_models(model: str, base_url: str | None) -> list[Found]:
    """Return a finding for `quotes:` and each provider; `model` is the one configured.

    A configured base URL is the server of that model's provider; servers are asked side by side.
    """
    quotes = Found(model=QUOTES, says="the documents' own sentences; needs nothing", installed=True)
    is_ollama = model.startswith("ollama:")
    servers = {
        "ollama": address(base_url if is_ollama else None),
        "openai-compatible": None if is_ollama else base_url,
    }
    key = os.environ.get("OPENAI_API_KEY", "")
    with ThreadPoolExecutor() as threads:
        found = threads.map(lambda name: _look(name, servers.get(name), key), PROVIDERS)
        return [quotes, *found]


def running_here() -> dict[str, Found]:
    """Return the model servers that answer at their usual ports on this machine, by name.

    No key is sent: what listens there may be anything.
    """
    asked = {name: ("openai-compatible", url) for name, url in LOCAL_SERVERS.items()}
    with suppress(WrongSetting):
        asked = {"Ollama": ("ollama", address(None))} | asked
    here = {name: each for name, each in asked.items() if urlsplit(each[1]).hostname in LOOPBACK}
    with ThreadPoolExecutor() as threads:
        found = threads.map(lambda each: _look(*each), here.values())
        return {name: each for name, each in zip(here, found, strict=True) if each.models}


def tips() -> list[str]:
    """Return a sentence a model server that runs here: how to have it write the answers."""
    return [how_to_use(name, found) for name, found in running_here().items()]


def how_to_use(name: str, found: Found) -> str:
    """Return a sentence that says how to have a server that runs here write the answers."""
    model = shlex.quote(f"{found.model.partition(':')[0]}:{found.models[0]}")
    where = "" if name == "Ollama" else f"FOOTNOTE_CHATBOT_BASE_URL={found.base_url} "
    first = "" if found.installed else f"pip install -c requirements.lock -e '.[{found.extra}]'; "
    return (
        f"{name} runs on this machine; to have it write the answers: "
        f"{first}{where}footnote serve --model {model}"
    )


def _look(name: str, server: str | None, key: str = "") -> Found:
    provider = PROVIDERS[name]
    models = _models(name, server, key) if server else None
    return Found(
        model=f"{name}:{provider.example}",
        says=provider.says,
        installed=provider.is_installed,
        extra=provider.extra,
        key=provider.key,
        has_key=bool(os.environ.get(provider.key)) if provider.key else None,
        base_url=server,
        reachable=models is not None if server else None,
        models=models or (),
    )


def _models(name: str, server: str, key: str) -> tuple[str, ...] | None:
    """Return the names of a server's models; None if it cannot be asked."""
    path, rows, called = (
        ("/api/tags", "models", "name") if name == "ollama" else ("/models", "data", "id")
    )
    headers = {"authorization": f"Bearer {key}"} if key and name != "ollama" else {}
    try:
        said = json.loads(_get(server.rstrip("/") + path, headers))
        names = [str(row[called]) for row in said[rows]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, RecursionError):
        return None
    return tuple(name for name in names if name.isprintable() and len(name) <= LONGEST_NAME)


def _get(url: str, headers: dict[str, str]) -> bytes:
    """Return what stands there; ValueError if it is too much, or takes too long in all."""
    body, deadline = b"", time.monotonic() + WAIT_SECONDS
    client = httpx.Client(timeout=WAIT_SECONDS, trust_env=False)
    with client, client.stream("GET", url, headers=headers) as response:
        for chunk in response.raise_for_status().iter_bytes():
            body += chunk
            if len(body) > LARGEST_LIST_BYTES or time.monotonic() > deadline:
                raise ValueError("what is there is no list of models")
    return body
