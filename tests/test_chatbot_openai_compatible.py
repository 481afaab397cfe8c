"""A real HTTP server that speaks OpenAI's protocol as badly as it is told to."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatbot.answer import Answer, Usage, as_json
from chatbot.ask import Reader, answer_question
from chatbot.errors import ModelUnavailable
from chatbot.models import Model, ModelSettings, load_model

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
CHEESE = "The moon is made of cheese."
KEY = "sk-very-secret-0123456789"


@dataclass
class Scripted:
    """What the server will send, and what it was sent."""

    status: int = 200
    content_type: str = "text/event-stream"
    body: bytes = b""
    asked: list[dict[str, object]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    def says(self, *pieces: str, usage: bool = False) -> None:
        chunks = [_chunk(piece) for piece in pieces]
        if usage:
            counted = {"prompt_tokens": 90, "completion_tokens": 9, "total_tokens": 99}
            chunks.append(_chunk("") | {"usage": counted})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        self.body = ("".join(lines) + "data: [DONE]\n\n").encode()


def _chunk(text: str) -> dict[str, object]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return {**head, "choices": [choice]}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            scripted.asked.append(json.loads(self.rfile.read(length)))
            scripted.keys.append(self.headers.get("authorization", ""))
            self.send_response(scripted.status)
            self.send_header("content-type", scripted.content_type)
            self.end_headers()
            self.wfile.write(scripted.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep stderr for what is tested."""

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        scripted.url = f"http://127.0.0.1:{listening.server_port}/v1"
        yield scripted
        listening.shutdown()
        thread.join()


def _model(url: str) -> Model:
    settings = ModelSettings(base_url=url, timeout_seconds=5.0)
    model = load_model("openai-compatible:tiny", settings)
    assert model is not None
    return model


def _answer(server: Scripted, reader: Reader) -> Answer:
    return answer_question(QUESTION, reader=replace(reader, model=_model(server.url)))


def _assert_quotes_stand_in(answer: Answer) -> None:
    assert (answer.status, answer.model) == ("answered", "quotes:")
    assert answer.notices == ("model_unavailable",)
    assert {sentence.verdict for sentence in answer.sentences} == {"quoted"}


def test_streamed_answer_is_checked_and_cited(server: Scripted, reader: Reader) -> None:
    server.says("The country had coun", "ted 411 homicides in January 2012 and 402 ", "in ")
    server.says(COUNTED[:30], COUNTED[30:] + " ", CHEESE, usage=True)
    answer = _answer(server, reader)
    assert [(s.text, s.verdict) for s in answer.sentences] == [(COUNTED, "supported")]
    assert answer.model == "openai-compatible:tiny"
    assert answer.notices == ("left_out",)
    assert answer.usage == Usage(prompt_tokens=90, completion_tokens=9)


def test_usage_the_server_does_not_send_is_unknown(server: Scripted, reader: Reader) -> None:
    server.says(COUNTED)
    assert _answer(server, reader).usage == Usage(prompt_tokens=None, completion_tokens=None)


def test_server_is_sent_the_model_the_passages_and_the_question(
    server: Scripted, reader: Reader
) -> None:
    server.says(COUNTED)
    _answer(server, reader)
    (asked,) = server.asked
    assert (asked["model"], asked["stream"]) == ("tiny", True)
    assert QUESTION in json.dumps(asked["messages"])
    assert "<<<passage 1 from" in json.dumps(asked["messages"])
    assert server.keys == [f"Bearer {KEY}"]


def test_model_that_finds_nothing_abstains(server: Scripted, reader: Reader) -> None:
    server.says("NOT IN THE ", "DOCUMENTS")
    assert _answer(server, reader).status == "not_in_documents"


@pytest.mark.parametrize("status", [401, 429, 500])
def test_refusal_gives_quotes_and_says_so(status: int, server: Scripted, reader: Reader) -> None:
    server.status, server.content_type = status, "application/json"
    server.body = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    answer = _answer(server, reader)
    _assert_quotes_stand_in(answer)
    assert len(server.asked) == 1


def test_broken_json_gives_quotes(server: Scripted, reader: Reader) -> None:
    server.body = b"data: {not json\n\n"
    _assert_quotes_stand_in(_answer(server, reader))


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b""])
def test_reply_that_is_no_stream_gives_quotes_and_says_so(
    body: bytes, server: Scripted, reader: Reader
) -> None:
    server.content_type, server.body = "text/html", body
    _assert_quotes_stand_in(_answer(server, reader))


def test_nobody_listening_gives_quotes(server: Scripted, reader: Reader) -> None:
    nobody = replace(reader, model=_model("http://127.0.0.1:9/v1"))
    _assert_quotes_stand_in(answer_question(QUESTION, reader=nobody))
    assert server.asked == []


def test_key_is_never_shown(
    server: Scripted, reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.content_type = 401, "application/json"
    server.body = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
    model = _model(server.url)
    with pytest.raises(ModelUnavailable) as caught:
        list(model.stream("hello"))
    answer = _answer(server, reader)
    shown = capsys.readouterr()
    for text in (str(caught.value), json.dumps(as_json(answer)), shown.out, shown.err):
        assert KEY not in text
        assert server.url not in text
    assert len(server.keys) == 2


def test_error_says_what_to_check(server: Scripted) -> None:
    server.status = 500
    with pytest.raises(ModelUnavailable, match=r"'openai-compatible:tiny'.*base_url"):
        list(_model(server.url).stream("hello"))
