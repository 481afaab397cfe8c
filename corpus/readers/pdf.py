"""PDF: paragraphs page by page, with lines joined, hyphenation undone and headings told by size."""

import logging
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfReader

from corpus.blocks import Block, Extract
from corpus.errors import UnreadableDocument

SHORT_LINE = 0.75  # of the page's widest line: a line this short ends its paragraph
SENTENCE_END = (".", "!", "?", ":", "”", '"', "’", ")")
HEADING_SIZE = 1.1  # times the size that most of the text is set in
LONGEST_HEADING = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line and its type size in points."""

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
    for line in (line for lines in pages for line in lines):
        sizes[line.size] += len(line.text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted((s for s in sizes if s > HEADING_SIZE * usual), reverse=True)
    levels = {size: min(level, 6) for level, size in enumerate(larger, start=1)}
    blocks = [
        Block(text, levels.get(size, 0) if len(text) <= LONGEST_HEADING else 0, page=number)
        for number, lines in enumerate(pages, start=1)
        for text, size in _paragraphs(_without_edges(lines, running))
    ]
    if not blocks:
        raise UnreadableDocument("no text in it (a scan needs text recognition first)")
    # The date in a PDF is of the file, often a print or a scan years later: not published_on.
    language = reader.root_object.get("/Lang")
    return Extract(
        blocks=blocks,
        title=(reader.metadata.title if reader.metadata else None) or None,
        language=str(language) if language else None,
    )


def _lines(page: PageObject) -> list[Line]:
    lines: list[Line] = []
    parts: list[tuple[str, float]] = []

    def end_line() -> None:
        text = " ".join("".join(part for part, _ in parts).split())
        if text:
            lines.append(Line(text, max(parts, key=lambda part: len(part[0]))[1]))
        parts.clear()

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:  # noqa: ANN401
        scaled = round(size * abs(tm[3] or 1) * abs(cm[3] or 1), 1)
        for piece in text.splitlines(keepends=True):
            parts.append((piece.rstrip("\n"), scaled))
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


def _paragraphs(lines: list[Line]) -> list[tuple[str, float]]:
    """Join lines into paragraphs, each with its type size."""
    widest = max((len(line.text) for line in lines), default=0)
    paragraphs: list[tuple[str, float]] = []
    current, size = "", 0.0
    for line in lines:
        if current and line.size != size:
            paragraphs.append((current, size))
            current = ""
        current, size = _join(current, line.text), line.size
        if len(line.text) < SHORT_LINE * widest and current.endswith(SENTENCE_END):
            paragraphs.append((current, size))
            current = ""
    return [*paragraphs, (current, size)] if current else paragraphs


def _join(before: str, line: str) -> str:
    """Join two lines of one paragraph; a word broken at the line's end becomes whole."""
    if re.search(r"[a-zà-ÿ]-$", before) and re.match(r"[a-zà-ÿ]", line):
        return before[:-1] + line
    return f"{before} {line}" if before else line
