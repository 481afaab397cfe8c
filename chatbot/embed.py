"""What other sites take from here: the widget's script, and a page that shows it at work.

Knows the widget only as bytes, and nothing of answers.
"""

import base64
import gzip
import hashlib
from functools import cache, partial
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from chatbot.widget_file import WidgetFile, widget_file

_HERE = Path(__file__).parent
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
        wished = request.headers.get("accept-language", "")
        page = templates.get_template("embed.html").render(
            language="es" if wished.lower().startswith("es") else "en",
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
