"""Shows answers, hits and reports as plain text for a terminal. Does not print."""

import textwrap
from collections.abc import Sequence

from chatbot.answer import Answer
from chatbot.small_talk import reply_to
from index.passage import Hit

WIDTH = 88
ABSTAINS = "The documents don't say."
NOTICES = {
    "left_out": "Something the model wrote was left out: the documents do not support it.",
    "model_unavailable": "The model could not be reached, so these are quotes from the documents.",
    "conflict": "The documents disagree on this; the newest comes first.",
    "interrupted": "The model was interrupted; what stands here was checked.",
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
    notices = [NOTICES[notice] for notice in answer.notices if notice in NOTICES]
    if answer.status == "not_in_documents":
        nearest = show_hits(answer.hits[:3])
        return [ABSTAINS, *notices, "", "Nearest passages:", "", nearest]
    text = " ".join(
        " ".join(s.text.split()) + "".join(f" [{number}]" for number in s.citations)
        for s in answer.sentences
    )
    lines = [_wrap(text), ""]
    for notice in notices:
        lines += [_wrap(notice), ""]
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        date = f", {citation.published_on}" if citation.published_on else ""
        where = f"{citation.title}{page}{date} ({citation.span.document_id})"
        quote = " ".join(citation.quote.split())
        lines += [f"[{citation.number}] {where}", _wrap(f"“{quote}”", "    ")]
    return lines


def show_hits(hits: Sequence[Hit]) -> str:
    """Return hits as a numbered list with the beginning of each passage."""
    if not hits:
        return "No passage was found."
    return "\n\n".join(
        f"{hit.rank:2}. {hit.title} ({hit.passage.span.document_id})  {hit.score:.3f}\n"
        + _wrap(textwrap.shorten(hit.passage.text, 260, placeholder=" …"), "    ")
        for hit in hits
    )


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
