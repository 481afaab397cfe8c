"""Reads public question sets into documents and questions with their gold. Does not know search."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked

from corpus.blocks import Block, Extract, clean, make_document
from corpus.document import Document, Span
from eval.bench import spread, with_text
from eval.errors import BadCase

T = TypeVar("T")
STRICT = ConfigDict(strict=True)


@checked(frozen=True, slots=True, kw_only=True, config=STRICT)
class Question:
    """A question, its gold documents with their grades (1 or more), and its gold spans if any."""

    text: str
    gold: dict[str, int]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A question set: no two documents have the same text, and every question has gold.

    Either all questions have gold spans or none has. `notes` are sentences on what was found odd.
    """

    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    form: str = ""


def load_dataset(folder: Path, *, sample: int | None = None) -> Dataset:
    """Read the question set in `folder`: all its documents, all its questions or `sample` of them.

    BadCase if the folder holds no known set, or one that is not whole.
    """
    known = [form for form, (file, _) in FORMS.items() if next(folder.glob(file), None)]
    if not known:
        forms = ", ".join(FORMS)
        raise BadCase(f"{folder} holds no known question set; give one in the form of {forms}.")
    dataset = replace(FORMS[known[0]][1](folder), form=known[0])
    every = len(dataset.questions)
    if not every:
        raise BadCase(f"{folder} has no question with an answer; give another set.")
    if sample is None or sample >= every:
        return dataset
    chosen = tuple(spread(dataset.questions, sample))
    note = f"{sample:,} of {every:,} questions, evenly spread"
    return replace(dataset, questions=chosen, notes=(*dataset.notes, note))


@checked(frozen=True, slots=True, config=STRICT)
class _Text:
    """A text of a set, and one question that it answers, if any, with its grade."""

    text: str
    title: str = ""
    question: str | None = None
    grade: int = 1


def _gathered(read: Callable[[Path], Iterator[_Text]]) -> Callable[[Path], Dataset]:
    """Make texts a set: equal texts are one document, equal questions one with all its gold."""

    def read_set(folder: Path) -> Dataset:
        documents: dict[str, Document] = {}
        gold: dict[str, dict[str, int]] = {}
        for each in read(folder):
            text = clean(each.text)
            if text and text not in documents:
                documents[text] = _document(f"{len(documents):07}", text, each.title)
            if text and each.question is not None:
                gold.setdefault(each.question, {})[documents[text].id] = each.grade
        questions = tuple(Question(text=text, gold=grades) for text, grades in gold.items())
        return Dataset(documents=tuple(documents.values()), questions=questions)

    return read_set


@_gathered
def _squad(folder: Path) -> Iterator[_Text]:
    def read(text: str) -> Iterator[_Text]:
        for article in json.loads(text)["data"]:
            for paragraph in article["paragraphs"]:
                yield _Text(paragraph["context"])  # questions were written without the title
                for qa in paragraph["qas"]:
                    if qa["answers"] and not qa.get("is_impossible"):
                        yield _Text(paragraph["context"], question=qa["question"])

    for file in sorted(folder.glob("*.json")):
        yield from _parse(_read(file), read, where=str(file))


def _passages(file: Path, passages: str, question: str | None) -> Iterator[_Text]:
    """Yield the passages of each line of a file, which names them and their question so."""

    def read(text: str) -> Iterator[_Text]:
        line = json.loads(text)
        for passage in line[passages]:
            asked = line[question] if question else None
            yield _Text(passage["text"], passage.get("title", ""), asked)

    return _lines(file, read)


@_gathered
def _nq_oracle(folder: Path) -> Iterator[_Text]:
    for file in sorted(folder.glob("*.jsonl")):
        yield from _passages(file, "ctxs", "question")


@_gathered
def _clapnq(folder: Path) -> Iterator[_Text]:
    yield from _passages(folder / "answerable.jsonl", "passages", "input")
    yield from _passages(folder / "unanswerable.jsonl", "passages", None)


@_gathered
def _beir(folder: Path) -> Iterator[_Text]:
    def read(text: str) -> Iterator[tuple[str, _Text]]:
        line = json.loads(text)
        yield line["_id"], _Text(line["text"], line.get("title", ""))

    def judge(text: str) -> Iterator[_Text]:
        query, document, grade = text.split("\t")
        if grade != "score" and int(grade) > 0:  # "score" heads the column
            yield replace(documents[document], question=queries[query].text, grade=int(grade))

    documents = dict(_lines(folder / "corpus.jsonl", read))
    queries = dict(_lines(folder / "queries.jsonl", read))
    yield from documents.values()
    judged = folder / "qrels"
    for file in sorted(judged.glob("test.tsv")) or sorted(judged.glob("*.tsv")):
        yield from _lines(file, judge)


def _chroma(folder: Path) -> Dataset:
    texts: dict[str, str] = {}
    off: list[str] = []

    def read(line: str) -> Iterator[Question]:
        asked = json.loads(line)
        name, spans = asked["corpus"], []
        if name not in texts:
            texts[name] = _read(folder / f"{Path(name).name}.md")
        for reference in asked["references"]:
            start = len(_nfc(texts[name][: reference["start_index"]]))
            words = _nfc(reference["content"])
            if words and _nfc(texts[name]).startswith(words, start):
                spans.append(Span(name, start, start + len(words)))
            else:
                off.append(words)
        if spans:
            yield Question(text=asked["question"], gold={name: 1}, spans=tuple(spans))

    questions = tuple(_lines(folder / "questions.jsonl", read))
    every = len(off) + sum(len(question.spans) for question in questions)
    documents = {_nfc(text): _document(name, text) for name, text in texts.items()}
    return Dataset(
        # Not cleaned, so that offsets stay.
        documents=tuple(with_text(document, text) for text, document in documents.items()),
        questions=questions,
        notes=(f"{len(off):,} of {every:,} gold spans had other words and were left out",),
    )


FORMS: dict[str, tuple[str, Callable[[Path], Dataset]]] = {
    "BEIR": ("corpus.jsonl", _beir),
    "CLAPNQ": ("answerable.jsonl", _clapnq),
    "Chroma chunking": ("questions.jsonl", _chroma),
    "SQuAD": ("*.json", _squad),
    "NQ oracle": ("*.jsonl", _nq_oracle),
}
"""The files that tell each form, the most special first, and what reads it."""


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _document(document_id: str, text: str, title: str = "") -> Document:
    return make_document(
        Extract(blocks=[Block(text)], title=title),
        document_id=document_id,
        fallback_title="",
        modified_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(f"{file} is missing or cannot be read; give the whole set.") from error


def _lines(file: Path, read: Callable[[str], Iterable[T]]) -> Iterator[T]:
    for number, line in enumerate(_read(file).split("\n"), start=1):
        if line.strip():
            yield from _parse(line, read, where=f"{file}:{number}")


def _parse(text: str, read: Callable[[str], Iterable[T]], *, where: str) -> list[T]:
    try:
        return list(read(text))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else "other values than expected"
        raise BadCase(f"{where} is in no known form of question set ({reason}).") from error
