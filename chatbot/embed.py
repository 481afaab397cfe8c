"""What other sites take from here: the widget's script, and a page that shows it at work.

The script is the widget's modules joined into one, named after its bytes. Bundlers do this and much
more; joining needs that no two modules use a name for two things, and that each import and export
stands at the start of a line. Knows nothing of answers.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from chatbot.render import language_of

_HERE = Path(__file__).parent
FOLDER = _HERE / "widget"
FIRST = "main.js"
_IMPORT = re.compile(r'^import\b[^;]*?"\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:\{\};\n)?", re.MULTILINE)
_TYPES = re.compile(r"^ */\*\* .*?\*/ ?\n?", re.MULTILINE | re.DOTALL)
"""Comments that hold types: a fifth of what would be sent, and of use only to who reads here."""
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-{style}'; "
    "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; object-src 'none'"
)
_FOR_ANYBODY = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "accept-encoding",
}
_compress = cache(partial(gzip.compress, mtime=0))


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """The script, its hash for `integrity`, and the address of these very bytes.

    The address holds a part of the hash: the version alone stays the same while the code changes
    between releases, and what a browser may keep for a year must never be something else.
    """

    text: bytes
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
    return WidgetFile(text, f"sha384-{integrity}", f"/widget/v{name}-{short}.js")


def _join(name: str, seen: set[str]) -> Iterator[str]:
    if name in seen:
        return
    seen.add(name)
    text = (FOLDER / name).read_text("utf-8")
    for wanted in _IMPORT.findall(text):
        yield from _join(wanted, seen)
    yield _TYPES.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))


def add_embedding(app: FastAPI) -> None:
    """Add the script's two addresses, for always the newest and for these bytes alone; the page."""
    file = widget_file()
    templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
    style = (_HERE / "static" / "embed.css").read_text("utf-8")
    style_hash = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page_headers = {
        "content-security-policy": _POLICY.format(style=style_hash),
        "vary": "accept-language",
    }

    @app.get("/widget.js", response_model=None, include_in_schema=False)
    def newest(request: Request) -> Response:
        return _script(file, request, "public, max-age=300")

    @app.get("/widget/v{name}.js", response_model=None, include_in_schema=False)
    def versioned(name: str, request: Request) -> Response:
        if f"/widget/v{name}.js" != file.path:
            said = f"This bot has no such version of the widget; the present one is {file.path}."
            raise HTTPException(404, said, {**_FOR_ANYBODY, "cache-control": "no-store"})
        return _script(file, request, "public, max-age=31536000, immutable")

    @app.get("/embed", response_model=None, include_in_schema=False)
    def embed(request: Request) -> Response:
        page = templates.get_template("embed.html").render(
            language=language_of(request.headers.get("accept-language")),
            file=file,
            path=file.path.removeprefix("/"),
            base=str(request.base_url),
            origin=f"{request.url.scheme}://{request.url.netloc}",
            style=Markup(style),
        )
        return HTMLResponse(page.lstrip(), headers=page_headers)


def _script(file: WidgetFile, request: Request, kept: str) -> Response:
    headers = {**_FOR_ANYBODY, "cache-control": kept, "etag": f'W/"{file.path}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    text = file.text
    if "gzip" in request.headers.get("accept-encoding", ""):
        text = _compress(text)
        headers["content-encoding"] = "gzip"
    return Response(text, media_type="text/javascript", headers=headers)
