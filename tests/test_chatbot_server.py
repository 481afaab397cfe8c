import json
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from conftest import Site

QUESTION = {"question": "Who coined the term narco-peace?"}


def ask(site: Site, body: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{site.url}/api/ask", json=body, headers=headers, timeout=30)


def test_ask_gives_a_cited_answer_as_json(site: Site) -> None:
    answer = ask(site, QUESTION).json()
    (citation,) = answer["citations"]
    document = httpx.get(f"{site.url}/api/documents/{citation['document_id']}").json()
    assert answer["status"] == "answered"
    assert "Vanda Felbab-Brown" in citation["quote"]
    assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert len(answer["id"]) == 32


def test_every_answer_has_an_id_of_its_own(site: Site) -> None:
    first, second = (ask(site, QUESTION).json() for _ in range(2))
    assert first["id"] != second["id"]
    ignored = {"id", "seconds"}
    assert all(first[name] == second[name] for name in first.keys() - ignored)


def test_documents_are_listed_with_what_was_left_out(site: Site) -> None:
    listed = httpx.get(f"{site.url}/api/documents").json()
    assert set(listed) == {"documents", "skipped", "indexed_at", "index"}
    assert len(listed["documents"]) == 17
    assert listed["skipped"] == []
    for row in listed["documents"]:
        document = httpx.get(f"{site.url}/api/documents/{row['id']}").json()
        assert {name: document[name] for name in ("id", "title", "source", "language")} == {
            name: row[name] for name in ("id", "title", "source", "language")
        }
        assert len(document["text"]) == row["characters"]
        assert (len(document["pages"]) or None) == row["pages"]


def test_a_document_comes_with_its_outline_and_pages(site: Site) -> None:
    path = "api/documents/el-salvador/carlos-marroquin-negotiator.pdf"
    document = httpx.get(f"{site.url}/{path}").json()
    assert document["headings"]
    for heading in document["headings"]:
        assert document["text"].startswith(heading["title"], heading["start"])
    starts = [page["start"] for page in document["pages"]]
    assert starts == sorted(starts)
    assert document["pages"][0]["number"] == 1


def test_suggestions_are_questions_with_answers(site: Site) -> None:
    reply = httpx.get(f"{site.url}/api/suggestions").json()
    assert reply == {"suggestions": [QUESTION["question"]]}


def test_ask_streams_events_in_order(site: Site) -> None:
    response = ask(site, QUESTION, accept="text/event-stream")
    events = [part.split("\n") for part in response.text.strip().split("\n\n")]
    names = [lines[0].removeprefix("event: ") for lines in events]
    data = [json.loads(lines[1].removeprefix("data: ")) for lines in events]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert names == ["meta", "hits", "sentence", "done"]
    assert data[2]["citations"][0]["number"] == data[2]["sentence"]["citations"][0]
    assert data[3]["sentences"] == [data[2]["sentence"]]


def test_history_makes_a_follow_up_whole(site: Site) -> None:
    history = [{"question": "How many homicides were there in January 2012?", "answer": "411"}]
    answer = ask(site, {"question": "And in February?", "history": history}).json()
    assert "402" in answer["citations"][0]["quote"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"question": ""}, 422, "The question is empty"),
        ({"question": "x" * 2001}, 422, "at most 2,000"),
        ({"question": "x" * 70_000}, 413, "too large"),
        ({"q": "x"}, 422, "Send JSON like"),
        (["x"], 422, "Send JSON like"),
        ({"question": "x", "history": [{"question": "y"}] * 30}, 422, "Send JSON like"),
    ],
)
def test_wrong_use_is_a_sentence(site: Site, body: object, status: int, says: str) -> None:
    response = ask(site, body)
    assert response.status_code == status
    assert says in response.json()["error"]


def test_a_body_that_lies_about_its_length_is_cut_off(site: Site) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(100):
            yield b"x" * 10_000

    with suppress(httpx.WriteError):  # the connection may be closed before all is sent
        assert httpx.post(f"{site.url}/api/ask", content=endless(), timeout=10).status_code == 413


def test_json_that_does_not_say_so_is_told_what_is_missing(site: Site) -> None:
    body, form = json.dumps(QUESTION), {"content-type": "application/x-www-form-urlencoded"}
    said = httpx.post(f"{site.url}/api/ask", content=body, headers=form).json()["error"]
    assert "`Content-Type: application/json` is missing" in said
    assert "(:" not in ask(site, ["x"]).json()["error"]


def test_unknown_document_is_not_found(site: Site) -> None:
    for document_id in ("nope.md", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"):
        response = httpx.get(f"{site.url}/api/documents/{document_id}")
        assert response.status_code == 404
        assert "/api/" in response.json()["error"] or "here" in response.json()["error"]
    said = httpx.get(f"{site.url}/api/documents/nope.md").json()["error"]
    assert said == "No document is called 'nope.md'; /api/documents lists them."


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"]
)
def test_unknown_origins_reach_nothing_but_a_reason(site: Site, origin: str) -> None:
    refused = ask(site, QUESTION, origin=origin)
    assert refused.status_code == 403
    assert "FOOTNOTE_CHATBOT_ALLOWED_ORIGINS" in refused.json()["error"]
    for path in ("/", "/config", "/gradio_api/queue/join", "/api/documents/x"):
        response = httpx.get(f"{site.url}{path}", headers={"origin": origin})
        assert response.status_code == 403


def test_allowed_and_own_origins_may_ask(site: Site) -> None:
    for origin in (site.host_page, site.url):
        response = ask(site, QUESTION, origin=origin)
        assert response.status_code == 200
    assert ask(site, QUESTION, origin=site.host_page).headers["access-control-allow-origin"] == (
        site.host_page
    )


def test_every_response_has_the_security_headers(site: Site) -> None:
    for path in ("/", "/widget.js", "/healthz", "/nothing"):
        headers = httpx.get(f"{site.url}{path}").headers
        assert "object-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_health_and_readiness(site: Site) -> None:
    assert httpx.get(f"{site.url}/healthz").json() == {"status": "alive"}
    assert httpx.get(f"{site.url}/readyz").json() == {"status": "ready"}


def test_not_ready_without_an_index(empty_site: str) -> None:
    response = httpx.get(f"{empty_site}/readyz")
    assert (response.status_code, response.json().keys()) == (503, {"error"})


def test_widget_is_one_script_for_any_site(site: Site) -> None:
    response = httpx.get(f"{site.url}/widget.js", headers={"origin": "https://any.example"})
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["content-type"].startswith("text/javascript")
    assert "innerHTML" not in response.text


@pytest.mark.parametrize("path", ["/", "/api/documents/themes/timeline.txt", "/config"])
def test_a_name_that_is_not_ours_reaches_nothing(site: Site, path: str) -> None:
    """A site can make a name of its own lead to this machine (DNS rebinding)."""
    named = {"host": "evil.test:7860", "origin": "http://evil.test:7860"}
    assert httpx.get(f"{site.url}{path}", headers=named).status_code == 403
    assert httpx.get(f"{site.url}{path}", headers={"host": "evil.test"}).status_code == 403


def test_bytes_that_are_no_text_are_refused_in_a_sentence(site: Site) -> None:
    body = b'{"question": "\\ud800 hi"}'
    headers = {"content-type": "application/json"}
    response = httpx.post(f"{site.url}/api/ask", content=body, headers=headers)
    assert response.status_code == 422
    assert "no text" in response.json()["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_answered_in_json(site: Site, method: str) -> None:
    response = httpx.request(method, f"{site.url}/api/ask")
    assert response.status_code in (404, 405)
    assert "error" in response.json()
