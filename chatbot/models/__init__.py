"""What can write answers: `provider:name` to a model. Models do not know documents or citations.

To add a provider, write `load(name, settings) -> Model` in a file of its own; give it a row here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol

from chatbot.answer import Usage
from chatbot.errors import UnknownModel

QUOTES = "quotes:"


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider's `load` function is, and what its models are, for people."""

    module: str
    says: str


PROVIDERS = {
    "echo": Provider("chatbot.models.echo", "repeats the passages, or the words given; for tests"),
    "openai-compatible": Provider(
        "chatbot.models.openai_compatible",
        "a server that speaks OpenAI's protocol: vLLM, llama.cpp, LM Studio, Ollama",
    ),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text as it streams; the last one may carry what the provider counted."""

    text: str
    usage: Usage = field(default_factory=Usage)


class Model(Protocol):
    """What the answerer needs of a model."""

    name: str

    def stream(self, prompt: str) -> Iterator[Piece]:
        """Yield the reply as it is written; ModelUnavailable when it cannot be had."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """What a provider may need beside the model's name."""

    base_url: str | None = None
    timeout_seconds: float = 60.0


def load_model(spec: str, settings: ModelSettings) -> Model | None:
    """Return the model that `provider:name` names; None for `quotes:`, which needs none."""
    if spec == QUOTES:
        return None
    provider, colon, name = spec.partition(":")
    if not colon or provider not in PROVIDERS:
        known = ", ".join(f"{known}:NAME" for known in PROVIDERS)
        raise UnknownModel(f"no model is called {spec!r}; use {QUOTES} or one of {known}.")
    model: Model = import_module(PROVIDERS[provider].module).load(name, settings)
    return model
