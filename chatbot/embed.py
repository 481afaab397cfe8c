"""What other sites take from here: the widget's script, and a page that shows it at work.

Knows the widget only as bytes, and nothing of answers.
"""

import gzip
from functools import cache

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from chatbot.widget_file import WidgetFile, widget_file

_FOR_ANYBODY = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "vary": "accept-encoding",
}


def add_embedding(app: FastAPI) -> None:
    """Add the script's two addresses: one for always the newest, one for these bytes alone."""
    file = widget_file()

    @app.get("/widget.js", response_model=None, include_in_schema=False)
    def newest(request: Request) -> Response:
        return _script(file, request, "public, max-age=300")

    @app.get("/widget/v{name}.js", response_model=None, include_in_schema=False)
    def versioned(name: str, request: Request) -> Response:
        if f"/widget/v{name}.js" != file.path:
            said = f"This bot has no such version of the widget; the present one is {file.path}."
            raise HTTPException(404, said, {**_FOR_ANYBODY, "cache-control": "no-store"})
        return _script(file, request, "public, max-age=31536000, immutable")


def _script(file: WidgetFile, request: Request, kept: str) -> Response:
    headers = {**_FOR_ANYBODY, "cache-control": kept, "etag": f'"{file.path}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    text = file.text
    if "gzip" in request.headers.get("accept-encoding", ""):
        text = _compress(text)
        headers["content-encoding"] = "gzip"
    return Response(text, media_type="text/javascript", headers=headers)


@cache
def _compress(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)
