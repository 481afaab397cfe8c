"""Web pages: the words a visitor reads, without menus, footers, scripts or hidden text."""

import re
from pathlib import Path

from lxml import etree, html

from corpus.blocks import Block, Extract
from corpus.readers.plain import decode

BLOCKS = {
    "p", "li", "tr", "td", "th", "pre", "blockquote", "figcaption", "caption", "dt", "dd", "div",
    "section", "article", "main", "body", "ul", "ol", "dl", "table", "thead", "tbody", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "address", "details", "summary", "hr",
}  # fmt: skip
LEFT_OUT = {
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "svg",
    "iframe", "object", "head", "select", "textarea",
}  # fmt: skip
DECLARED_WITHIN_BYTES = 4096
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_html(path: Path) -> Extract:
    """The page's one `<article>`, or its `<main>`, or its whole body."""
    data = path.read_bytes()
    encoding = None
    if not re.search(rb"charset\s*=", data[:DECLARED_WITHIN_BYTES]):
        data, encoding = decode(data).encode("utf-8", "replace"), "utf-8"
    parser = html.HTMLParser(encoding=encoding, no_network=True, huge_tree=True)
    page = html.document_fromstring(data, parser=parser)
    articles = page.xpath("//article")
    body = (articles if len(articles) == 1 else page.xpath("//main") or page.xpath("//body"))[0]
    walker = _Walker()
    walker.walk(body)
    walker.flush()
    return Extract(
        blocks=walker.blocks,
        title=_first(page, "//title//text()"),
        source=_first(page, "//link[@rel='canonical']/@href"),
        published_on=_first(
            page, "//meta[@name='date' or @property='article:published_time']/@content"
        ),
        language=_first(page, "/html/@lang"),
    )


class _Walker:
    """Collects running text and closes a block wherever a block-level element starts or ends."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._text: list[str] = []

    def walk(self, element: etree._Element, level: int = 0) -> None:
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag and tag not in LEFT_OUT and not _is_hidden(element):
            if tag == "tr":
                cells = [_cell(cell) for cell in element.xpath("./td|./th")]
                self.flush()
                self.blocks.append(Block(" | ".join(cells)))
            else:
                self._inside(element, tag, level)

    def _inside(self, element: etree._Element, tag: str, level: int) -> None:
        level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else level
        if tag in BLOCKS:
            self.flush()
        self._text.append("\n" if tag == "br" else element.text or "")
        for child in element:
            self.walk(child, level)
            self._text.append(child.tail or "")
        if tag in BLOCKS:
            self.flush(level)

    def flush(self, level: int = 0) -> None:
        text = " ".join("".join(self._text).split())
        self._text = []
        if text:
            self.blocks.append(Block(text, level))


def _cell(cell: etree._Element) -> str:
    walker = _Walker()
    walker.walk(cell)
    walker.flush()
    return " ".join(block.text for block in walker.blocks)


def _is_hidden(element: etree._Element) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(HIDDEN.search(element.get("style") or ""))
    )


def _first(page: etree._Element, path: str) -> str | None:
    found = page.xpath(path)
    return " ".join(str(found[0]).split()) if found else None
