"""The widget as other sites load it: its modules joined into one script, named after its bytes.

Bundlers do this and much more; joining needs that no two modules use a name for two things, and
that each import and export stands at the start of a line. Knows no HTTP.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent / "widget"
FIRST = "main.js"
_IMPORT = re.compile(r'^import\b[^;]*?"\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:\{\};\n)?", re.MULTILINE)
_TYPES = re.compile(r"^ */\*\* .*?\*/ ?\n?", re.MULTILINE | re.DOTALL)
"""Comments that hold types: a fifth of what would be sent, and of use only to who reads here."""


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """The script, its version, its hash for `integrity`, and the address of these very bytes.

    The address holds a part of the hash: the version alone stays the same while the code changes
    between releases, and what a browser may keep for a year must never be something else.
    """

    text: bytes
    version: str
    integrity: str
    path: str


@cache
def widget_file() -> WidgetFile:
    """Join the modules, each after those that it imports, into one classic script."""
    modules = "\n".join(_join(FIRST, set()))
    text = f'(() => {{\n"use strict";\n{modules}}})();\n'.encode()
    name = version("footnote")
    integrity = base64.b64encode(hashlib.sha384(text).digest()).decode()
    short = hashlib.sha256(text).hexdigest()[:8]
    return WidgetFile(text, name, f"sha384-{integrity}", f"/widget/v{name}-{short}.js")


def _join(name: str, seen: set[str]) -> Iterator[str]:
    if name in seen:
        return
    seen.add(name)
    text = (FOLDER / name).read_text("utf-8")
    for wanted in _IMPORT.findall(text):
        yield from _join(wanted, seen)
    yield _TYPES.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
