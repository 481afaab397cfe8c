"""Slides, sheets, RTF, e-books, mail and data. Knows only how each becomes a page or paragraphs.

kreuzberg converts what it does exactly, to HTML: there, unlike in Markdown, no character of a text
can be taken for markup. Our own reader of pages then reads the HTML.
"""

import csv
import json
import posixpath
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import policy
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from corpus.blocks import Block, Extract
from corpus.errors import UnreadableDocument
from corpus.readers.html import parse_html
from corpus.readers.packed import check_packed
from corpus.readers.plain import decode, plain_extract

RTF = b"{\\rtf"
SNIFFED_CHARACTERS = 10_000
OPF = {"opf": "http://www.idpf.org/2007/opf", "dc": "http://purl.org/dc/elements/1.1/"}


def read_office(path: Path) -> Extract:
    """Slides and sheets by their number as pages, and RTF; dates of files are not of publishing."""
    import kreuzberg as k

    if path.suffix.lower() != ".rtf":
        check_packed(path)
    elif not path.read_bytes().startswith(RTF):
        raise UnreadableDocument("damaged, or not what its name says")
    mark = secrets.token_hex(16)  # no text can hold it
    config = k.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="html",
        pages=k.PageConfig(
            extract_pages=True,
            insert_page_markers=True,
            marker_format=f"\n\n{mark}{{page_num}}\n\n",
        ),
        content_filter=k.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
    )
    try:
        result = k.extract_file_sync(str(path), config=config)
    except k.KreuzbergError as error:
        raise UnreadableDocument("damaged, or not what its name says") from error
    page = parse_html(result.content.encode(), encoding="utf-8", whole=True)
    sheets = list(result.metadata.get("sheet_names") or [])
    blocks = _on_pages(page.blocks, mark, sheets)
    return Extract(blocks=list(blocks), title=result.metadata.get("title"))


def _on_pages(blocks: Sequence[Block], mark: str, sheets: list[str]) -> Iterator[Block]:
    page: int | None = None
    for block in blocks:
        if block.text.startswith(mark):
            page = int(block.text.removeprefix(mark))
            continue
        if block.heading_level and block.text in sheets[page or 0 :]:
            page = sheets.index(block.text, page or 0) + 1
        yield replace(block, page=page)


def read_table(path: Path) -> Extract:
    """A row is a block; the first row stands as it is, header or not."""
    text = decode(path.read_bytes())
    try:
        dialect = csv.Sniffer().sniff(text[:SNIFFED_CHARACTERS], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel
    rows = csv.reader(text.splitlines(keepends=True), dialect)
    cells = ([" ".join(cell.split()) for cell in row] for row in rows)
    return Extract(blocks=[Block(" | ".join(row)) for row in cells if any(row)])


def read_json(path: Path) -> Extract:
    """Each record, or each field of a single one, is a block of "name: value" lines."""
    text = decode(path.read_bytes())
    try:
        loaded = json.loads(text, parse_float=str, parse_int=str)
        records = loaded if isinstance(loaded, list) else [loaded]
    except json.JSONDecodeError:  # or one record a line
        lines = (line for line in text.splitlines() if line.strip())
        records = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
    alone = records[0] if len(records) == 1 and isinstance(records[0], dict) else {}
    parts = [part for name, value in alone.items() for part in _records(name, value)] or records
    title = alone.get("title")
    return Extract(
        blocks=[Block("\n".join(_facts(part))) for part in parts],
        title=title if isinstance(title, str) else None,
    )


def _records(name: str, value: object) -> list[dict[str, object]]:
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return [{name: inner} for inner in value]
    return [{name: value}]


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
        blocks = [replace(block, heading_level=0) for block in plain_extract(words).blocks]
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
    """The chapters in their reading order, read as the web pages they are."""
    check_packed(path)
    with ZipFile(path) as book:
        place = _xml(book, "META-INF/container.xml").xpath("string(//@full-path)")
        package = _xml(book, str(place))
        blocks: list[Block] = []
        for name in _chapters(package):
            page = book.read(posixpath.join(posixpath.dirname(place), unquote(name)))
            blocks.extend(parse_html(page, encoding="utf-8", whole=True).blocks)
    return Extract(
        blocks=blocks,
        title=_said(package, "title"),
        source=_said(package, "source"),
        published_on=_said(package, "date"),
        language=_said(package, "language"),
    )


def _xml(book: ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(book.read(name), parser)


def _chapters(package: etree._Element) -> Iterator[str]:
    """Books are in UTF-8; their table of contents is no chapter."""
    items = {item.get("id"): item for item in package.iterfind(".//opf:item", OPF)}
    for entry in package.iterfind(".//opf:spine/opf:itemref", OPF):
        item = items.get(entry.get("idref"))
        if item is not None and "nav" not in (item.get("properties") or "").split():
            yield str(item.get("href"))


def _said(package: etree._Element, name: str) -> str | None:
    value = package.findtext(f".//dc:{name}", namespaces=OPF)
    return value.strip() if value else None
