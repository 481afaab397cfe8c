"""Cuts from documents what a person must see to judge an answer: gold and cited words, around them.

Does not know HTML: it says of each piece of text what it is.
"""

from itertools import pairwise
from typing import Any

from corpus.document import Span
from corpus.errors import UnknownDocument
from eval.case import Case
from eval.result import Read, Result

AROUND = 160
"""Characters shown before and after."""
GOLD, CITED, DISTRACTOR = "gold", "cited", "distractor"


def make_excerpts(case: Case, result: Result, read: Read) -> list[dict[str, Any]]:
    """Return an excerpt a document: `parts` of text with what each is marked as, in order.

    Of gold, which may stand in many documents, those are shown that are cited, else the first.
    """
    spans = [(s, CITED) for s in result.cited] + [(s, DISTRACTOR) for s in case.distractors]
    cited = {span.document_id for span in result.cited}
    for part in case.evidence_by_part():
        near = [span for span in part if span.document_id in cited]
        spans += [(span, GOLD) for span in near or part[:1]]
    shown = []
    for document_id in dict.fromkeys(span.document_id for span, _ in spans):
        try:
            document = read(document_id)
        except UnknownDocument:
            continue
        here = [(span, mark) for span, mark in spans if span.document_id == document_id]
        parts = list(_parts(document.text, here))
        shown.append({"document_id": document_id, "title": document.title, "parts": parts})
    return shown


def _parts(text: str, spans: list[tuple[Span, str]]) -> list[dict[str, Any]]:
    """Return the text around the spans in pieces, each with the marks of all spans it lies in."""
    edges = {0, len(text)}
    for span, _ in spans:
        edges |= {span.start - AROUND, span.start, span.end, span.end + AROUND}
    cuts = sorted(edge for edge in edges if 0 <= edge <= len(text))
    pieces: list[dict[str, Any]] = []
    for start, end in pairwise(cuts):
        marks = sorted({mark for s, mark in spans if s.start <= start and end <= s.end})
        is_near = any(s.start - AROUND <= start and end <= s.end + AROUND for s, _ in spans)
        shown = text[start:end] if is_near else " … "
        if pieces and pieces[-1]["marks"] == marks:
            pieces[-1]["text"] += shown
        else:
            pieces.append({"text": shown, "marks": marks})
    return pieces
