"""Proves cases against the documents, and finds what is asked twice. Knows no answerer."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from corpus.errors import UnknownDocument
from eval.case import CaseLine, read_lines, seal_of
from eval.ranking import overlaps
from eval.result import Read
from index.words import is_stop_word, stem, words

NEAR = 0.8


@dataclass(frozen=True, slots=True)
class _Entry:
    """A case, where it stands, and the stems of what it asks."""

    where: str
    is_sealed: bool
    line: CaseLine
    stems: frozenset[str]


def check_cases(files: Sequence[Path], read: Read) -> list[str]:
    """Prove every case against the documents and the others; one sentence for each thing wrong.

    Spans, answers and parts are proved in the documents that a case names. Nearly the same question
    is asked once; what is gold in a sealed file is gold in no open one.
    """
    entries = [entry for file in files for entry in _entries(file)]
    texts, problems = _texts(entries, read), list[str]()
    for entry in entries:
        found = (f"{entry.where}: {each}" for each in _wrong_answers(entry.line))
        problems += [*_wrong_gold(entry, texts), *found]
    return problems + _asked_twice(entries) + _gold_in_both(entries)


def check_gold(file: Path, read: Read) -> list[str]:
    """Prove one file's spans and parts alone; one sentence for each thing wrong."""
    entries = list(_entries(file))
    texts = _texts(entries, read)
    return [problem for entry in entries for problem in _wrong_gold(entry, texts)]


def _entries(file: Path) -> Iterator[_Entry]:
    for number, line in read_lines(file):
        stems = frozenset(stem(w) for w in words(line.question) if not is_stop_word(w))
        yield _Entry(f"{file.name}:{number} ({line.id})", seal_of(file).is_file(), line, stems)


def _texts(entries: Sequence[_Entry], read: Read) -> dict[str, str]:
    """Return the text of each document that a case names, if there is one."""
    named = [each for e in entries for each in (*e.line.evidence, *e.line.distractors)]
    texts = {}
    for document_id in dict.fromkeys(each.document_id for each in named):
        with suppress(UnknownDocument):
            texts[document_id] = read(document_id).text
    return texts


def _wrong_gold(entry: _Entry, texts: dict[str, str]) -> list[str]:
    found = (*_wrong_spans(entry.line, texts), *_wrong_parts(entry.line))
    return [f"{entry.where}: {problem}" for problem in found]


def _wrong_spans(line: CaseLine, texts: dict[str, str]) -> Iterator[str]:
    for named in (*line.evidence, *line.distractors):
        text = texts.get(named.document_id)
        if text is None:
            yield f"it rests on {named.document_id}, which is not in the index."
        elif named.start >= named.end or text[named.start : named.end] != named.quote:
            yield f"{named.document_id} has other words at its span."
    for trap in line.distractors:
        if overlaps(trap.span, (evidence.span for evidence in line.evidence)):
            yield f"a distractor is evidence as well: {_plain(trap.quote)[:60]!r}."


def _wrong_parts(line: CaseLine) -> Iterator[str]:
    if line.answerable != bool(line.evidence):
        yield "an answerable case has evidence, another has none."
    by_part: dict[int, set[str]] = {}
    for evidence in line.evidence:
        by_part.setdefault(evidence.part, set()).add(evidence.document_id)
    if sorted(by_part) != list(range(1, len(by_part) + 1)):
        yield "its parts are not numbered 1, 2 and so on."
    if "two-documents" in line.tags and (len(by_part) < 2 or set.intersection(*by_part.values())):
        yield "it is tagged two-documents, and one document has all that it needs."


def _wrong_answers(line: CaseLine) -> Iterator[str]:
    quotes = _plain(" ".join(evidence.quote for evidence in line.evidence))
    if line.answers and not any(_plain(answer) in quotes for answer in line.answers):
        yield "none of its answers stands in its evidence."


def _asked_twice(entries: Sequence[_Entry]) -> list[str]:
    return [
        f"{two.where}: asks nearly what {one.where} asks."
        for one, two in combinations(entries, 2)
        if one.line.history == two.line.history
        and one.line.id.removesuffix("-es") != two.line.id.removesuffix("-es")  # not twins
        and len(one.stems & two.stems) >= NEAR * len(one.stems | two.stems)
    ]


def _gold_in_both(entries: Sequence[_Entry]) -> list[str]:
    opened = [entry for entry in entries if not entry.is_sealed]
    return [
        f"{open_.where}: shares evidence with {sealed.where}, which is sealed: "
        f"{_plain(twice.quote)[:60]!r}."
        for sealed in (entry for entry in entries if entry.is_sealed)
        for open_ in opened
        for twice in open_.line.evidence
        if overlaps(twice.span, (evidence.span for evidence in sealed.line.evidence))
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
