"""Word documents: paragraphs, headings and tables in the order they stand."""

from pathlib import Path

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from corpus.blocks import Block, Extract


def read_docx(path: Path) -> Extract:
    """Heading styles give the levels; a table row is one block."""
    document = docx.Document(str(path))
    properties = document.core_properties
    blocks: list[Block] = []
    for item in document.iter_inner_content():
        if isinstance(item, Paragraph):
            blocks.append(Block(item.text, _level(item)))
        elif isinstance(item, Table):
            blocks.extend(
                Block(" | ".join(" ".join(cell.text.split()) for cell in row.cells))
                for row in item.rows
            )
    return Extract(
        blocks=blocks, title=properties.title or None, language=properties.language or None
    )


def _level(paragraph: Paragraph) -> int:
    name = (paragraph.style.name if paragraph.style else None) or ""
    if name == "Title":
        return 1
    return int(name[8:]) if name.startswith("Heading ") and name[8:].isdigit() else 0
