"""What stands in the files of public question sets, checked line by line. Knows no documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from eval.errors import BadCase


class Qa(BaseModel):
    """A question on a paragraph."""

    question: str
    answers: list[object] = []
    is_impossible: bool = False


class Paragraph(BaseModel):
    """A paragraph and its questions."""

    context: str
    qas: list[Qa]


class Article(BaseModel):
    """An article; its title is not read, as the questions were written without it."""

    paragraphs: list[Paragraph]


class Squad(BaseModel):
    """A file of SQuAD, XQuAD, or a set in their form."""

    data: list[Article]


class Passage(BaseModel):
    """A passage with its title."""

    title: str = ""
    text: str


class NqLine(BaseModel):
    """A line of NQ oracle: a question and the passages that answer it."""

    question: str
    ctxs: list[Passage]


class ClapnqLine(BaseModel):
    """A line of CLAPNQ."""

    input: str
    passages: list[Passage]


class Reference(BaseModel):
    """A gold span, in code points."""

    content: str
    start_index: int = Field(ge=0)
    end_index: int


class ChromaLine(BaseModel):
    """A line of the questions of Chroma chunking."""

    corpus: str
    question: str
    references: list[Reference]


class BeirLine(BaseModel):
    """A line of a corpus or of queries in the form of BEIR."""

    id: str = Field(alias="_id")
    title: str = ""
    text: str


Line = TypeVar("Line", bound=BaseModel)


def read_squad(file: Path) -> list[Paragraph]:
    """Return the paragraphs of a file; BadCase if it is not in the form of SQuAD."""
    try:
        articles = Squad.model_validate_json(read_text(file)).data
    except ValidationError as error:
        raise BadCase(f"{file} is not in the form of SQuAD ({_reason(error)}).") from error
    return [paragraph for article in articles for paragraph in article.paragraphs]


def read_lines(file: Path, form: type[Line]) -> Iterator[Line]:
    """Yield the lines that are not blank; BadCase names the first that has another form."""
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if line.strip():
            try:
                yield form.model_validate_json(line)
            except ValidationError as error:
                raise BadCase(f"{file}:{number}: {_reason(error)}.") from error


def read_text(file: Path) -> str:
    """Return a file's text; BadCase if it is missing or is no UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(f"{file} is missing or cannot be read; give the whole set.") from error


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".lstrip(": ")
