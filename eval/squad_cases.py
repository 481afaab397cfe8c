"""Reads questions in SQuAD's form as cases, found again in the documents that are indexed."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.blocks import clean
from corpus.document import Document, Span
from eval.case import Case
from eval.errors import BadCase


def load_squad(file: Path, documents: Sequence[Document]) -> list[Case]:
    """Return the questions whose paragraph stands in one of the documents; BadCase if none does.

    White space may differ. An unanswerable question's plausible answers are its distractors.
    """
    try:
        articles = json.loads(file.read_text(encoding="utf-8"))["data"]
        paragraphs = [(p["context"], p["qas"]) for a in articles for p in a["paragraphs"]]
        cases = [
            _case(qa, context, found)
            for context, qas in paragraphs
            for found in [_find(context, documents)]
            if found
            for qa in qas
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCase(f"{file} is not in SQuAD's form ({error!r}); see the README.") from error
    if not cases:
        raise BadCase(
            f"no paragraph of {file} stands in the documents that are indexed; index them first: "
            "`footnote index FOLDER`."
        )
    return cases


def _find(context: str, documents: Iterable[Document]) -> tuple[Document, int, str] | None:
    """Return the document, where in it the paragraph begins, and the paragraph as it stands."""
    pattern = re.compile(r"\s+".join(map(re.escape, clean(context).split())))
    for document in documents:
        if match := pattern.search(document.text):
            return document, match.start(), match[0]
    return None


def _case(qa: dict[str, Any], context: str, found: tuple[Document, int, str]) -> Case:
    is_answerable = not qa.get("is_impossible", False) and bool(qa["answers"])
    said = qa["answers"] if is_answerable else qa.get("plausible_answers", [])
    spans = dict.fromkeys(_spans(said, context, found))
    return Case(
        id=str(qa["id"]),
        question=qa["question"],
        answerable=is_answerable,
        evidence=tuple(spans) if is_answerable else (),
        answers=tuple(dict.fromkeys(a["text"] for a in said)) if is_answerable else (),
        distractors=() if is_answerable else tuple(spans),
        tags=() if is_answerable else ("unanswerable",),
    )


def _spans(
    answers: Iterable[dict[str, Any]], context: str, found: tuple[Document, int, str]
) -> Iterator[Span]:
    """Yield where the answers stand in the document: the same letters, white space left aside."""
    document, begins, text = found
    at = [place for place, letter in enumerate(text) if not letter.isspace()]
    for answer in answers:
        first = _letters(context[: answer["answer_start"]])
        letters = _letters(answer["text"])
        if 0 < letters <= len(at) - first:
            yield Span(document.id, begins + at[first], begins + at[first + letters - 1] + 1)


def _letters(text: str) -> int:
    return len("".join(clean(text).split()))
