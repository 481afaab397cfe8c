"""Keeps the questions that an index is known to answer, and picks which to offer. Makes none.

They lie beside a generation in questions.json, which its manifest does not know: without the file
nothing is offered, and nothing is wrong.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from chatbot.question import read_question
from corpus.document import Span
from index.generation import Generation
from index.manifest import write_atomically

FILE = "questions.json"
GOOD_LENGTH_WORDS = 7
"""Shorter ones ("What is AFP?") say less of what there is to ask, longer ones take longer."""
HALF_WAY = 1_000
"""Characters from what was shown at which a question of the same document counts half."""
LEAST_NEARNESS = 0.2
ALIKE = 0.75
"""Share of words in common from which two questions are one."""


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question, and the sentence that answers it: code points, half open."""

    question: str
    document_id: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Return where the answer stands."""
        return Span(self.document_id, self.start, self.end)

    @property
    def kind(self) -> str:
        """Return how it opens: "How many", "Who is"."""
        return " ".join(self.question.split()[:2]).casefold()

    def ease(self) -> tuple[int, str]:
        """Return what to sort by, the easiest to take in first."""
        return abs(len(self.question.split()) - GOOD_LENGTH_WORDS), self.question


_ROWS = TypeAdapter(tuple[KnownQuestion, ...])


def load_questions(generation: Generation) -> tuple[KnownQuestion, ...] | None:
    """Return the questions kept for a generation; None where none were, or they are not whole."""
    try:
        return _ROWS.validate_json((generation.folder / FILE).read_bytes())
    except (OSError, ValueError):
        return None


def store_questions(generation: Generation, known: Sequence[KnownQuestion]) -> None:
    """Keep the questions for a generation; OSError if its folder cannot be written."""
    write_atomically(generation.folder / FILE, _ROWS.dump_json(tuple(known), indent=1))


def suggestions(known: Sequence[KnownQuestion], count: int = 4) -> tuple[str, ...]:
    """Return questions to begin with: of different documents and kinds, of an easy length."""
    chosen: list[KnownQuestion] = []
    while len(chosen) < min(count, len(known)):
        documents = Counter(one.document_id for one in chosen)
        kinds = Counter(one.kind for one in chosen)
        left = [one for one in known if one not in chosen]
        chosen.append(
            min(left, key=lambda one: (documents[one.document_id], kinds[one.kind], one.ease()))
        )
    return tuple(one.question for one in chosen)


def follow_ups(
    known: Sequence[KnownQuestion], shown: Sequence[Span], asked: Sequence[str], count: int = 3
) -> tuple[str, ...]:
    """Return the questions nearest to what was just `shown`: spans cited, or passages found.

    Of the same document, or with names of the last question of `asked`; none that is like one asked
    or like another that is returned, nor one that the very words shown answer.
    """
    names = read_question(asked[-1]).names if asked else frozenset()
    ranked = sorted(
        (-_nearness(one, shown, names), one.question) for one in known if one.span not in shown
    )
    chosen: list[str] = []
    taken = [_gist(question) for question in asked]
    for nearness, question in ranked:
        gist = _gist(question)
        is_new = all(len(gist & other) < ALIKE * len(gist | other) for other in taken)
        if is_new and -nearness >= LEAST_NEARNESS and len(chosen) < count:
            chosen.append(question)
            taken.append(gist)
    return tuple(chosen)


def _nearness(one: KnownQuestion, shown: Sequence[Span], names: frozenset[str]) -> float:
    """Return 0-2: how close in the same document, and the share of names in common."""
    own = read_question(one.question).names
    apart = [abs(s.start - one.start) for s in shown if s.document_id == one.document_id]
    close = HALF_WAY / (HALF_WAY + min(apart)) if apart else 0.0
    return close + len(own & names) / (len(own | names) or 1)


def _gist(question: str) -> frozenset[str]:
    """Return what a question is told by: how it opens, and its content words."""
    plain = question.casefold()
    return frozenset((*plain.split()[:1], *read_question(plain).terms))
