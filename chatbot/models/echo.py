"""The `echo:` model: deterministic, on this machine, and honest only by accident.

`echo:` repeats the first full sentence of the first passages it is shown; `echo:WORDS` says WORDS
whatever it is shown, which is how to see what the check does with a model that makes things up.
"""

import re
from collections.abc import Iterator

from chatbot.models import ModelSettings, Piece
from index.sentences import split_sentences

SENTENCES = 2
_PASSAGE = re.compile(r"<<<passage \d+[^\n]*\n(.*?)\nend of passage \d+>>>", re.DOTALL)


class EchoModel:
    """Streams its reply a word at a time."""

    def __init__(self, words: str) -> None:
        self.name = f"echo:{words}"
        self._words = words

    def stream(self, prompt: str) -> Iterator[Piece]:
        """Yield the words given, or the beginnings of the first passages in the prompt."""
        for word in re.findall(r"\S+\s*", self._words or _beginnings(prompt)):
            yield Piece(word)


def load(name: str, _settings: ModelSettings) -> EchoModel:
    """Return the model; any name will do."""
    return EchoModel(name)


def _beginnings(prompt: str) -> str:
    passages = _PASSAGE.findall(prompt)[:SENTENCES]
    found = [[text[s.start : s.end] for s in split_sentences(text)] for text in passages]
    firsts = [
        next((s for s in sentences if s.endswith((".", "!", "?"))), "") for sentences in found
    ]
    return " ".join(filter(None, firsts))
