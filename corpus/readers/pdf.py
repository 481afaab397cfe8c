"""PDF: paragraphs page by page, with lines joined and hyphenation undone."""

import re
from collections import Counter
from pathlib import Path

from pypdf import PdfReader

from corpus.blocks import Block, Extract
from corpus.errors import UnreadableDocument

SHORT_LINE = 0.75  # of the page's widest line: a line this short ends its paragraph
SENTENCE_END = (".", "!", "?", ":", "”", '"', "’", ")")


def read_pdf(path: Path) -> Extract:
    """Lines that recur at the top or bottom of pages are left out as running heads and feet."""
    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocument("protected by a password")
    pages = [_lines(page.extract_text()) for page in reader.pages]
    running = _running_lines(pages)
    blocks = [
        Block(paragraph, page=number)
        for number, lines in enumerate(pages, start=1)
        for paragraph in _paragraphs([line for line in lines if _shape(line) not in running])
    ]
    title = (reader.metadata.title if reader.metadata else None) or None
    return Extract(blocks=blocks, title=title)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _shape(line: str) -> str:
    """A footer differs from page to page only in its numbers."""
    return re.sub(r"\d+", "#", line)


def _running_lines(pages: list[list[str]]) -> set[str]:
    edges = Counter(
        shape for lines in pages for shape in {_shape(line) for line in lines[:1] + lines[-1:]}
    )
    return {shape for shape, count in edges.items() if count > 1 and count > len(pages) / 2}


def _paragraphs(lines: list[str]) -> list[str]:
    if not lines:
        return []
    widest = max(len(line) for line in lines)
    paragraphs: list[str] = []
    current = ""
    for line in lines:
        current = _join(current, line)
        if len(line) < SHORT_LINE * widest and (
            line.endswith(SENTENCE_END) or len(current) == len(line)
        ):
            paragraphs.append(current)
            current = ""
    return paragraphs + ([current] if current else [])


def _join(before: str, line: str) -> str:
    """Join two lines of one paragraph; a word broken at the line's end becomes whole."""
    if re.search(r"[a-zà-ÿ]-$", before) and re.match(r"[a-zà-ÿ]", line):
        return before[:-1] + line
    return f"{before} {line}" if before else line
