"""Reads case files as parts of one run, and refuses gold that the documents do not bear out.

Questions in SQuAD's form are found again in the documents that are indexed.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.blocks import clean
from corpus.document import Document, Span
from eval.case import Case, load_cases
from eval.check_cases import check_gold
from eval.errors import BadCase
from index.generation import Generation

EVERY = "all"
"""What all parts together are called; no file may be."""


def load_parts(files: Sequence[Path], generation: Generation) -> dict[Path, list[Case]]:
    """Return the cases of each file; BadCase names what is wrong with the first that is.

    Each is a part, called as its file without the suffix. Those in SQuAD's form are found again in
    the documents; the spans of the others are proved.
    """
    parts: dict[Path, list[Case]] = {}
    seen: dict[str, Path] = {}
    names = [file.stem for file in files]
    for file in files:
        if file.stem == EVERY or names.count(file.stem) > 1:
            raise BadCase(
                f"{file}: the name {file.stem!r} is taken; call each case file by another, and "
                f"none {EVERY!r}."
            )
        parts[file] = _load(file, generation)
        for case in parts[file]:
            if case.id in seen:
                raise BadCase(
                    f"{file}: the id {case.id!r} is used in {seen[case.id]} too; give each its own."
                )
            seen[case.id] = file
    if not seen:
        raise BadCase(f"{', '.join(map(str, files))}: there is no case; write one a line.")
    return parts


def _load(file: Path, generation: Generation) -> list[Case]:
    if file.suffix == ".json":
        return load_squad(file, [generation.document(id_) for id_ in generation.store.titles()])
    cases = load_cases([file])
    if wrong := check_gold(file, generation.document):
        raise BadCase(
            f"{wrong[0]} {len(wrong)} such in all: see `footnote eval check`; index the documents "
            "of these cases, or name cases of yours: footnote eval --cases FILE."
        )
    return cases


def load_squad(file: Path, documents: Sequence[Document]) -> list[Case]:
    """Return the questions whose paragraph stands in one of the documents; BadCase if none does.

    White space may differ. Answers may be words without their place. An unanswerable question's
    plausible answers are its distractors.
    """
    try:
        articles = json.loads(file.read_text(encoding="utf-8-sig"))["data"]
        paragraphs = [(p["context"], p["qas"]) for a in articles for p in a["paragraphs"]]
        cases = [
            squad_case(qa, context, found)
            for context, qas in paragraphs
            for found in [_find(context, documents)]
            if found
            for qa in qas
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadCase(
            f"{file} is not JSON in SQuAD's form; give it as data, paragraphs, qas and answers."
        ) from error
    if not cases:
        raise BadCase(
            f"no paragraph of {file} stands in the documents that are indexed; index them first: "
            "`footnote index FOLDER`."
        )
    if left := sum(len(qas) for _, qas in paragraphs) - len(cases):
        said = "%s: %d of %d questions are left out: their paragraphs are in no document."
        logging.getLogger(__name__).warning(said, file, left, left + len(cases))
    return cases


def _find(context: str, documents: Iterable[Document]) -> tuple[Document, int, str] | None:
    """Return the document, where in it the paragraph begins, and the paragraph as it stands."""
    pattern = re.compile(r"\s+".join(map(re.escape, clean(context).split())))
    for document in documents:
        if match := pattern.search(document.text):
            return document, match.start(), match[0]
    return None


def squad_case(qa: dict[str, Any], context: str, found: tuple[Document, int, str]) -> Case:
    """Return a question of a paragraph: the document, where it begins in there, how it stands."""
    is_answerable = bool(qa["answers"]) and not qa.get("is_impossible", False)
    said = qa["answers"] if is_answerable else qa.get("plausible_answers", [])
    told = [pair for answer in said for pair in _told(answer, context)]
    spans = tuple(dict.fromkeys(_spans(told, context, found)))
    return Case(
        id=str(qa.get("id", qa["question"])),
        question=str(qa["question"]),
        answerable=is_answerable,
        evidence=spans if is_answerable else (),
        answers=tuple(dict.fromkeys(text for _, text in told)) if is_answerable else (),
        distractors=() if is_answerable else spans,
        tags=() if is_answerable else ("unanswerable",),
    )


def _told(answer: dict[str, Any] | str, context: str) -> Iterator[tuple[int, str]]:
    """Yield where an answer begins, and its words; of words alone, wherever they stand."""
    if isinstance(answer, str):
        for match in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", context):
            yield match.start(), answer
    else:
        yield answer["answer_start"], answer["text"]


def _spans(
    told: Iterable[tuple[int, str]], context: str, found: tuple[Document, int, str]
) -> Iterator[Span]:
    """Yield where the answers stand in the document: the same letters, white space left aside."""
    document, begins, text = found
    at = [place for place, letter in enumerate(text) if not letter.isspace()]
    for start, words in told:
        first, letters = _letters(context[:start]), _letters(words)
        if 0 < letters <= len(at) - first:
            yield Span(document.id, begins + at[first], begins + at[first + letters - 1] + 1)


def _letters(text: str) -> int:
    return len("".join(clean(text).split()))
