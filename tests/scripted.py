"""A model server over real HTTP that does what it is told, in the protocols of three providers."""

import json
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

KEY = "sk-canary-0123456789abcdef"
PROVIDERS = ("openai", "openai-compatible", "anthropic", "ollama")
CUT = "cut"
"""A step that ends the connection without the end that HTTP's chunks need."""
WAIT_SECONDS = 20.0
Step = bytes | float | str | threading.Event
"""Sent, waited for, CUT, or waited for until it is set; one that never is ends like CUT."""


class OpenAI:
    content_type, path = "text/event-stream", "/v1/chat/completions"
    last = b"data: [DONE]\n\n"
    error = b'data: {"error": {"message": "it broke", "code": 500}}\n\n'

    def frame(self, body: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"

    def says(self, text: str | None, reason: str | None = None) -> dict[str, Any]:
        head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
        delta = {"role": "assistant", "content": text}
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    def begin(self) -> bytes:
        return self.frame({**self.says(""), "choices": []})

    def text(self, text: str | None) -> bytes:
        return self.frame(self.says(text))

    def end(self, reason: str = "stop") -> bytes:
        usage = {"prompt_tokens": 90, "completion_tokens": 9, "total_tokens": 99}
        counted = {**self.says(""), "choices": [], "usage": usage}
        return self.frame(self.says("", reason)) + self.frame(counted)

    too_long = "length"


class Anthropic:
    content_type, path = "text/event-stream", "/v1/messages"
    last = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
    error = (
        b'event: error\ndata: {"type": "error", "error": '
        b'{"type": "overloaded_error", "message": "it broke"}}\n\n'
    )

    def frame(self, body: dict[str, Any]) -> bytes:
        said = json.dumps(body, ensure_ascii=False)
        return f"event: {body['type']}\ndata: {said}\n\n".encode()

    def begin(self) -> bytes:
        message: dict[str, Any] = {
            "id": "m", "type": "message", "role": "assistant", "content": [], "model": "m",
            "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 90, "output_tokens": 1},
        }  # fmt: skip
        block = {"type": "text", "text": ""}
        return self.frame({"type": "message_start", "message": message}) + self.frame(
            {"type": "content_block_start", "index": 0, "content_block": block}
        )

    def text(self, text: str | None) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return self.frame({"type": "content_block_delta", "index": 0, "delta": delta})

    def end(self, reason: str = "end_turn") -> bytes:
        delta = {"stop_reason": reason, "stop_sequence": None}
        return self.frame({"type": "content_block_stop", "index": 0}) + self.frame(
            {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}}
        )

    too_long = "max_tokens"


class Ollama:
    content_type, path = "application/x-ndjson", "/api/chat"
    last = b""
    error = b'{"error": "it broke"}\n'

    def frame(self, body: dict[str, Any]) -> bytes:
        return json.dumps(body, ensure_ascii=False).encode() + b"\n"

    def begin(self) -> bytes:
        return self.text("")

    def text(self, text: str | None) -> bytes:
        message = {"role": "assistant", "content": text}
        return self.frame({"model": "m", "message": message, "done": False})

    def end(self, reason: str = "stop") -> bytes:
        message = {"role": "assistant", "content": ""}
        counted = {"prompt_eval_count": 90, "eval_count": 9}
        return self.frame(
            {"model": "m", "message": message, "done": True, "done_reason": reason, **counted}
        )

    too_long = "length"


Dialect = OpenAI | Anthropic | Ollama
DIALECTS: dict[str, Dialect] = {
    "openai": OpenAI(),
    "openai-compatible": OpenAI(),
    "anthropic": Anthropic(),
    "ollama": Ollama(),
}


@dataclass
class Scripted:
    """What the server will do, and what was done to it."""

    provider: str
    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    sent_headers: list[dict[str, str]] = field(default_factory=list)
    left_after: list[float] = field(default_factory=list)
    list_body: bytes | None = None

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.provider]

    @property
    def base_url(self) -> str:
        ends = "/v1" if self.provider.startswith("openai") else ""
        return f"http://127.0.0.1:{self.port}{ends}"

    def says(self, *pieces: str) -> None:
        """Say the pieces as a well-behaved server does."""
        dialect = self.dialect
        texts = [dialect.text(piece) for piece in pieces]
        self.steps = [dialect.begin(), *texts, dialect.end(), dialect.last]

    def refuses(self, status: int, **headers: str) -> None:
        """Answer every request with an error that repeats the key."""
        self.status, self.headers = status, {"content-type": "application/json", **headers}
        self.steps = [json.dumps({"error": {"message": f"bad key {KEY}", "type": "x"}}).encode()]


@contextmanager
def serving(provider: str) -> Iterator[Scripted]:
    script = Scripted(provider)
    handler = type("Handler", (_Handler,), {"script": script})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        script.port = server.server_port
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def read_stream(answer: httpx.Response, shown: threading.Event) -> dict[str, Any]:
    """Read an answer's events, setting `shown` at its first sentence; return the whole answer.

    A model whose words are gathered on the way waits for `shown` in vain, and so fails.
    """
    lines = []
    for line in answer.iter_lines():
        lines.append(line)
        if line == "event: sentence":
            shown.set()
    done: dict[str, Any] = json.loads(lines[lines.index("event: done") + 1].removeprefix("data: "))
    return done


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def do_POST(self) -> None:
        script = self.script
        length = int(self.headers["content-length"])
        script.asked.append(json.loads(self.rfile.read(length)))
        script.sent_headers.append({k.lower(): v for k, v in self.headers.items()})
        if self.path != script.dialect.path:
            self.send_error(404)
            return
        self.send_response(script.status)
        headers = {"content-type": script.dialect.content_type, **script.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            self._play()

    def do_GET(self) -> None:
        """List one model, in the way that is asked for."""
        lists: dict[str, object] = {
            "/api/tags": {"models": [{"name": "tiny:latest"}]},
            "/v1/models": {"object": "list", "data": [{"id": "tiny"}]},
        }
        self.script.sent_headers.append({k.lower(): v for k, v in self.headers.items()})
        body = self.script.list_body or json.dumps(lists.get(self.path, {})).encode()
        self.send_response(self.script.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _play(self) -> None:
        for step in self.script.steps:
            if step == CUT:
                return
            if isinstance(step, threading.Event) and not step.wait(WAIT_SECONDS):
                return
            if isinstance(step, bytes):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(step), step) if step else b"")
                self.wfile.flush()
            elif isinstance(step, float) and self._is_left_within(step):
                return
        self.wfile.write(b"0\r\n\r\n")

    def _is_left_within(self, seconds: float) -> bool:
        began = time.monotonic()
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable:
            self.script.left_after.append(time.monotonic() - began)
        return bool(readable)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep stderr for what is tested."""
