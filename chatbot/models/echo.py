"""The `echo:` model: deterministic, on this machine, and honest only by accident.

`echo:` repeats the first full sentence of the first passages it is shown; `echo:WORDS` says WORDS
whatever it is shown, which is how to see what the check does with a model that makes things up.
"""

import re
from collections.abc import Iterator
from threading import Event

from chatbot.errors import Stopped
from chatbot.models import ModelSettings, Piece
from chatbot.prompt import passages_in
from index.sentences import split_sentences
from index.tokens import count_tokens

SENTENCES = 2


class EchoModel:
    """Streams its reply a word at a time."""

    def __init__(self, words: str, context_tokens: int = 4_096) -> None:
        self.name = f"echo:{words}"
        self.context_tokens = context_tokens
        self._words = words

    def count_tokens(self, text: str) -> int:
        """Return tiktoken's count: there is no tokenizer of its own."""
        return count_tokens(text)

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the words given, or the beginnings of the first passages in the prompt."""
        for word in re.findall(r"\S+\s*", self._words or _beginnings(prompt)):
            if stop.is_set():
                raise Stopped("nobody waits for this answer any more.")
            yield Piece(word)


def load(name: str, settings: ModelSettings) -> EchoModel:
    """Return the model; any name will do."""
    return EchoModel(name, settings.context_tokens)


def _beginnings(prompt: str) -> str:
    passages = passages_in(prompt)[:SENTENCES]
    found = [[text[s.start : s.end] for s in split_sentences(text)] for text in passages]
    firsts = [
        next((s for s in sentences if s.endswith((".", "!", "?"))), "") for sentences in found
    ]
    return " ".join(filter(None, firsts))
