"""Markdown: the words without the markup, and the front matter's title, source and date."""

import re
from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.blocks import Block, Extract
from corpus.readers.html import parse_html
from corpus.readers.plain import decode

FIELD = re.compile(r"^(\w+):[^\S\n]*(.+)$", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)


def read_markdown(path: Path) -> Extract:
    """Read it as the page it is rendered to, so that raw HTML hides what a page would hide."""
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    match = FRONT_MATTER.match(text)
    fields: dict[str, Any] = {}
    try:
        loaded = yaml.safe_load(match.group(1)) if match else None
    except yaml.YAMLError:  # "title: Truces: a history" is no YAML, but its meaning is plain
        loaded = dict(FIELD.findall(match.group(1))) if match else None
    if match and isinstance(loaded, dict):
        fields, text = loaded, text[match.end() :]
    return Extract(
        blocks=_blocks(text),
        title=_field(fields, "title"),
        source=_field(fields, "url", "source"),
        published_on=_field(fields, "published_on", "date"),
        language=_field(fields, "language", "lang"),
    )


def _blocks(text: str) -> Sequence[Block]:
    renderer = MarkdownIt("commonmark").enable("table")
    renderer.add_render_rule("image", _describe)
    page = f"<html><body>{renderer.render(text)}</body></html>"
    return parse_html(page.encode("utf-8", "replace"), encoding="utf-8", whole=True).blocks


def _describe(_: object, tokens: Sequence[Token], index: int, *__: object) -> str:
    """A picture is its description."""
    return escape(tokens[index].content)


def _field(fields: dict[str, Any], *names: str) -> str | None:
    value = next((fields[name] for name in names if fields.get(name)), None)
    return " ".join(str(value).split()) if isinstance(value, str | int | date) else None
