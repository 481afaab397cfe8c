"""Measures what checking adds to each sentence of a model's stream: `python -m eval.speed_stream`.

A server on loopback, in a process of its own, sends sentences of the bundled documents a word at a
time, and every fourth one changed. The clock of a sentence starts when the word after it has
arrived, for only then is it known to have ended, and stops when it is given to the reader.
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from statistics import median, quantiles
from threading import Event, Thread

from chatbot.answer import Wrote
from chatbot.ask import stream_answer
from chatbot.models import Model, ModelSettings, Piece, load_model
from chatbot.opening import open_reader
from chatbot.reading import Reader
from chatbot.settings import read_settings
from chatbot.terminal import show_table
from eval.bench import documents_of
from eval.edits import sentences_in

QUESTION = "How many homicides did El Salvador have in January 2012?"
AT_ONCE = (1, 50)
SENTENCES, REPLIES = 3, 20
SECONDS_A_WORD = 0.02
_HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "echo"}


class _Echo(BaseHTTPRequestHandler):
    """Sends the reply that the model's name is, as OpenAI's protocol would have it."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for word in (*asked["model"].split(), None):
            delta = {"content": f"{word} "} if word else {}
            choice = {"index": 0, "delta": delta, "finish_reason": None if word else "stop"}
            self.wfile.write(f"data: {json.dumps({**_HEAD, 'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(SECONDS_A_WORD)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def _serve(port: "multiprocessing.Queue[int]") -> None:
    ThreadingHTTPServer.request_queue_size = max(AT_ONCE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    port.put(server.server_port)
    server.serve_forever()


class _Stamped:
    """A model, and when each number of characters of its reply had arrived."""

    def __init__(self, model: Model) -> None:
        self.name, self.context_tokens = model.name, model.context_tokens
        self.count_tokens = model.count_tokens
        self.arrivals: list[tuple[int, float]] = []
        self._model = model

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the pieces; they are read in another thread, so that no check holds the clock."""
        arrived: SimpleQueue[Piece | None] = SimpleQueue()

        def read() -> None:
            length = 0
            for piece in self._model.stream(prompt, stop):
                length += len(piece.text)
                self.arrivals.append((length, time.perf_counter()))
                arrived.put(piece)
            arrived.put(None)

        Thread(target=read, daemon=True).start()
        yield from iter(arrived.get, None)


def _added(reader: Reader, base_url: str, reply: str) -> list[float]:
    """Return the milliseconds that each sentence shown waited for its check."""
    model = load_model(f"openai-compatible:{reply}", ModelSettings(base_url=base_url))
    assert model
    stamped = _Stamped(model)
    events = stream_answer(QUESTION, reader=replace(reader, model=stamped, strict=False))
    shown = [(e.sentence.text, time.perf_counter()) for e in events if isinstance(e, Wrote)]
    waits = []
    for text, at in shown:
        end = reply.find(text) + len(text)
        after = end + 1 + len(reply[end + 1 :].partition(" ")[0])
        known = next((t for n, t in stamped.arrivals if n > after), stamped.arrivals[-1][1])
        waits.append(1e3 * (at - known))
    return waits


def _replies(reader: Reader) -> list[str]:
    sentences = [
        " ".join(sentence.split())
        for document in documents_of(reader)
        for sentence in sentences_in(document.text)
    ]
    whole = [s for s in sentences if s.endswith(".") and 60 < len(s) < 200]
    chosen = whole[:: len(whole) // (SENTENCES * REPLIES)]
    for i in range(3, len(chosen), 4):
        chosen[i] = chosen[i].replace("the ", "no ", 1)
    return [" ".join(chosen[i : i + SENTENCES]) for i in range(0, SENTENCES * REPLIES, SENTENCES)]


def main() -> None:
    """Print the table; the index of the settings in force is asked."""
    reader, spawn = open_reader(read_settings()), multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = spawn.Queue()
    server = spawn.Process(target=_serve, args=(port,), daemon=True)
    server.start()
    base_url, replies = f"http://127.0.0.1:{port.get()}/v1", _replies(reader)
    _added(reader, base_url, replies[0])  # warms up
    rows = [["streams at once", "sentences", "added, p50 ms", "p95 ms"]]
    for at_once in AT_ONCE:
        asked = (replies * at_once)[: max(REPLIES, at_once)]
        with ThreadPoolExecutor(at_once) as threads:
            found = threads.map(lambda reply: _added(reader, base_url, reply), asked)
            waits = [wait for of in found for wait in of]
        *_, p95 = quantiles(waits, n=20)
        rows.append([str(at_once), str(len(waits)), f"{median(waits):.0f}", f"{p95:.0f}"])
    server.terminate()
    sys.stdout.write(show_table(rows) + "\n")


if __name__ == "__main__":
    main()
