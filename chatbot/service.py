"""Keeps what a running server answers with: the open index, the embedder, the model.

Loads in the background, and changes to a new generation when one is put in use. Knows no HTTP.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event as StopEvent

from chatbot.answer import Answer, Event, Finished, Turn
from chatbot.ask import answer_question, stream_answer
from chatbot.errors import StillLoading
from chatbot.feedback import Feedback, keep_feedback, name_answer
from chatbot.library import Library, list_library
from chatbot.make_questions import make_questions
from chatbot.models import QUOTES, Model
from chatbot.prompt import secret_beside
from chatbot.reading import Reader, find_hits
from chatbot.request_log import log
from chatbot.span_reader import SpanReader
from chatbot.suggest import load_questions, store_questions, suggestions
from corpus.document import Document
from corpus.errors import FootnoteError
from index.embed import Reranker, load_embedder
from index.errors import MissingIndex, StaleIndex
from index.generation import current_or_none, open_current
from index.passage import Hit

MOST_SUGGESTIONS = 4
LONGEST_WAIT_SECONDS = 60.0
TRY_AGAIN_SECONDS = 60.0
"""After an index that could not be opened was tried: every byte of it is read each time."""
MAKE_AFTER_SECONDS = 30.0
"""`footnote index` makes the known questions of what it has just put in use; let it."""
_NO_INDEX = (
    "No documents have been indexed yet; whoever runs this page can do so with `footnote index`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What there is to ask about."""

    document_count: int
    indexed_at: datetime
    suggestions: tuple[str, ...]
    model: str
    index: str


