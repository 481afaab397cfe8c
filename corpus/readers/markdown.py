"""Markdown: the words without the markup, and the front matter's title, source and date."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.blocks import Block, Extract
from corpus.readers.plain import decode

FIELD = re.compile(r"^(\w+):[^\S\n]*(.+)$", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)


def read_markdown(path: Path) -> Extract:
    """Blocks follow the rendered page; raw HTML inside is left out."""
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
        blocks=_blocks(MarkdownIt("commonmark").enable("table").parse(text)),
        title=_field(fields, "title"),
        source=_field(fields, "url", "source"),
        published_on=_field(fields, "published_on", "date"),
        language=_field(fields, "language", "lang"),
    )


def _blocks(tokens: list[Token]) -> list[Block]:
    blocks: list[Block] = []
    level = 0
    row: list[str] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "tr_open":
                row = []
            case "tr_close":
                blocks.append(Block(" | ".join(row or [])))
                row = None
            case "inline" if row is not None:
                row.append(_words(token))
            case "inline":
                blocks.append(Block(_words(token), level))
            case "fence" | "code_block":
                blocks.append(Block(token.content))
    return blocks


def _words(token: Token) -> str:
    pieces = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak") or child.content.startswith("<br"):
            pieces.append(" ")
        elif child.type in ("text", "code_inline", "image"):
            pieces.append(child.content)
    return "".join(pieces)


def _field(fields: dict[str, Any], *names: str) -> str | None:
    value = next((fields[name] for name in names if fields.get(name)), None)
    return " ".join(str(value).split()) if isinstance(value, str | int | date) else None
