"""Cuts from documents what a person must see to judge an answer: gold and cited words, around them.

Does not know HTML: it says of each piece of text what it is.
"""

from collections.abc import Callable, Iterable
from typing import Any

from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from eval.case import Case
from eval.result import Result

AROUND = 160
"""Characters shown before and after."""
GOLD, CITED, DISTRACTOR = "gold", "cited", "distractor"


def make_excerpts(
    case: Case, result: Result, read: Callable[[str], Document]
) -> list[dict[str, Any]]:
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


def _parts(text: str, spans: list[tuple[Span, str]]) -> Iterable[dict[str, Any]]:
    """Yield the text around the spans in pieces, each with the marks of all spans it lies in."""
    size = len(text)
    edges = {0, size}
    for span, _ in spans:
        edges |= {span.start, span.end, span.start - AROUND, span.end + AROUND}
    cuts = sorted(edge for edge in edges if 0 <= edge <= size)
    skipped = False
    for start, end in zip(cuts, cuts[1:], strict=False):
        marks = sorted({mark for s, mark in spans if s.start <= start and end <= s.end})
        if marks or any(s.start - AROUND <= start and end <= s.end + AROUND for s, _ in spans):
            yield {"text": ("… " if skipped else "") + text[start:end], "marks": marks}
            skipped = False
        else:
            skipped = True
    if skipped:
        yield {"text": " …", "marks": []}
