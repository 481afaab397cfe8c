"""What a model is asked: the instructions, the passages as marked data, the question last.

The mark is made from the passages with a secret of this installation: whoever wrote a document
cannot know it and so cannot end a passage, yet the same passages always give the same prompt.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chatbot.models import REPLY_TOKENS
from index.generation import Generation
from index.passage import Hit

VERSION = "answer.2"
ABSTAINS = "NOT IN THE DOCUMENTS"
MOST_PASSAGES = 8
_FOLDER = Path(__file__).parent / "prompts"
_SECRET_FILE, _SECRET_BYTES = "secret", 32
_MARK_LENGTH = 12  # hexadecimal digits
_PASSAGE = re.compile(
    r"<<<(?P<mark>\w+) passage \d+\n[^\n]*\n(?P<text>.*?)\n(?P=mark) end of passage \d+>>>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, how many passages stand in it, and how many did not fit."""

    text: str
    passage_count: int
    dropped_count: int


def make_prompt(
    question: str,
    hits: Sequence[Hit],
    *,
    generation: Generation,
    context_tokens: int,
    count_tokens: Callable[[str], int],
) -> Prompt:
    """Return the prompt: the whole passages of the best hits, as many as there is room for."""
    room = context_tokens - REPLY_TOKENS - count_tokens(_template(VERSION))
    room -= 2 * count_tokens(question)
    best = list({hit.context: hit for hit in reversed(hits)}.values())[::-1][:MOST_PASSAGES]
    fitting: list[str] = []
    for hit in best:
        text = generation.document(hit.context.document_id).text
        passage = f"{' '.join(hit.title.split())}\n{text[hit.context.start : hit.context.end]}"
        room -= count_tokens(between_marks(passage, f"passage {MOST_PASSAGES}", "0" * _MARK_LENGTH))
        if room < 0:
            break
        fitting.append(passage)
    secret, said = secret_beside(generation.folder.parent.parent), "\0".join(fitting).encode()
    mark = hmac.new(secret, said, hashlib.sha256).hexdigest()[:_MARK_LENGTH]
    text = fill(VERSION, question=question, mark=mark, passages=numbered(fitting, mark))
    return Prompt(text, len(fitting), len(best) - len(fitting))


def fill(version: str, folder: Path = _FOLDER, **parts: str) -> str:
    """Return the prompt of this version with its parts in place; braces in them are only text."""
    return re.sub(r"\{(\w+)\}", lambda match: parts[match[1]], _template(version, folder))


def _template(version: str, folder: Path = _FOLDER) -> str:
    return (folder / f"{version}.txt").read_text(encoding="utf-8")


def passages_in(prompt: str) -> list[str]:
    """Return the passages of a prompt without their titles, for models that are no models."""
    return [match["text"] for match in _PASSAGE.finditer(prompt)]


def between_marks(text: str, name: str, mark: str) -> str:
    """Return what is not ours between two lines that only we can write."""
    return f"<<<{mark} {name}\n{text}\n{mark} end of {name}>>>"


def numbered(passages: Sequence[str], mark: str) -> str:
    """Return the passages between marks, numbered from 1."""
    each = (between_marks(p, f"passage {n}", mark) for n, p in enumerate(passages, start=1))
    return "\n\n".join(each)


def secret_beside(index: Path) -> bytes:
    """Return the secret kept beside the index, made at its first use.

    Where it can be neither written nor read a new one is made each time; only caches suffer.
    """
    file, made = index / _SECRET_FILE, secrets.token_bytes(_SECRET_BYTES)
    with suppress(OSError):  # it is there, or may not be
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "wb") as writing:
            writing.write(made)
    with suppress(OSError):  # it may not be read
        kept = file.read_bytes()
        return kept if len(kept) == _SECRET_BYTES else made
    return made
