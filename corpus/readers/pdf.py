"""PDF: paragraphs page by page, with lines joined, hyphenation undone and headings told by size."""

import logging
import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pypdf import PageObject, PdfReader

from corpus.blocks import Block, Extract
from corpus.errors import UnreadableDocument

SHORT_LINE = 0.75  # of the page's widest line: a line this short ends its paragraph
SENTENCE_END = (".", "!", "?", ":", "”", '"', "’", ")")
HEADING_SIZE = 1.1  # times the size that most of the text is set in
LONGEST_HEADING = 200


class Line(NamedTuple):
    """Printed words and their type size in points."""

    text: str
    size: float


def read_pdf(path: Path) -> Extract:
    """Lines that recur at the top or bottom of pages are left out as running heads and feet."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends it need not tell users
    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocument("protected by a password")
    pages = [_lines(page) for page in reader.pages]
    running = _running_lines(pages)
    sizes = Counter[float]()
    for line in chain(*pages):
        sizes[line.size] += len(line.text)
    usual = max(sizes, key=lambda size: sizes[size], default=0.0)
    larger = sorted((s for s in sizes if s > HEADING_SIZE * usual), reverse=True)
    levels = {size: level for level, size in enumerate(larger, start=1)}
    blocks = [
        Block(
            part.text, levels.get(part.size, 0) if len(part.text) <= LONGEST_HEADING else 0, number
        )
        for number, lines in enumerate(pages, start=1)
        for part in _paragraphs(_without_edges(lines, running))
    ]
    if not blocks:
        raise UnreadableDocument("no text in it (a scan needs text recognition first)")
    # The date in a PDF is of the file, often a print or a scan years later: not published_on.
    language = reader.root_object.get("/Lang")
    return Extract(
        blocks=blocks,
        title=reader.metadata.title if reader.metadata else None,
        language=str(language) if language else None,
    )


def _lines(page: PageObject) -> list[Line]:
    lines: list[Line] = []
    parts: list[Line] = []

    def end_line() -> None:
        if text := " ".join("".join(part.text for part in parts).split()):
            lines.append(Line(text, max(parts, key=lambda part: len(part.text)).size))
        parts.clear()

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:  # noqa: ANN401
        scaled = round(size * abs(tm[3] or 1) * abs(cm[3] or 1), 1)
        for piece in text.splitlines(keepends=True):
            parts.append(Line(piece.rstrip("\n"), scaled))
            if piece.endswith("\n"):
                end_line()

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _shape(line: Line) -> str:
    """A footer differs from page to page only in its numbers."""
    return re.sub(r"\d+", "#", line.text)


def _running_lines(pages: list[list[Line]]) -> set[str]:
    edges = Counter(
        shape for lines in pages for shape in {_shape(line) for line in lines[:1] + lines[-1:]}
    )
    return {shape for shape, count in edges.items() if count > 1 and count > len(pages) / 2}


def _without_edges(lines: list[Line], running: set[str]) -> list[Line]:
    first = 1 if lines and _shape(lines[0]) in running else 0
    last = -1 if len(lines) > 1 and _shape(lines[-1]) in running else None
    return lines[first:last]


def _paragraphs(lines: list[Line]) -> list[Line]:
    """Join lines into paragraphs, each of one type size."""
    widest = max((len(line.text) for line in lines), default=0)
    paragraphs: list[Line] = []
    is_open = False
    for line in lines:
        if is_open and line.size == paragraphs[-1].size:
            paragraphs[-1] = Line(_join(paragraphs[-1].text, line.text), line.size)
        else:
            paragraphs.append(line)
        ends = paragraphs[-1].text.endswith(SENTENCE_END)
        is_open = len(line.text) >= SHORT_LINE * widest or not ends
    return paragraphs


def _join(before: str, line: str) -> str:
    """Join two lines of one paragraph; a word broken at the line's end becomes whole."""
    if re.search(r"[a-zà-ÿ]-$", before) and re.match(r"[a-zà-ÿ]", line):
        return before[:-1] + line
    return f"{before} {line}"
