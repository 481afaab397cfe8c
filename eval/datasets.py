"""Reads public question sets into documents and cases. Does not know search."""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from corpus.blocks import Block, clean
from corpus.document import Document, Span
from eval.bench import with_text
from eval.case import Case
from eval.errors import BadCase
from eval.made_up import bare_document
from eval.parts import squad_case

CHROMA, CLAPNQ, SQUAD = "Chroma chunking", "CLAPNQ", "SQuAD"
_nfc = partial(unicodedata.normalize, "NFC")


@dataclass(slots=True, kw_only=True)
class Dataset:
    """A question set in which no two documents have the same text: `texts` holds each by its own.

    Where a form tells documents only, they are evidence from end to end. `grades` are those above 1
    of a case's documents, `notes` sentences on what was found odd, `at` the place read last.
    """

    form: str
    texts: dict[str, Document] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    notes: tuple[str, ...] = ()
    grades: dict[tuple[str, str], int] = field(default_factory=dict)
    at: str = ""

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return the documents, in the order in which they were read."""
        return tuple(self.texts.values())

    def gold(self) -> dict[str, dict[str, int]]:
        """Return the gold documents of each question with their grades; equal questions are one."""
        gold: dict[str, dict[str, int]] = {}
        for case in self.cases:
            for span in case.evidence:
                grade = self.grades.get((case.id, span.document_id), 1)
                gold.setdefault(case.question, {})[span.document_id] = grade
        return gold

    def add(self, text: str, title: str = "") -> Document:
        """Return the document with this text, a new one if there is none."""
        text = clean(text)
        if text not in self.texts:
            self.texts[text] = bare_document(f"{len(self.texts):07}", [Block(text)], title)
        return self.texts[text]

    def read(self, file: Path) -> str:
        """Return what stands in a file."""
        self.at = str(file)
        return file.read_text(encoding="utf-8")

    def lines(self, file: Path) -> Iterator[str]:
        """Yield the lines that are not blank."""
        for number, line in enumerate(self.read(file).split("\n"), start=1):
            self.at = f"{file}:{number}"
            if line.strip():
                yield line

    def rows(self, file: Path) -> Iterator[Any]:
        """Yield the value of each line."""
        return map(json.loads, self.lines(file))


def load_dataset(folder: Path) -> Dataset:
    """Read the question set in `folder`; BadCase if it holds no known one, or not the whole."""
    known = [form for form, (file, _) in FORMS.items() if next(folder.glob(file), None)]
    if not known:
        raise BadCase(f"{folder} holds no known question set; give one of: {', '.join(FORMS)}.")
    found = Dataset(form=known[0])
    try:
        found.cases = tuple(FORMS[found.form][1](folder, found))
    except OSError as error:
        raise BadCase(f"{found.at} is missing or cannot be read; give the whole set.") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else "other values than expected"
        raise BadCase(f"{found.at} is in no known form of question set ({reason}).") from error
    if not any(case.evidence for case in found.cases):
        raise BadCase(f"{folder} has no question with an answer; give another set.")
    return found


def _squad(folder: Path, found: Dataset) -> Iterator[Case]:
    for file in sorted(folder.glob("*.json")):
        for article in json.loads(found.read(file))["data"]:
            for paragraph in article["paragraphs"]:
                # Questions were written without the title.
                document = found.add(paragraph["context"])
                for qa in paragraph["qas"]:
                    case = squad_case(qa, paragraph["context"], (document, 0, document.text))
                    yield replace(case, tags=(article.get("title", ""),))


def _nq_oracle(folder: Path, found: Dataset) -> Iterator[Case]:
    for file in sorted(folder.glob("*.jsonl")):
        for number, row in enumerate(found.rows(file)):
            gold = [found.add(each["text"], each["title"]) for each in row["ctxs"]]
            yield _case(f"{file.stem} {number}", row["question"], map(_whole, gold))


def _clapnq(folder: Path, found: Dataset) -> Iterator[Case]:
    """Yield the cases of both files; the sentences that one annotator chose are a part."""
    for kind in ("answerable", "unanswerable"):
        for row in found.rows(folder / f"{kind}.jsonl"):
            document, *_ = [found.add(each["text"], each["title"]) for each in row["passages"]]
            chosen = [
                (part, Span(document.id, at := document.text.index(said), at + len(said)))
                for part, output in enumerate(row["output"])
                for said in map(clean, output["selected_sentences"])
            ]
            case = _case(str(row["id"]), row["input"], (span for _, span in chosen))
            yield replace(case, parts=tuple(part for part, _ in chosen))


def _beir(folder: Path, found: Dataset) -> Iterator[Case]:
    documents = {
        row["_id"]: found.add(row["text"], row.get("title", ""))
        for row in found.rows(folder / "corpus.jsonl")
    }
    queries = {row["_id"]: row["text"] for row in found.rows(folder / "queries.jsonl")}
    gold: dict[str, list[Span]] = {}
    judged = folder / "qrels"
    for file in sorted(judged.glob("test.tsv")) or sorted(judged.glob("*.tsv")):
        for line in found.lines(file):
            query, id_, grade = line.split("\t")
            if grade != "score" and int(grade) > 0:  # "score" heads the column
                found.grades[query, documents[id_].id] = int(grade)
                gold.setdefault(query, []).append(_whole(documents[id_]))
    for query, spans in gold.items():
        yield _case(query, queries[query], spans)


def _chroma(folder: Path, found: Dataset) -> Iterator[Case]:
    texts: dict[str, str] = {}
    counts = Counter[bool]()
    for number, row in enumerate(found.rows(folder / "questions.jsonl")):
        name, spans = row["corpus"], []
        file = folder / f"{Path(name).name}.md"
        text = texts.get(name) or texts.setdefault(name, found.read(file))
        for reference in row["references"]:
            start, words = len(_nfc(text[: reference["start_index"]])), _nfc(reference["content"])
            is_there = bool(words) and _nfc(text).startswith(words, start)
            spans += [Span(name, start, start + len(words))] if is_there else []
            counts[is_there] += 1
        if spans:
            yield _case(str(number), row["question"], spans)
    for name, text in texts.items():  # not cleaned, so that offsets stay
        found.texts[text] = with_text(bare_document(name, [Block(text)]), _nfc(text))
    off = f"{counts[False]:,} of {counts.total():,} gold spans"
    found.notes = (f"{off} had other words and were left out",)


FORMS: dict[str, tuple[str, Callable[[Path, Dataset], Iterator[Case]]]] = {
    "BEIR": ("corpus.jsonl", _beir),
    CLAPNQ: ("answerable.jsonl", _clapnq),
    CHROMA: ("questions.jsonl", _chroma),
    SQUAD: ("*.json", _squad),
    "NQ oracle": ("*.jsonl", _nq_oracle),
}
"""The files that tell each form, the most special first, and what reads it."""


def _case(id_: str, question: str, spans: Iterable[Span]) -> Case:
    evidence = tuple(spans)
    return Case(id=id_, question=question, answerable=bool(evidence), evidence=evidence)


def _whole(document: Document) -> Span:
    return Span(document.id, 0, len(document.text))
