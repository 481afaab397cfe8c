"""What can write answers: `provider:name` to a model. Models do not know documents or citations.

To add a provider, write `load(name, settings) -> Model` in a file of its name; give it a row here.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from threading import Event
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from chatbot.answer import Usage
from chatbot.errors import UnknownModel

QUOTES = "quotes:"
REPLY_TOKENS = 1_024
"""The most that a model may write, and what is kept free for it in its context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a provider's models are; the package, extra and key it needs."""

    says: str
    package: str = ""
    extra: str = ""
    key: str = ""
    example: str = "NAME"

    @property
    def is_installed(self) -> bool:
        """Say whether its package can be imported."""
        try:
            return not self.package or find_spec(self.package) is not None
        except ModuleNotFoundError:  # of the package's parent
            return False


PROVIDERS = {
    "ollama": Provider(
        says="a model that Ollama runs, on this machine or at [chatbot] base_url",
        package="llama_index.llms.ollama",
        extra="ollama",
    ),
    "openai": Provider(
        says="OpenAI's own",
        package="llama_index.llms.openai_like",
        extra="openai",
        key="OPENAI_API_KEY",
    ),
    "anthropic": Provider(
        says="Anthropic's own",
        package="llama_index.llms.anthropic",
        extra="anthropic",
        key="ANTHROPIC_API_KEY",
    ),
    "openai-compatible": Provider(
        says="what serves OpenAI's protocol at [chatbot] base_url: vLLM, llama.cpp, LM Studio",
        package="llama_index.llms.openai_like",
        extra="openai",
    ),
    "huggingface": Provider(
        says="a folder, or a name of Hugging Face's, run in this process",
        example="FOLDER-OR-ID",
    ),
    "echo": Provider(
        says="repeats the passages, or the words given; for trying things out",
        example="WORDS",
    ),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text as it streams.

    The last ones may carry what the provider counted, and how it ended: `stop` by itself, `cut` for
    whatever other reason. A model that is `thinking` sends no text yet, but is alive.
    """

    text: str
    usage: Usage = field(default_factory=Usage)
    finish: Literal["", "stop", "cut"] = ""
    thinking: bool = False


class Model(Protocol):
    """What the answerer needs of a model: a name, room for so many tokens, a count of them."""

    name: str
    context_tokens: int

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model takes `text` for, rather too many than too few."""

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the reply as it is written; ModelUnavailable when it cannot be had.

        Once `stop` is set, Stopped is raised within a second, and the model left off.
        """


class Limits(BaseModel, frozen=True):
    """How long a model may take: to be reached, to begin, to go on, and in all."""

    connect_seconds: float = Field(default=5.0, gt=0)
    first_token_seconds: float = Field(default=60.0, gt=0)
    between_tokens_seconds: float = Field(default=20.0, gt=0)
    total_seconds: float = Field(default=120.0, gt=0)


class ModelSettings(Limits, frozen=True):
    """What a provider may need beside the model's name."""

    base_url: str | None = None
    context_tokens: int = Field(default=4_096, ge=2_048)


def load_model(spec: str, settings: ModelSettings) -> Model | None:
    """Return the model that `provider:name` names; None for `quotes:`, which needs none.

    UnknownModel says what is missing: a known name, a package, a key, a server's address.
    """
    if spec == QUOTES:
        return None
    provider_name, colon, name = spec.partition(":")
    provider = PROVIDERS.get(provider_name)
    if not colon or provider is None:
        known = ", ".join(f"{known}:NAME" for known in PROVIDERS)
        raise UnknownModel(f"no model is called {spec!r}; use {QUOTES} or one of {known}.")
    if not provider.is_installed:
        raise UnknownModel(
            f"{provider_name}: needs a package that is not installed; run "
            f"`pip install -c requirements.lock -e '.[{provider.extra}]'`."
        )
    if provider.key and not re.fullmatch("[!-~]+", os.environ.get(provider.key, "")):
        raise UnknownModel(
            f"{provider_name}: needs a key; put it into the environment as {provider.key}."
        )
    if not name and provider_name != "echo":
        raise UnknownModel(
            f"{provider_name}: needs a model's name after the colon; see `footnote models`."
        )
    module = import_module(f"chatbot.models.{provider_name.replace('-', '_')}")
    model: Model = module.load(name, settings)
    return model
