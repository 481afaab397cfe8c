"""Reads the questions and statements that were written to train the reader on (`written/`).

How they are written and what the letters mean stands in `written/README.md`. Knows no model.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from eval.errors import BadCase
from eval.reader_examples import ASIDE, Example, content_words, load_rows, locate, read_asked
from index.gloss import gloss
from index.sentences import split_sentences

WRITTEN = Path(__file__).with_name("written")
NAMES = ("first", "second", "third", "fourth", "fifth", "sixth")
"""In this order: what was made up in one may be asked about again in the next."""
KINDS = {
    "Q": "asked",
    "U": "unanswerable",
    "E": "asked in Spanish",
    "V": "unanswerable in Spanish",
    "T": "carried",
    "F": "wrong: written",
}
MEASURED = 25
"""One passage of so many is only measured on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """How many written lines of which file a stage is of, and what is made of them.

    `cropped` of the questions are asked of a few sentences, `elsewhere` of those answered of
    another text too, `unsaid` of their text without the sentences that answer; `changed` sentences
    are changed by rule, and `again` examples of the public sets stand between.
    """

    stage: str
    seed: int
    rate: float
    counts: dict[str, int]
    cropped: float = 0.0
    elsewhere: float = 0.0
    unsaid: float = 0.0
    changed: int = 0
    again: int = 6_000


LOTS = tuple(Lot(**lot) for lot in tomllib.loads((WRITTEN / "lots.toml").read_text("utf-8"))["lot"])
"""The reader that is shipped went through these, each after the one before."""


def read_written(data: Path, *names: str) -> tuple[list[Example], list[Example]]:
    """Return what the files hold, to train on and to measure on; BadCase if a passage is missing.

    About every second question in Spanish is put into English, as the chatbot does it.
    """
    passages = _passages(data)
    read = {name: list(_read(WRITTEN / f"{name}.txt", passages)) for name in NAMES}
    found = [example for name in names for example in read[name]]
    spanish = [example for example in found if "Spanish" in example.kind]
    glossed = {
        id(example): replace(example, question=gloss(example.question, example.text.__contains__))
        for example in spanish
        if int(_key(example.question), 16) % 2  # of those with an answer as many as of others
    }
    trained, measured = list[Example](), list[Example]()
    for example in found:
        is_measured = int(_key(example.text), 16) % MEASURED == 0
        (measured if is_measured else trained).append(glossed.get(id(example), example))
    return trained, measured


def _passages(data: Path) -> dict[str, str]:
    """Return the passages of the sets that are named in the files, by their keys."""
    rows = load_rows(data / "nq_oracle" / "nq-open-oracle.jsonl")
    texts = {row["ctxs"][0]["text"] for row in rows}
    texts |= {
        text for title, text, _ in read_asked(data / "squad2" / "dev.json") if title not in ASIDE
    }
    return {_key(text): " ".join(text.split()) for text in texts}


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _read(file: Path, passages: dict[str, str]) -> Iterator[Example]:
    text = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind.startswith("#"):
            if kind[1:] not in passages:
                raise BadCase(f"{file.name}: the passage {kind} is in none of the public sets.")
            text = passages[kind[1:]]
        elif kind == "P":
            text = rest.partition(" | ")[2]
            passages[_key(text)] = text
        elif kind in KINDS:
            yield _example(kind, rest, text)


def _example(kind: str, line: str, text: str) -> Example:
    question, _, answer = line.rpartition(" | ") if kind in "QE" else (line, "", "")
    start, end = -1, -1
    if kind == "T":
        start, end = _carrying(question, text)
    elif answer:
        place = locate(text, (answer,), question)
        start = place.start() if place else text.index(answer)
        end = start + len(answer)
    answers = (answer,) if answer else ()
    return Example(
        question=question, text=text, kind=KINDS[kind], start=start, end=end, answers=answers
    )


def _carrying(statement: str, text: str) -> tuple[int, int]:
    """Return where the sentence stands that shares most words with a statement."""
    said = content_words(statement)
    best = max(
        split_sentences(text), key=lambda s: len(said & content_words(text[s.start : s.end]))
    )
    return best.start, best.end
