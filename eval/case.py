"""Cases: questions with the words that answer them. Reads them; knows no answerer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from chatbot.answer import Turn
from corpus.document import Span
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


class EvidenceLine(BaseModel, extra="forbid"):
    """Words of a document, as a line of a case file names them."""

    document_id: str = Field(description="The document, as `footnote index` knows it.")
    start: int = Field(ge=0, description="First code point, counted as `footnote show` prints.")
    end: int = Field(gt=0, description="One past the last code point.")
    quote: str = Field(description="Exactly the words from start to end.")
    part: int = Field(
        default=1, ge=1, description="Which part of the question it answers; each needs one."
    )

    @property
    def span(self) -> Span:
        """Return where the words stand, without the words."""
        return Span(self.document_id, self.start, self.end)


class CaseLine(BaseModel, extra="forbid"):
    """One line of a case file."""

    id: str = Field(description="Used once over all files; a Spanish twin's ends in -es.")
    question: str = Field(min_length=1, description="What is asked.")
    history: list[Turn] = Field(default=[], description="The earlier turns, oldest first.")
    answerable: bool = Field(description="Whether the documents say it.")
    evidence: list[EvidenceLine] = Field(
        default=[], description="Every sentence that answers the question or a part of it."
    )
    answers: list[str] = Field(
        default=[], description="Accepted answers; at least one stands in the evidence."
    )
    tags: list[str] = Field(default=[], description="Kinds of question, to slice a report by.")
    distractors: list[EvidenceLine] = Field(
        default=[], description="What looks like an answer and is none."
    )


def load_cases(files: Sequence[Path]) -> list[Case]:
    """Read JSONL case files; BadCase names the file and line of the first thing wrong.

    A file with a `.sha256` beside it is sealed: its bytes must have that hash.
    """
    cases: dict[str, Case] = {}
    for file in files:
        seal, is_there = seal_of(file), file.is_file()
        if is_there and seal.is_file() and seal.read_text().split()[:1] != [file_sha256(file)]:
            raise BadCase(
                f"{file} was changed after it was sealed; restore it, or seal a new version."
            )
        for number, line in read_lines(file):
            case = _case(line)
            if case.id in cases:
                raise BadCase(
                    f"{file}:{number}: the id {case.id!r} is used twice; give each its own."
                )
            cases[case.id] = case
    return list(cases.values())


def read_lines(file: Path) -> list[tuple[int, CaseLine]]:
    """Return the lines that are not blank, with their numbers from 1; BadCase at the first bad."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(f"{file} cannot be read; give a JSONL file of cases.") from error
    parsed = []
    for number, line in enumerate(lines, start=1):
        try:
            parsed += [(number, CaseLine.model_validate_json(line))] if line.strip() else []
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
            raise BadCase(
                f"{file}:{number}: {reason}; see `footnote eval schema` for the fields."
            ) from error
    return parsed


def seal_of(file: Path) -> Path:
    """Return where a case file's seal stands, if it has one."""
    return file.with_suffix(".sha256")


def _case(line: CaseLine) -> Case:
    told: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in line}
    told["evidence"] = tuple(e.span for e in line.evidence)
    told["parts"] = tuple(e.part for e in line.evidence)
    told["distractors"] = tuple(d.span for d in line.distractors)
    return Case(**told)
