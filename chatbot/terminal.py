"""Shows answers, hits and reports as plain text for a terminal. Does not print."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.answer import Answer, Notice
from chatbot.models import QUOTES
from chatbot.small_talk import reply_to
from index.passage import Hit

if TYPE_CHECKING:
    from chatbot.models.look import Found

WIDTH = 88
ABSTAINS = "The documents don't say."
NOTICES: dict[Notice, str] = {
    "left_out": "Something the model wrote was left out, because the documents do not support it.",
    "model_unavailable": "These are quotes from the documents, because no model wrote an answer.",
    "interrupted": "The answer was interrupted; what stands here was checked.",
    "shortened": "The model was not shown every passage found: there was no room for more.",
    "partial": "The documents don't say the rest of what was asked.",
    "conflict": "The documents disagree on this; the newest comes first.",
}


def show_answer(answer: Answer) -> str:
    """Return the answer with its footnotes, or the nearest passages when it abstains.

    Questions that could come next stand last, one a line.
    """
    next_ones = ["", "You could ask:", *(f"  {question}" for question in answer.follow_ups)]
    return "\n".join([*_answer_lines(answer), *(next_ones if answer.follow_ups else ())])


def _answer_lines(answer: Answer) -> list[str]:
    if "greeting" in answer.notices:
        return [_wrap(reply_to(answer.question))]
    notices = _notices_of(answer)
    if answer.status == "not_in_documents":
        nearest = show_hits(answer.hits[:3])
        return [ABSTAINS, *notices, "", "Nearest passages:", "", nearest]
    text = " ".join(
        " ".join(s.text.split()) + "".join(f" [{number}]" for number in s.citations)
        for s in answer.sentences
    )
    lines = [_wrap(text), ""]
    if answer.model != QUOTES:
        notices.append(_written_by(answer))
    for notice in notices:
        lines += [_wrap(notice), ""]
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        date = f", {citation.published_on}" if citation.published_on else ""
        where = f"{citation.title}{page}{date} ({citation.span.document_id})"
        quote = " ".join(citation.quote.split())
        lines += [f"[{citation.number}] {where}", _wrap(f"“{quote}”", "    ")]
    return lines


def _notices_of(answer: Answer) -> list[str]:
    """Return a sentence a notice, in order; what kept the model from writing stands before its."""
    return [
        f"{answer.problem} {NOTICES[notice]}".strip()
        if notice in ("model_unavailable", "interrupted")
        else NOTICES[notice]
        for notice in answer.notices
        if notice in NOTICES
    ]


def _written_by(answer: Answer) -> str:
    """Return a sentence on who wrote the answer, with the tokens that the provider counted."""
    if all(sentence.verdict == "quoted" for sentence in answer.sentences):
        return "Quoted word for word from the documents."
    usage = answer.usage
    read, written = (
        "unknown" if count is None else f"{count:,}"
        for count in (usage.prompt_tokens, usage.completion_tokens)
    )
    return (
        f"Written by {answer.model} and checked against the documents "
        f"(tokens read: {read}, written: {written})."
    )


def show_hits(hits: Sequence[Hit], characters: int = 260) -> str:
    """Return hits as a numbered list with so much of the beginning of each passage."""
    if not hits:
        return "No passage was found."
    return "\n\n".join(
        f"{hit.rank:2}. {hit.title} ({hit.passage.span.document_id})  {hit.score:.3f}\n"
        + _wrap(textwrap.shorten(hit.passage.text, characters, placeholder=" …"), "    ")
        for hit in hits
    )


def show_models(found: "Sequence[Found]") -> str:
    """Return a line a provider: its name, whether it can be used, and what it is."""
    rows = [f"{each.model:26} {_readiness(each):34} {each.says}" for each in found]
    named = [f"  {each.model.partition(':')[0]}:{name}" for each in found for name in each.models]
    return "\n".join([*rows, *(["", "Models found:", *named] if named else [])])


def _readiness(found: "Found") -> str:
    if not found.installed:
        return f"not installed: pip extra {found.extra}"
    if found.has_key is False:
        return f"no key in {found.key}"
    if found.reachable is False:
        return "installed, no server answers"
    if found.base_url is None and found.model.startswith("openai-compatible"):
        return "installed, no [chatbot] base_url"
    return "ready" if found.reachable is None else f"ready, {len(found.models)} models"


def show_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as columns, the first left-aligned and the rest right-aligned."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