class Service:
    """Answers questions from the generation in use, from any thread."""

    def __init__(
        self,
        *,
        index: Path,
        embedding_model: str,
        passage_tokens: int,
        model: Model | None,
        strict: bool = True,
        reranker: str | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        self._index = index
        self._settings = {"embedding_model": embedding_model, "passage_tokens": passage_tokens}
        self._model, self._strict = model, strict
        self._reranker = reranker
        self._wished = tuple(suggestions)
        self._suggestions: tuple[str, ...] = ()
        self._suggestions_of = ""
        self._make_reader: Callable[..., Reader] | None = None
        self._current: Reader | None = None
        self._problem: FootnoteError = StillLoading("Footnote is still loading; ask again shortly.")
        self._library: Library | None = None
        self._listing = threading.Lock()
        self._changing = threading.Lock()
        self._refused: tuple[str | None, float] = (None, 0.0)
        self._loaded = threading.Event()
        self._loaded.set()

    @property
    def has_model(self) -> bool:
        """Say whether a model writes the answers."""
        return self._model is not None

    def start(self) -> None:
        """Begin loading in the background."""
        self._loaded.clear()
        threading.Thread(target=self._load, name="load", daemon=True).start()

    def ask(
        self, question: str, history: Sequence[Turn] = (), stop: StopEvent | None = None
    ) -> Iterator[Event]:
        """Yield the events of one answer; a FootnoteError says why there is none.

        Once `stop` is set a model that writes is left off, and Stopped raised. What only the
        answerer reads of the hits is left out of the answer: pages keep theirs for hours.
        """
        self.wait()
        for event in stream_answer(question, history, reader=self._reader(), stop=stop):
            if isinstance(event, Finished):
                _note(event.answer)
                hits = tuple(replace(hit, sentences=()) for hit in event.answer.hits)
                name = name_answer(secret_beside(self._index))
                yield Finished(replace(event.answer, hits=hits), name)
            else:
                yield event

    def search(self, query: str, k: int) -> list[Hit]:
        """Return the `k` best passages for a query."""
        self.wait()
        return find_hits(query, self._reader(), k)

    def wait(self) -> None:
        """Wait until loading has ended, well or not, but not for ever."""
        self._loaded.wait(LONGEST_WAIT_SECONDS)

    def document(self, document_id: str) -> Document:
        """Return a document of the generation in use."""
        return self._reader().generation.document(document_id)

    def library(self) -> Library:
        """List what the generation in use holds, and what was left out of it."""
        generation = self._reader().generation
        with self._listing:
            if self._library is None or self._library.index != generation.folder.name:
                self._library = list_library(generation)
            return self._library

    def keep(self, said: Feedback) -> None:
        """Write down what a reader says of an answer."""
        scope = self.scope()
        keep_feedback(
            said,
            folder=self._index,
            secret=secret_beside(self._index),
            index=scope.index,
            model=scope.model,
        )

    def scope(self) -> Scope:
        """Say what there is to ask about; a FootnoteError says why nothing can be asked."""
        reader = self._reader()
        if self._suggestions_of != reader.generation.folder.name:
            self._suggestions_of = reader.generation.folder.name
            self._suggestions = self._suggest(reader)
        manifest = reader.generation.manifest
        return Scope(
            document_count=manifest.document_count,
            indexed_at=manifest.built_at,
            suggestions=self._suggestions,
            model=self._model.name if self._model else QUOTES,
            index=reader.generation.folder.name,
        )

    def _reader(self) -> Reader:
        self._change_generation()
        if self._current is None:
            raise self._problem.with_traceback(None)  # or it would grow with each question
        return self._current

    def _load(self) -> None:
        try:
            self._make_reader = partial(
                Reader,
                embedder=load_embedder(str(self._settings["embedding_model"])),
                span_reader=SpanReader(),
                model=self._model,
                reranker=Reranker(self._reranker) if self._reranker else None,
                strict=self._strict,
            )
            self.scope()
        except FootnoteError as error:
            self._problem = error
        finally:
            self._loaded.set()

    def _change_generation(self) -> None:
        """Open the generation in use if it is another; questions under way keep the old one."""
        if self._make_reader is None:
            return
        name = current_or_none(self._index)  # where it is damaged the one that is open answers
        if not self._is_new(name) or not self._changing.acquire(blocking=self._current is None):
            return
        try:
            if self._is_new(name):
                opened = open_current(self._index, **self._settings)  # type: ignore[arg-type]
                made = self._make_reader(generation=opened)
                opened.prepare(made.embedder)
                self._current = made
        except FootnoteError as error:
            self._refused = (name, time.monotonic() + TRY_AGAIN_SECONDS)
            if self._current is None:
                is_missing = isinstance(error, MissingIndex)
                self._problem = MissingIndex(_NO_INDEX) if is_missing else error
        finally:
            self._changing.release()

    def _is_new(self, name: str | None) -> bool:
        """Say whether the generation of this name is neither open nor refused just now."""
        refused, until = self._refused
        if name is not None and name == refused and time.monotonic() < until:
            return False
        return self._current is None or name not in (None, self._current.generation.folder.name)

    def _suggest(self, reader: Reader) -> tuple[str, ...]:
        """Return the operator's questions that are answered, else ones known to be."""
        known = load_questions(reader.generation)
        if known is None:
            threading.Thread(target=self._make_questions, name="questions", daemon=True).start()
        return self._answerable(reader) if self._wished else suggestions(known or ())

    def _make_questions(self) -> None:
        """Make the known questions of the generation in use, unless that was done meanwhile."""
        time.sleep(MAKE_AFTER_SECONDS)
        with suppress(FootnoteError, OSError, RuntimeError):  # the last when the server stops
            reader = self._reader()

            def stop_if_left(_done: int, _total: int) -> None:
                if self._current is not reader:
                    raise StaleIndex("another index is in use by now.")

            known = load_questions(reader.generation)
            made = make_questions(reader, stop_if_left) if known is None else known
            if not self._wished:
                self._suggestions = suggestions(made)
            if known is None:
                store_questions(reader.generation, made)

    def _answerable(self, reader: Reader) -> tuple[str, ...]:
        """Return the operator's questions that the documents answer, quoted, no model asked."""
        quoting = replace(reader, model=None)
        good = (q for q in self._wished if answer_question(q, reader=quoting).status == "answered")
        return tuple(islice(good, MOST_SUGGESTIONS))


def _note(answer: Answer) -> None:
    log(
        "answer",
        status=answer.status,
        confidence=round(answer.confidence, 3),
        notices=answer.notices,
        seconds=round(answer.seconds.get("total", 0.0), 3),
        question=answer.question,
    )
