"""Word documents: paragraphs, headings and tables in the order they stand."""

from pathlib import Path

import docx
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from corpus.blocks import Block, Extract
from corpus.readers.packed import check_packed

# Paragraphs and tables, those in content controls (covers, forms) included.
PARTS = (
    "(./* | .//w:sdt/w:sdtContent/*)[self::w:p or self::w:tbl]"
    "[not(ancestor::w:tbl or ancestor::w:p)]"
)
SHOWN = ".//w:r[not(w:rPr/w:vanish)]/*[self::w:t or self::w:tab or self::w:br]"
NO_TITLE = "Word Document"  # what python-docx says of a file that holds no properties


def read_docx(path: Path) -> Extract:
    """Heading styles give the levels; a table row is one block."""
    check_packed(path)
    document = docx.Document(str(path))
    blocks: list[Block] = []
    for element in document.element.body.xpath(PARTS):
        if element.tag.endswith("}p"):
            blocks.append(Block(_words(element), _level(Paragraph(element, document))))
        else:
            blocks.extend(map(_row, Table(element, document).rows))
    properties = document.core_properties
    title = None if properties.title == NO_TITLE else properties.title
    return Extract(blocks=blocks, title=title, language=properties.language)


def _row(row: _Row) -> Block:
    """A cell that spans several columns is given once for each, and read once."""
    cells = {cell._tc: cell.paragraphs for cell in row.cells}.values()
    words = (" ".join(_words(paragraph._p) for paragraph in cell) for cell in cells)
    return Block(" | ".join(" ".join(cell.split()) for cell in words))


def _words(paragraph: BaseOxmlElement) -> str:
    """The paragraph's words, inserted ones included, hidden ones not."""
    pieces = paragraph.xpath(SHOWN)
    return "".join(piece.text or "\t" if piece.tag.endswith("}t") else " " for piece in pieces)


def _level(paragraph: Paragraph) -> int:
    name = (paragraph.style.name if paragraph.style else None) or ""
    if name == "Title":
        return 1
    return int(name[8:]) if name.startswith("Heading ") and name[8:].isdigit() else 0
