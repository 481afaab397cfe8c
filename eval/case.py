"""Cases: questions with the words that answer them. Reads and proves them; knows no answerer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.answer import Turn
from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from eval.errors import BadCase
from index.manifest import file_sha256

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question; any one of the `evidence` spans of each part answers it.

    `parts` numbers the evidence: most questions have one part, one that needs two documents has
    two. `distractors` are spans that look like an answer and are none; `answers` accepted strings.
    """

    id: str
    question: str
    answerable: bool
    evidence: tuple[Span, ...]
    history: tuple[Turn, ...] = ()
    answers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()
    distractors: tuple[Span, ...] = ()

    def evidence_by_part(self) -> list[list[Span]]:
        """Return the evidence of each part; one of each is needed."""
        by_part: dict[int, list[Span]] = {}
        for part, span in zip(self.parts or (1,) * len(self.evidence), self.evidence, strict=True):
            by_part.setdefault(part, []).append(span)
        return list(by_part.values())


class _Evidence(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document_id: str
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    quote: str
    part: int = Field(default=1, ge=1)

    @property
    def span(self) -> Span:
        return Span(self.document_id, self.start, self.end)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    question: str = Field(min_length=1)
    history: list[Turn] = []
    answerable: bool
    evidence: list[_Evidence] = []
    answers: list[str] = []
    tags: list[str] = []
    distractors: list[_Evidence] = []


def load_cases(files: Sequence[Path]) -> list[Case]:
    """Read JSONL case files; BadCase names the file and line of the first thing wrong.

    A file with a `.sha256` beside it is sealed: its bytes must have that hash.
    """
    cases: dict[str, Case] = {}
    for file in files:
        _check_seal(file)
        for number, line in _lines(file):
            case = _case(_parse(file, number, line))
            if case.id in cases:
                raise BadCase(
                    f"{file}:{number}: the id {case.id!r} is used twice; give each its own."
                )
            cases[case.id] = case
    return list(cases.values())


def check_cases(files: Sequence[Path], read_document: Callable[[str], Document]) -> list[str]:
    """Prove every gold span against the documents; return a sentence for each thing wrong."""
    problems = []
    for file in files:
        for number, line in _lines(file):
            parsed = _parse(file, number, line)
            where = f"{file.name}:{number} ({parsed.id})"
            if parsed.answerable != bool(parsed.evidence):
                problems.append(f"{where}: an answerable case has evidence, another has none")
            for evidence in [*parsed.evidence, *parsed.distractors]:
                try:
                    text = read_document(evidence.document_id).text
                except UnknownDocument as error:
                    problems.append(f"{where}: {error}")
                    continue
                if text[evidence.start : evidence.end] != evidence.quote:
                    problems.append(f"{where}: {evidence.document_id} has other words at its span")
            quotes = " ".join(" ".join(e.quote for e in parsed.evidence).split()).lower()
            if parsed.answers and not any(answer.lower() in quotes for answer in parsed.answers):
                problems.append(f"{where}: none of its answers stands in its evidence")
    return problems


def _check_seal(file: Path) -> None:
    seal = file.with_suffix(".sha256")
    if seal.is_file() and file.is_file() and seal.read_text().split()[:1] != [file_sha256(file)]:
        raise BadCase(f"{file} was changed after it was sealed; restore it, or seal a new version.")


def _lines(file: Path) -> list[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers from 1."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
        return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(f"{file} cannot be read; give a JSONL file of cases.") from error


def _parse(file: Path, number: int, line: str) -> _Line:
    try:
        return _Line.model_validate(json.loads(line))
    except (ValidationError, json.JSONDecodeError) as error:
        reason = str(error).splitlines()[0 if isinstance(error, json.JSONDecodeError) else 1]
        raise BadCase(
            f"{file}:{number}: {reason.strip()}; see eval/case.py for the fields."
        ) from error


def _case(line: _Line) -> Case:
    return Case(
        id=line.id,
        question=line.question,
        history=tuple(line.history),
        answerable=line.answerable,
        evidence=tuple(e.span for e in line.evidence),
        parts=tuple(e.part for e in line.evidence),
        distractors=tuple(d.span for d in line.distractors),
        answers=tuple(line.answers),
        tags=tuple(line.tags),
    )
