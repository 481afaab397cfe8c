"""Measures what checking adds to each sentence of a model's stream: `python -m eval.speed_stream`.

A model in a thread of its own says sentences of the bundled documents a word at a time, and every
fourth one changed. The clock of a sentence starts when the word after it has arrived, for only then
is it known to have ended, and stops when it is given to the reader.
"""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from statistics import quantiles
from threading import Event, Thread

from chatbot.answer import Wrote
from chatbot.ask import Reader, stream_answer
from chatbot.models import Piece
from chatbot.models.echo import EchoModel
from chatbot.opening import open_reader
from chatbot.settings import read_settings
from chatbot.terminal import show_table
from eval.bench import documents_of
from eval.edits import sentences_in

QUESTION = "How many homicides did El Salvador have in January 2012?"
AT_ONCE = (1, 50)
SENTENCES, REPLIES = 3, 20
SECONDS_A_WORD = 0.02


class _Slow(EchoModel):
    """Says its reply word by word, and knows when each number of characters had arrived."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.arrivals: list[tuple[int, float]] = []

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the pieces; they come from another thread, so that no check holds the clock."""
        arrived: SimpleQueue[Piece | None] = SimpleQueue()

        def say() -> None:
            length = 0
            for piece in super(_Slow, self).stream(prompt, stop):
                time.sleep(SECONDS_A_WORD)
                length += len(piece.text)
                self.arrivals.append((length, time.perf_counter()))
                arrived.put(piece)
            arrived.put(None)

        Thread(target=say, daemon=True).start()
        yield from iter(arrived.get, None)


def _added(reader: Reader, reply: str) -> list[float]:
    """Return the milliseconds that each sentence shown waited for its check."""
    model = _Slow(reply)
    events = stream_answer(QUESTION, reader=replace(reader, model=model, strict=False))
    shown = [(e.sentence.text, time.perf_counter()) for e in events if isinstance(e, Wrote)]
    waits = []
    for text, at in shown:
        end = reply.find(text) + len(text)
        after = end + 1 + len(reply[end + 1 :].partition(" ")[0])
        known = next((t for n, t in model.arrivals if n > after), model.arrivals[-1][1])
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
    reader = open_reader(read_settings())
    replies = _replies(reader)
    _added(reader, replies[0])  # warms up
    rows = [["streams at once", "sentences", "added, p50 ms", "p95 ms"]]
    for at_once in AT_ONCE:
        asked = (replies * at_once)[: max(REPLIES, at_once)]
        with ThreadPoolExecutor(at_once) as threads:
            found = threads.map(lambda reply: _added(reader, reply), asked)
            waits = [wait for of in found for wait in of]
        percentiles = quantiles(waits, n=100)
        row = (at_once, len(waits), f"{percentiles[49]:.0f}", f"{percentiles[94]:.0f}")
        rows.append([str(cell) for cell in row])
    sys.stdout.write(show_table(rows) + "\n")


if __name__ == "__main__":
    main()
