"""Where the grounding suite works: indexes that go away, documents changed, questions asked again.

Knows no measure, and neither what is changed nor what must hold then.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeVar

from chatbot.answer import Answer, as_json
from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from corpus.document import Document
from corpus.load import Corpus
from eval.case import Case
from eval.findings import Tally
from index.build import build_index
from index.embed import Embedder
from index.generation import open_current

T = TypeVar("T")
Ask = Callable[[Case, Reader], Answer]
Asked = tuple[Case, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What indexes are built and read with; `sample` is the most of anything that is tried."""

    embedder: Embedder
    passage_tokens: int
    span_reader: SpanReader
    sample: int | None = None
    progress: Callable[[int, int], None] = lambda _done, _total: None

    @contextmanager
    def reading(self, documents: Iterable[Document], index: Path | None = None) -> Iterator[Reader]:
        """Give a reader of these documents alone; `index` may hold nearly the same ones."""
        corpus, embedder = Corpus(tuple(documents), skipped=()), self.embedder
        with tempfile.TemporaryDirectory() as scratch:
            made: Any = {"embedding_model": embedder.name, "passage_tokens": self.passage_tokens}
            made["index"] = index or Path(scratch)
            build_index(corpus, load_embedder=lambda _: embedder, progress=self.progress, **made)
            with closing(open_current(**made)) as opened:
                yield Reader(generation=opened, embedder=embedder, span_reader=self.span_reader)


def spread(items: Sequence[T], most: int | None) -> list[T]:
    """Return at most so many of the items, evenly spread and always the same; None: all."""
    count = min(len(items), len(items) if most is None else most)
    return [items[i * len(items) // count] for i in range(count)]


def documents_of(reader: Reader) -> list[Document]:
    """Return every document of the reader's index."""
    generation = reader.generation
    return [generation.document(document_id) for document_id in generation.store.titles()]


def with_text(document: Document, text: str) -> Document:
    """Return the document with another text; what else it says of itself stays."""
    return replace(document, text=text, sha256=sha256(text.encode()).hexdigest())


def rewritten(document: Document, edit: Callable[[str], str]) -> Document:
    """Return the document with text and titles edited, word by word; headings and pages move."""
    text, headings, pages = document.text, document.headings, document.pages
    ends = [(h.start, h.end) for h in headings] + [(p.start, p.end) for p in pages]
    places = sorted({0, len(text), *chain(*ends)})
    pieces = [edit(text[start:end]) for start, end in pairwise(places)]
    now = dict(zip(places, accumulate(map(len, pieces), initial=0), strict=True))
    headings = tuple(
        replace(h, text=edit(h.text), start=now[h.start], end=now[h.end]) for h in headings
    )
    pages = tuple(replace(p, start=now[p.start], end=now[p.end]) for p in pages)
    moved = replace(document, title=edit(document.title), headings=headings, pages=pages)
    return with_text(moved, "".join(pieces))


@dataclass(frozen=True, slots=True)
class Pair:
    """A question as it is asked after a change, and its answers before that and after."""

    case: Case
    before: Answer
    after: Answer

    @property
    def tells(self) -> str:
        """Return both answers in a line."""
        first, last = (shorten(said(a), 100) or "nothing" for a in (self.before, self.after))
        return f"{self.case.question}: {first!r}, then {last!r}"


def said(answer: Answer) -> str:
    """Return an answer's words."""
    return " ".join(sentence.text for sentence in answer.sentences)


def quoted(answer: Answer) -> set[str]:
    """Return the words that an answer cites."""
    return {citation.quote for citation in answer.citations}


def is_same(first: Answer, other: Answer, *, but: Sequence[str] = ("seconds",)) -> bool:
    """Say whether two answers are the same bytes, but for some fields, such as the time taken."""
    left = dict.fromkeys(but)
    return json.dumps(as_json(first) | left) == json.dumps(as_json(other) | left)


def ask_reader(case: Case, reader: Reader) -> Answer:
    """Return the reader's answer."""
    return answer_question(case.question, case.history, reader=reader)


def check(
    name: str, pairs: Sequence[Pair], rule: Callable[[Pair], str | bool], *, is_hard: bool = False
) -> Tally:
    """Count the pairs that break a rule, which says what went wrong, or only that something did."""
    broken = [(pair, problem) for pair in pairs if (problem := rule(pair))]
    wrong = (f"{p.case.id}: {p.tells if what is True else what}" for p, what in broken)
    return Tally(name, len(pairs), tuple(wrong), is_hard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """Where changes are tried on the `documents` of `reader`; `scratch` is for indexes.

    A question that crashes is noted, and in no pair.
    """

    reader: Reader
    documents: Sequence[Document]
    bench: Bench
    scratch: Path
    ask: Ask
    tried: list[Case] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    def answers(self, cases: Sequence[Case]) -> list[Asked]:
        """Ask each as it is."""
        answers = self._answers(cases, self.reader)
        return [(case, a) for case, a in zip(cases, answers, strict=True) if a]

    def among(
        self, documents: Iterable[Document], asked: Sequence[Asked], *, anew: bool = False
    ) -> list[Pair]:
        """Ask each again with these documents in the place of the reader's own."""
        if not asked:
            return []
        with self.bench.reading(documents, None if anew else self.scratch) as other:
            return self.again(asked, replace(self.reader, generation=other.generation))

    def again(self, asked: Sequence[Asked], reader: Reader) -> list[Pair]:
        """Ask each again."""
        answers = self._answers([case for case, _ in asked], reader)
        return [Pair(*one, after) for one, after in zip(asked, answers, strict=True) if after]

    def crashes(self) -> Tally:
        """Return how often a question crashed, here or after a change."""
        return Tally("a question crashes", len(self.tried), tuple(self.crashed), is_hard=True)

    def _answers(self, cases: Sequence[Case], reader: Reader) -> Iterator[Answer | None]:
        """Ask each; None where that crashed."""
        for done, case in enumerate(cases, start=1):
            self.tried.append(case)
            try:
                yield self.ask(case, reader)
            except Exception as error:  # one question must not lose the others
                self.crashed.append(f"{case.id}: {case.question}: {type(error).__name__}: {error}")
                yield None
            self.bench.progress(done, len(cases))


@contextmanager
def open_lab(reader: Reader, bench: Bench, ask: Ask = ask_reader) -> Iterator[Lab]:
    """Give a lab on the reader's documents, in which `ask` answers from the reader it is given."""
    documents = documents_of(reader)
    with tempfile.TemporaryDirectory() as scratch:
        yield Lab(reader=reader, documents=documents, bench=bench, scratch=Path(scratch), ask=ask)
