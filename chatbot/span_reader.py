"""Reads a passage for a question: which words answer it, and whether any do. Knows no documents.

A small extractive reader, trained by `eval/train_reader.py`; `reader/README.md` is its card.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import BadReaderFiles
from index.bundled_model import INPUTS, cores, load_tokenizer, open_session

MODEL = Path(__file__).with_name("reader") / "reader.onnx"
READS_PIECES = 384
LONGEST_ANSWER_PIECES = 30
OUTPUTS = ("spans", "answerable")


@dataclass(frozen=True, slots=True)
class Found:
    """The best words of a text: code points into it, and a score (log odds against no answer)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model made of one text.

    `answerable` is the log odds that it answers the question; `starts` and `ends` are scores a
    piece, less that of no answer; `places` are the pieces' code points, `[pieces, 2]`.
    """

    answerable: float
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    places: NDArray[np.int64]

    def best(self, start: int, end: int) -> Found | None:
        """Return the best words between two code points; None where no piece was read."""
        inside = np.flatnonzero((self.places[:, 0] >= start) & (self.places[:, 1] <= end))
        if not len(inside):
            return None
        total = self.starts[inside][:, None] + self.ends[inside][None, :]
        length = np.arange(len(inside))[None, :] - np.arange(len(inside))[:, None]
        total[(length < 0) | (length >= LONGEST_ANSWER_PIECES)] = -np.inf
        first, last = np.unravel_index(int(total.argmax()), total.shape)
        places = self.places[inside]
        return Found(int(places[first, 0]), int(places[last, 1]), float(total[first, last]))


class SpanReader:
    """The loaded model."""

    def __init__(self, model: Path = MODEL) -> None:
        """Load `model`, whose checksum lies beside it; BadReaderFiles if it is not whole."""
        self._tokenizer = load_tokenizer()
        self._session = open_session(_load(model))
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="read")

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return a reading of each text; what is past READS_PIECES is not read."""
        return list(self._threads.map(lambda text: self._read(question, text), texts))

    def _read(self, question: str, text: str) -> Reading:
        encoded = self._tokenizer.encode(question, text)
        types = np.array(encoded.type_ids[:READS_PIECES], np.int64)
        ids = np.array(encoded.ids[:READS_PIECES], np.int64)
        feed = dict(zip(INPUTS, (ids[None], np.ones_like(ids)[None], types[None]), strict=True))
        spans, answerable = self._session.run(None, feed)
        places = np.array(encoded.offsets[:READS_PIECES], np.int64)
        read: Any = (types == 1) & (places[:, 1] > places[:, 0])
        starts, ends = (spans[0, :, side] - spans[0, 0, side] for side in (0, 1))
        return Reading(float(answerable[0]), starts[read], ends[read], places[read])


def _load(file: Path) -> bytes:
    with suppress(OSError, IndexError):
        model = file.read_bytes()
        sealed = file.with_suffix(".sha256").read_text(encoding="utf-8").split()[0]
        if hashlib.sha256(model).hexdigest() == sealed:
            return model
    raise BadReaderFiles(
        "the reader's model file is missing or altered; install Footnote again with `make chat`."
    )
