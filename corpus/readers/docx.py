"""Word documents: paragraphs, headings and tables in the order they stand."""

from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document as Word
from docx.table import Table
from docx.text.paragraph import Paragraph

from corpus.blocks import Block, Extract
from corpus.readers.packed import check_packed


def read_docx(path: Path) -> Extract:
    """Heading styles give the levels; a table row is one block."""
    check_packed(path)
    document = docx.Document(str(path))
    properties = document.core_properties
    blocks: list[Block] = []
    for item in _items(document):
        if isinstance(item, Paragraph):
            blocks.append(Block(_words(item), _level(item)))
        elif isinstance(item, Table):
            blocks.extend(_rows(item))
    return Extract(
        blocks=blocks, title=properties.title or None, language=properties.language or None
    )


def _items(document: Word) -> Iterator[Paragraph | Table]:
    """Paragraphs and tables, those in content controls (covers, forms) included."""
    held = "*[self::w:p or self::w:tbl]"
    for element in document.element.body.xpath(f"./{held} | .//w:sdt/w:sdtContent/{held}"):
        if not element.xpath("ancestor::w:tbl or ancestor::w:p"):
            paragraph = element.tag.endswith("}p")
            yield Paragraph(element, document) if paragraph else Table(element, document)


def _rows(table: Table) -> list[Block]:
    """A cell that spans several columns is given once for each, and read once."""
    rows = [{cell._tc: cell for cell in row.cells}.values() for row in table.rows]
    return [
        Block(" | ".join(" ".join(" ".join(map(_words, c.paragraphs)).split()) for c in cells))
        for cells in rows
    ]


def _words(paragraph: Paragraph) -> str:
    """The paragraph's words, inserted ones included, hidden ones not."""
    shown = "w:r[not(w:rPr/w:vanish)]/*[self::w:t or self::w:tab or self::w:br]"
    pieces = paragraph._p.xpath(f".//{shown}")
    return "".join(piece.text or "\t" if piece.tag.endswith("}t") else " " for piece in pieces)


def _level(paragraph: Paragraph) -> int:
    name = (paragraph.style.name if paragraph.style else None) or ""
    if name == "Title":
        return 1
    return int(name[8:]) if name.startswith("Heading ") and name[8:].isdigit() else 0
