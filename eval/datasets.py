"""Reads public question sets into documents and questions with their gold. Does not know search.

A set is told by the files in its folder: SQuAD, Chroma chunking, NQ oracle, CLAPNQ or BEIR.
"""

import csv
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from corpus.blocks import Block, Extract, clean, make_document
from corpus.document import Document, Span
from eval.dataset_lines import (
    BeirLine,
    ChromaLine,
    ClapnqLine,
    NqLine,
    Reference,
    read_lines,
    read_squad,
    read_text,
)
from eval.errors import BadCase

_UNDATED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, its gold documents with their grades (1 or more), and its gold spans if any."""

    text: str
    gold: Mapping[str, int]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A question set: no two documents have the same text, and every question has gold.

    `has_spans` says that the gold is spans; `notes` are sentences on what was found odd.
    """

    form: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    has_spans: bool = False
    notes: tuple[str, ...] = ()

    def sample(self, count: int) -> "Dataset":
        """Return the set with `count` of its questions, evenly spread, and all its documents."""
        every = len(self.questions)
        if count >= every:
            return self
        chosen = tuple(self.questions[i * every // count] for i in range(count))
        note = f"{count:,} of {every:,} questions, evenly spread"
        return replace(self, questions=chosen, notes=(*self.notes, note))


def load_dataset(folder: Path) -> Dataset:
    """Read the question set in `folder`; BadCase if it holds none, or one that is not whole."""
    for is_in, read in FORMS:
        if is_in(folder):
            dataset = read(folder)
            if not dataset.questions:
                raise BadCase(f"{folder} has no question with an answer; give another set.")
            return dataset
    raise BadCase(
        f"{folder} holds no known question set; give a folder in the form of SQuAD, Chroma "
        "chunking, NQ oracle, CLAPNQ or BEIR."
    )


class _Pool:
    """Distinct texts, numbered as they come, and distinct questions with all their gold."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._gold: dict[str, dict[str, int]] = {}

    def add(self, text: str, title: str = "") -> str | None:
        """Return the id of the document with this text; None if there is nothing in it."""
        key = clean(text)
        if key and key not in self._documents:
            self._documents[key] = make_document(
                Extract(blocks=[Block(key)], title=title),
                document_id=f"{len(self._documents):07}",
                fallback_title="",
                modified_at=_UNDATED,
            )
        return self._documents[key].id if key else None

    def ask(self, question: str, document_id: str | None, grade: int = 1) -> None:
        """Note that the document answers the question."""
        if document_id is not None:
            self._gold.setdefault(question, {})[document_id] = grade

    def dataset(self, form: str) -> Dataset:
        """Return everything added; a question asked of several documents is one question."""
        questions = (Question(text=text, gold=gold) for text, gold in self._gold.items())
        documents = tuple(self._documents.values())
        return Dataset(form=form, documents=documents, questions=tuple(questions))


def _squad(folder: Path) -> Dataset:
    pool = _Pool()
    for file in sorted(folder.glob("*.json")):
        for paragraph in read_squad(file):
            document_id = pool.add(paragraph.context)
            for qa in paragraph.qas:
                if qa.answers and not qa.is_impossible:
                    pool.ask(qa.question, document_id)
    return pool.dataset("SQuAD")


def _nq_oracle(folder: Path) -> Dataset:
    pool = _Pool()
    for file in sorted(folder.glob("*.jsonl")):
        for line in read_lines(file, NqLine):
            for passage in line.ctxs:
                pool.ask(line.question, pool.add(passage.text, passage.title))
    return pool.dataset("NQ oracle")


def _clapnq(folder: Path) -> Dataset:
    pool = _Pool()
    for name in ("answerable.jsonl", "unanswerable.jsonl"):
        for line in read_lines(folder / name, ClapnqLine):
            for passage in line.passages:
                document_id = pool.add(passage.text, passage.title)
                if name == "answerable.jsonl":
                    pool.ask(line.input, document_id)
    return pool.dataset("CLAPNQ")


def _beir(folder: Path) -> Dataset:
    pool = _Pool()
    documents = {
        line.id: pool.add(line.text, line.title)
        for line in read_lines(folder / "corpus.jsonl", BeirLine)
    }
    queries = {line.id: line.text for line in read_lines(folder / "queries.jsonl", BeirLine)}
    test = folder / "qrels" / "test.tsv"
    for file in [test] if test.is_file() else sorted((folder / "qrels").glob("*.tsv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for number, row in enumerate(csv.reader(rows, delimiter="\t"), start=1):
                if number == 1 and row[-1:] == ["score"]:
                    continue
                try:
                    query, document, grade = queries[row[0]], documents[row[1]], int(row[2])
                except (KeyError, IndexError, ValueError) as error:
                    raise BadCase(
                        f"{file}:{number}: no line of known query, document and grade."
                    ) from error
                if grade > 0:
                    pool.ask(query, document, grade)
    return pool.dataset("BEIR")


def _chroma(folder: Path) -> Dataset:
    lines = list(read_lines(folder / "questions.jsonl", ChromaLine))
    names = list(dict.fromkeys(line.corpus for line in lines))
    texts = {name: read_text(folder / f"{Path(name).name}.md") for name in names}
    documents = {name: _whole(name, text) for name, text in texts.items()}
    questions, references, off = [], 0, 0
    for line in lines:
        spans = [_span(documents[line.corpus], texts[line.corpus], r) for r in line.references]
        exact = tuple(span for span in spans if span)
        references, off = references + len(spans), off + len(spans) - len(exact)
        if exact:
            questions.append(Question(text=line.question, gold={line.corpus: 1}, spans=exact))
    return Dataset(
        form="Chroma chunking",
        documents=tuple(documents.values()),
        questions=tuple(questions),
        has_spans=True,
        notes=(f"{off:,} of {references:,} gold spans had other words and were left out",),
    )


def _whole(name: str, text: str) -> Document:
    """Return a text as a document that is only brought to NFC, so that offsets can be moved."""
    normal = unicodedata.normalize("NFC", text)
    cleaned = make_document(
        Extract(blocks=[Block(text)]), document_id=name, fallback_title="", modified_at=_UNDATED
    )
    return replace(cleaned, text=normal, sha256=sha256(normal.encode()).hexdigest())


def _span(document: Document, text: str, reference: Reference) -> Span | None:
    """Return where the reference stands in the document, or None if other words stand there."""
    if text[reference.start_index : reference.end_index] != reference.content:
        return None
    start, end = (
        len(unicodedata.normalize("NFC", text[:offset]))
        for offset in (reference.start_index, reference.end_index)
    )
    same = document.text[start:end] == unicodedata.normalize("NFC", reference.content)
    return Span(document.id, start, end) if same and start < end else None


def _has(*names: str) -> Callable[[Path], bool]:
    return lambda folder: all((folder / name).exists() for name in names)


def _has_any(pattern: str) -> Callable[[Path], bool]:
    return lambda folder: next(folder.glob(pattern), None) is not None


FORMS: tuple[tuple[Callable[[Path], bool], Callable[[Path], Dataset]], ...] = (
    (_has("corpus.jsonl", "queries.jsonl", "qrels"), _beir),
    (_has("answerable.jsonl", "unanswerable.jsonl"), _clapnq),
    (_has("questions.jsonl"), _chroma),
    (_has_any("*.json"), _squad),
    (_has_any("*.jsonl"), _nq_oracle),
)
"""How each form is told by its files, the most special first, and what reads it."""
