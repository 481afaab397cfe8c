"""Where questions are asked again after a change: of other documents, or in other words.

Knows neither what is changed nor what must hold then.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import shorten

from chatbot.answer import Answer
from chatbot.ask import Reader, answer_question
from corpus.document import Document
from eval.bench import Bench, documents_of
from eval.case import Case
from eval.findings import Tally

Ask = Callable[[Case, Reader], Answer]
Asked = tuple[Case, Answer]


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


def ask_reader(case: Case, reader: Reader) -> Answer:
    """Return the reader's answer."""
    return answer_question(case.question, case.history, reader=reader)


def check(
    name: str, pairs: Sequence[Pair], rule: Callable[[Pair], str], *, is_hard: bool = False
) -> Tally:
    """Count the pairs that break a rule, which says what went wrong; nothing if all is well."""
    wrong = tuple(f"{p.case.id}: {problem}" for p in pairs if (problem := rule(p)))
    return Tally(name, len(pairs), wrong, is_hard)


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
        asked = []
        for done, case in enumerate(cases, start=1):
            if answer := self._answer(case, self.reader):
                asked.append((case, answer))
            self.bench.progress(done, len(cases))
        return asked

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
        pairs = []
        for done, (case, before) in enumerate(asked, start=1):
            if after := self._answer(case, reader):
                pairs.append(Pair(case, before, after))
            self.bench.progress(done, len(asked))
        return pairs

    def crashes(self) -> Tally:
        """Return how often a question crashed, here or after a change."""
        return Tally("a question crashes", len(self.tried), tuple(self.crashed), is_hard=True)

    def _answer(self, case: Case, reader: Reader) -> Answer | None:
        """Ask; None if that crashed."""
        self.tried.append(case)
        try:
            return self.ask(case, reader)
        except Exception as error:  # one question must not lose the others
            self.crashed.append(f"{case.id}: {case.question}: {type(error).__name__}: {error}")
            return None


@contextmanager
def open_lab(reader: Reader, bench: Bench, ask: Ask = ask_reader) -> Iterator[Lab]:
    """Give a lab on the reader's documents, in which `ask` answers from the reader it is given."""
    documents = documents_of(reader)
    with tempfile.TemporaryDirectory() as scratch:
        yield Lab(reader=reader, documents=documents, bench=bench, scratch=Path(scratch), ask=ask)
