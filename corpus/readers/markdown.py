"""Markdown: the words without the markup, and the front matter's title, source and date."""

import re
from datetime import date
from html import escape
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from corpus.blocks import Extract
from corpus.readers.html import parse_html
from corpus.readers.plain import decode

FIELD = re.compile(r"^(\w+):[^\S\n]*(.+)$", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)


def read_markdown(path: Path) -> Extract:
    """Read it as the page it is rendered to, so that raw HTML hides what a page would hide."""
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    match = FRONT_MATTER.match(text)
    front = match.group(1) if match else ""
    try:
        fields = yaml.safe_load(front)
    except yaml.YAMLError:  # "title: Truces: a history" is no YAML, but its meaning is plain
        fields = dict(FIELD.findall(front))
    if match and isinstance(fields, dict):
        text = text[match.end() :]
    else:
        fields = {}
    renderer = MarkdownIt("commonmark").enable("table")
    renderer.add_render_rule("image", lambda _, tokens, n, *__: escape(tokens[n].content))
    page = f"<html><body>{renderer.render(text)}</body></html>"
    return Extract(
        blocks=parse_html(page.encode("utf-8", "replace"), encoding="utf-8", whole=True).blocks,
        title=_field(fields, "title"),
        source=_field(fields, "url", "source"),
        published_on=_field(fields, "published_on", "date"),
        language=_field(fields, "language", "lang"),
    )


def _field(fields: dict[str, object], *names: str) -> str | None:
    value = next((fields[name] for name in names if fields.get(name)), None)
    return " ".join(str(value).split()) if isinstance(value, str | int | date) else None
