"""Every route of the app and of gradio within, asked by nobody in particular: which answer."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from conftest import Site

from chatbot.embed import widget_file

OPEN = """
    GET /
    GET /api/documents
    GET /api/documents/{document_id:path}
    GET /api/openapi.json
    GET /api/suggestions
    GET /assets/{path:path}
    GET /embed
    GET /favicon.ico
    GET /gradio_api/heartbeat/{session_hash}
    GET /gradio_api/queue/data
    GET /healthz
    GET /manifest.json
    GET /readyz
    GET /static/{path:path}
    GET /theme.css
    GET /widget.js
    GET /widget/v{name}.js
    HEAD /
    HEAD /api/openapi.json
    POST /api/ask
    POST /api/feedback
    POST /gradio_api/cancel
    POST /gradio_api/queue/join
    POST /gradio_api/reset
"""
REFUSED = {"error": "There is nothing here."}


def routes(app: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield the method and path of each route, of mounted apps and included routers too."""
    within: Sequence[Any] = getattr(app, "routes", None) or ()
    for route in within:
        for method in sorted(getattr(route, "methods", None) or ()):
            yield method, route.path
        yield from routes(getattr(route, "original_router", route))


def answers(site: Site, method: str, path: str) -> bool:
    """Ask, read no more than the head, and say whether it came past the perimeter."""
    url = site.url + re.sub(r"\{.*?\}", "x", path)
    with httpx.stream(method, url, timeout=10) as response:
        assert response.status_code < 500
        if response.headers.get("content-type") != "application/json" or method == "HEAD":
            return response.status_code != 404
        response.read()
        return bool(response.json() != REFUSED)


def test_no_route_answers_but_these(site: Site) -> None:
    found = sorted(set(routes(site.app)))
    assert ("POST", "/gradio_api/upload") in found
    assert ("GET", "/monitoring/summary") in found
    assert len(found) > 70
    open_ = [f"{method} {path}" for method, path in found if answers(site, method, path)]
    assert set(open_) == {line.strip() for line in OPEN.strip().splitlines()}


def test_the_catch_all_of_the_api_is_a_404_whatever_the_method(site: Site) -> None:
    for method in "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE QUERY".split():
        response = httpx.request(method, f"{site.url}/api/x")
        assert response.status_code == 404
        assert method == "HEAD" or "/api/openapi.json" in response.json()["error"]


def test_another_method_is_told_the_right_one(site: Site) -> None:
    for method, path, right in (
        ("GET", "ask?question=Who", "POST"),
        ("DELETE", "feedback", "POST"),
        ("POST", "documents/mexico/x.md", "GET"),
        ("TRACE", "suggestions", "GET"),
        ("HEAD", "ask", "POST"),
    ):
        response = httpx.request(method, f"{site.url}/api/{path}")
        assert (response.status_code, response.headers["allow"]) == (405, right)
        assert method == "HEAD" or f"with {right}" in response.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["", "widget.js", widget_file().path[1:], "embed", "healthz", "readyz", "api/documents",
     "api/suggestions", "api/openapi.json", "api/documents/themes/timeline.txt"],
)  # fmt: skip
def test_what_can_be_got_has_a_head(site: Site, path: str) -> None:
    got, head = (httpx.request(way, f"{site.url}/{path}") for way in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "cache-control", "etag"):
        assert head.headers.get(name) == got.headers.get(name)


def test_a_page_that_sends_nonsense_is_told_so_in_json(site: Site) -> None:
    join = {"data": [], "fn_index": 9999, "session_hash": "x"}
    response = httpx.post(f"{site.url}/gradio_api/queue/join", json=join)
    assert response.status_code == 500
    assert response.json() == {"error": "Something went wrong on our side; ask again."}


@pytest.mark.parametrize(
    "name", ["x-forwarded-host", "x-gradio-server", "x-forwarded-server", "forwarded"]
)
def test_nobody_makes_the_page_lead_elsewhere(site: Site, name: str) -> None:
    said = {name: "https://evil.example", "x-forwarded-proto": "https"}
    page = httpx.get(f"{site.url}/", headers=said)
    assert page.status_code == 200
    assert "evil" not in page.text
    assert f'"root":"{site.url}' in page.text


def test_files_of_this_machine_are_out_of_reach(site: Site) -> None:
    for path in ("/assets/../../../etc/passwd", "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
                 "/assets//etc/passwd", "/static/..%2f..%2f..%2fetc%2fpasswd"):  # fmt: skip
        response = httpx.get(f"{site.url}{path}")
        assert response.status_code in (403, 404)
        assert "root:" not in response.text


def test_gradio_tells_no_other_site_anything(site: Site) -> None:
    """It would echo any origin, with leave to send cookies."""
    for path in ("/", "/theme.css", "/gradio_api/queue/data?session_hash=x"):
        for origin in ("https://evil.example", site.host_page):
            response = httpx.get(f"{site.url}{path}", headers={"origin": origin})
            assert response.status_code == 403
            assert "access-control-allow-credentials" not in response.headers
