"""Web pages: the words a visitor reads, without menus, footers, scripts or hidden text."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lxml import etree, html

from corpus.blocks import Block, Extract, row_block
from corpus.readers.hidden import is_boilerplate, is_hidden
from corpus.readers.plain import decode

BLOCKS = {
    "p", "li", "tr", "td", "th", "pre", "blockquote", "figcaption", "caption", "dt", "dd", "div",
    "section", "article", "main", "body", "ul", "ol", "dl", "table", "thead", "tbody", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "address", "details", "summary", "hr", "form",
}  # fmt: skip
LEFT_OUT = {
    "script", "style", "noscript", "template", "nav", "footer", "aside", "button", "svg", "head",
    "iframe", "object", "select", "textarea", "audio", "video", "canvas", "datalist",
}  # fmt: skip
DECLARED_WITHIN_BYTES = 4096
META_DATES = (
    "article:published_time", "date", "datepublished", "dc.date", "dc.date.issued",
    "dcterms.issued", "dcterms.date", "citation_publication_date", "pubdate",
)  # fmt: skip
# A table row that holds another table, a heading or a long text only lays out the page.
LAID_OUT = ".//table | .//*[self::h1 or self::h2 or self::h3] | ./td[string-length(.) > 2000]"
LINKED_DATA_DATE = re.compile(r'"datePublished"\s*:\s*("(?:[^"\\]|\\.)*")')


def read_html(path: Path) -> Extract:
    """The page's one `<article>`, or its `<main>`, or its whole body."""
    data = path.read_bytes()
    encoding = None
    if not re.search(rb"charset\s*=|<\?xml", data[:DECLARED_WITHIN_BYTES]):
        data, encoding = decode(data).encode("utf-8", "replace"), "utf-8"
    return parse_html(data, encoding=encoding)


def parse_html(data: bytes, *, encoding: str | None = None, whole: bool = False) -> Extract:
    """Read a page; `whole` keeps what looks like a menu, in files that are no web pages."""
    parser = html.HTMLParser(encoding=encoding, no_network=True, huge_tree=True)
    page = html.document_fromstring(data, parser=parser)
    part = page if whole else _main_part(page)
    blocks = _blocks(part, whole=whole) or _blocks(part, whole=True)
    return Extract(
        blocks=blocks,
        title=_first(page, "//title//text()"),
        source=_first(page, "//link[@rel='canonical']/@href"),
        published_on=_published_on(page, part),
        language=_first(page, "/html/@lang | /html/@*[name()='xml:lang']"),
    )


def _main_part(page: etree._Element) -> etree._Element:
    """A part that holds fewer of the page's paragraphs than are outside it is not the main one."""
    body = (page.xpath("//body") or [page])[0]
    articles = page.xpath("//article")
    for part in [*(articles if len(articles) == 1 else []), *page.xpath("//main")[:1]]:
        if 2 * _prose(part) >= _prose(body):
            return part
    return body


def _prose(part: etree._Element) -> int:
    """How many words stand in its paragraphs."""
    return sum(len("".join(p.itertext()).split()) for p in part.iter("p"))


def _published_on(page: etree._Element, part: etree._Element) -> str | None:
    for meta in page.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name.lower() in META_DATES and meta.get("content"):
            return str(meta.get("content")).strip()
    for script in page.xpath("//script[@type='application/ld+json']/text()"):
        if found := LINKED_DATA_DATE.search(script):
            return str(json.loads(found.group(1)))
    marked = "[@pubdate or @itemprop='datePublished']/@datetime"
    return _first(page, f"//time{marked}") or _first(part, ".//time/@datetime")


def _blocks(part: etree._Element, *, whole: bool) -> list[Block]:
    blocks: list[Block] = []
    running: list[str] = []
    for piece in chain(_pieces(part, whole=whole), [0]):
        if isinstance(piece, str):
            running.append(piece)
        elif isinstance(piece, Block):
            blocks += [piece] if piece.text else []
        else:
            text = " ".join("".join(running).split())
            blocks += [Block(text, piece)] if text else []
            running.clear()
    return blocks


def _pieces(element: etree._Element, *, whole: bool, level: int = 0) -> Iterator[str | int | Block]:
    """Yield running text, its heading's level (or 0) wherever it ends, and blocks of their own."""
    tag = element.tag if isinstance(element.tag, str) else ""
    if not tag or tag in LEFT_OUT or is_hidden(element):
        return
    if tag in BLOCKS:
        yield 0
        if not whole and is_boilerplate(element):
            return
    if tag == "pre":
        yield Block("".join(_lines(element)))
    elif tag == "tr" and not element.xpath(LAID_OUT):
        cells = [_blocks(cell, whole=True) for cell in element.xpath("./td|./th")]
        yield row_block(" ".join(block.text for block in blocks) for blocks in cells)
    else:
        level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else level
        yield "\n" if tag == "br" else element.text or ""
        for child in element:
            yield from _pieces(child, whole=whole, level=level)
            yield child.tail or ""
        if tag in BLOCKS:
            yield level


def _lines(element: etree._Element) -> Iterator[str]:
    """Preformatted text as it stands."""
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in LEFT_OUT and not is_hidden(child):
            yield from ["\n"] if child.tag == "br" else _lines(child)
        yield child.tail or ""


def _first(page: etree._Element, path: str) -> str | None:
    found = page.xpath(path)
    return " ".join(str(found[0]).split()) if found else None
