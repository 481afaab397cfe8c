"""Slides, sheets, e-books, mail and data. Knows only how each becomes pages or paragraphs.

python-pptx and openpyxl unpack what Office writes; chapters and mail are read as the web pages
that they are.
"""

import csv
import json
import posixpath
from collections.abc import Iterator
from contextlib import closing
from email import policy
from email.parser import BytesParser
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from corpus.blocks import Block, Extract, row_block
from corpus.errors import UnreadableDocument
from corpus.readers.html import parse_html
from corpus.readers.packed import check_packed
from corpus.readers.plain import decode, plain_extract

if TYPE_CHECKING:
    from pptx.oxml.xmlchemy import BaseOxmlElement
    from pptx.slide import Slide

LOAD = partial(json.loads, parse_float=str, parse_int=str)  # numbers as they stand
XML = etree.XMLParser(resolve_entities=False, no_network=True)
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def read_slides(path: Path) -> Extract:
    """A slide is a page: its title, a heading, then what stands on it from the top down."""
    import pptx

    check_packed(path)
    deck = pptx.Presentation(str(path))
    blocks = [block for page, slide in enumerate(deck.slides, 1) for block in _slide(slide, page)]
    title = deck.core_properties.title  # "PowerPoint Presentation" where nobody gave one
    return Extract(blocks=blocks, title=None if "PowerPoint" in title else title)


def _slide(slide: "Slide", page: int) -> Iterator[Block]:
    """Bullets and numbers that PowerPoint draws are no words; those typed are."""
    title = slide.shapes.title
    shapes = sorted(slide.shapes, key=lambda s: (s != title, s.top or 0, s.left or 0))
    for shape in shapes:
        for part in shape._element.xpath(".//a:tr | .//a:p[not(ancestor::a:tr)]"):
            if part.tag.endswith("}tr"):
                cells = [cell.xpath(".//a:p") for cell in part.xpath("./a:tc[not(@hMerge)]")]
                yield row_block((" ".join(map(_words, cell)) for cell in cells), page=page)
            else:
                yield Block(_words(part), 2 if shape == title else 0, page)


def _words(paragraph: "BaseOxmlElement") -> str:
    """A field, like the number of the slide, has none."""
    pieces = paragraph.xpath("./a:r/a:t | ./a:br")
    return " ".join("".join(piece.text or "" for piece in pieces).split())


def read_sheets(path: Path) -> Extract:
    """A sheet is a page, its name a heading and a row a block; formulas are their last values."""
    import openpyxl

    check_packed(path)
    blocks: list[Block] = []
    with closing(openpyxl.load_workbook(path, read_only=True, data_only=True)) as book:
        for page, sheet in enumerate(book.worksheets, start=1):
            sheet.reset_dimensions()  # what a file says of its size may be wrong
            rows = [list(map(_shown, row)) for row in sheet.iter_rows(values_only=True)]
            first = min((n for row in rows for n, cell in enumerate(row) if cell), default=None)
            blocks += [] if first is None else [Block(sheet.title, 2, page)]
            blocks += [row_block(row[first:], page=page) for row in rows]
        return Extract(blocks=blocks, title=book.properties.title)


def read_table(path: Path) -> Extract:
    """A row is a block; what stands in most of the first lines parts the cells."""
    lines = decode(path.read_bytes()).splitlines(keepends=True)
    delimiter = max("\t|;,", key=lambda mark: sum(mark in line for line in lines[:20]))
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return Extract(blocks=[row_block(map(_shown, row)) for row in rows])


def _shown(value: object) -> str:
    """A number has the 15 digits that Excel keeps of it."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else " ".join(str(value).split())


def read_json(path: Path) -> Extract:
    """Each record, or each field of a single one, is a block of "name: value" lines."""
    text = decode(path.read_bytes())
    try:
        loaded = LOAD(text)
    except json.JSONDecodeError:  # or one record a line
        loaded = [LOAD(line) for line in text.splitlines() if line.strip()]
    records = loaded if isinstance(loaded, list) else [loaded]
    alone = records[0] if len(records) == 1 and isinstance(records[0], dict) else {}
    parts = [{name: part} for name, value in alone.items() for part in _parts(value)] or records
    title = alone.get("title")
    return Extract(
        blocks=[Block("\n".join(_facts(part))) for part in parts],
        title=title if isinstance(title, str) else None,
    )


def _parts(value: object) -> list[object]:
    """The records in a field that holds some, or the field as a whole."""
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return value
    return [value]


def _facts(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _facts(inner, f"{name} {key}".strip())
    elif isinstance(value, list):
        for inner in value:
            yield from _facts(inner, name)
    elif value not in (None, ""):
        words = value if isinstance(value, str) else json.dumps(value)
        yield f"{name}: {words}" if name else words


def read_mail(path: Path) -> Extract:
    """The subject is the title; the text is preferred to its HTML; attachments are not read."""
    mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    body = mail.get_body(preferencelist=("plain", "html"))
    words = body.get_content() if body else ""
    if body and body.get_content_type() == "text/html":
        blocks = parse_html(words.encode("utf-8", "replace"), encoding="utf-8").blocks
    else:
        blocks = [Block(block.text) for block in plain_extract(words).blocks]
    if not blocks:
        raise UnreadableDocument("no text in it")
    subject = str(mail["subject"] or "")
    heads = [f"{name}: {mail[name]}" for name in ("From", "To", "Date") if mail[name]]
    date = getattr(mail["date"], "datetime", None)
    return Extract(
        blocks=[Block(subject, 1), Block("\n".join(heads)), *blocks],
        title=subject,
        published_on=date.date().isoformat() if date else None,
    )


def read_epub(path: Path) -> Extract:
    """The chapters in their reading order, read as the web pages they are; books are in UTF-8."""
    check_packed(path)
    with ZipFile(path) as book:
        container = etree.fromstring(book.read("META-INF/container.xml"), XML)
        place = str(container.xpath("string(//@full-path)"))
        package = etree.fromstring(book.read(place), XML)
        folder = posixpath.dirname(place)
        pages = [book.read(posixpath.join(folder, name)) for name in _chapters(package)]
    chapters = [parse_html(page, encoding="utf-8", whole=True) for page in pages]
    title, source, date, language = (
        (package.findtext(f".//{DUBLIN_CORE}{name}") or "").strip()
        for name in ("title", "source", "date", "language")
    )
    blocks = [block for chapter in chapters for block in chapter.blocks]
    return Extract(blocks=blocks, title=title, source=source, published_on=date, language=language)


def _chapters(package: etree._Element) -> Iterator[str]:
    """The names of the files in the spine, without the table of contents."""
    items = {item.get("id"): item for item in package.iterfind(".//{*}item")}
    for entry in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(entry.get("idref"))
        if item is not None and "nav" not in (item.get("properties") or "").split():
            yield unquote(str(item.get("href")))
