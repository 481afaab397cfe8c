"""Makes the questions that an index is known to answer, from its own sentences. Asks no model.

A question is kept only if the finished index, asked it, quotes the sentence that it was made from.
"""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import TypeVar

from chatbot.ask import answer_question
from chatbot.question_rules import is_clear, question_of
from chatbot.reading import Reader
from chatbot.suggest import KnownQuestion
from corpus.document import Document, Span
from index.store import Filter

MOST_ASKED = 200
MOST_ASKED_OF_ONE = 12
MOST_KEPT_OF_ONE = 6
MOST_SECONDS = 20.0
MOST_PASSAGES_OF_ONE = 50  # about 400 sentences

Item = TypeVar("Item")


def make_questions(
    reader: Reader, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> list[KnownQuestion]:
    """Return questions that the open index answers, spread over its documents.

    Asks at most MOST_ASKED, for about MOST_SECONDS; `progress` is told how many of how many.
    """
    reader = replace(reader, model=None, where=None)
    until = time.monotonic() + MOST_SECONDS
    places: dict[str, list[Span]] = defaultdict(list)
    ids = list(reader.generation.store.titles())
    sample = ids[:: math.ceil(len(ids) / MOST_ASKED) or 1]
    for one in _in_turn([_made_of(id_, reader) for id_ in sample]):
        places[one.question].append(one.span)
    known: list[KnownQuestion] = []
    asked = list(places)[:MOST_ASKED]
    for done, question in enumerate(asked):
        progress(done, len(asked))
        kept = Counter(one.document_id for one in known)
        wanted = [p for p in places[question] if kept[p.document_id] < MOST_KEPT_OF_ONE]
        if time.monotonic() < until and wanted:
            known += _asked(question, wanted, reader)
    progress(len(asked), len(asked))
    return known


def _made_of(document_id: str, reader: Reader) -> list[KnownQuestion]:
    """Return what could be asked of a document, its kinds in turn, the easiest lengths first."""
    document = reader.generation.document(document_id)
    made: dict[str, list[KnownQuestion]] = defaultdict(list)
    for question, span in chain(_of_sentences(document, reader), _of_headings(document)):
        one = KnownQuestion(question, span.document_id, span.start, span.end)
        made[one.kind].append(one)
    kinds = [sorted(ones, key=KnownQuestion.ease) for ones in made.values()]
    return _in_turn(kinds)[:MOST_ASKED_OF_ONE]


def _of_sentences(document: Document, reader: Reader) -> Iterator[tuple[str, Span]]:
    store, language = reader.generation.store, document.language or "en"
    _, numbers = store.allowed(Filter(documents=(document.id,)))
    for stored in store.passages(numbers[:MOST_PASSAGES_OF_ONE]):
        first, text = stored.passage.span.start, stored.passage.text
        for start, end in stored.bounds:
            question = question_of(text[start:end], text=document.text, language=language)
            if question:
                yield question, Span(document.id, first + start, first + end)


def _of_headings(document: Document) -> Iterator[tuple[str, Span]]:
    """Yield the headings that are questions: what stands under one may answer it."""
    ends = [*(heading.start for heading in document.headings), len(document.text)]
    for heading, end in zip(document.headings, ends[1:], strict=False):
        if heading.text.endswith("?") and is_clear(heading.text):
            yield heading.text, Span(document.id, heading.end, end)


def _asked(question: str, places: Sequence[Span], reader: Reader) -> Iterator[KnownQuestion]:
    """Yield the question with what it cites, if that stands in one of the places."""
    for citation in answer_question(question, reader=reader).citations:
        span = citation.span
        if any(place.holds(span) for place in places):
            yield KnownQuestion(question, span.document_id, span.start, span.end)
            return


def _in_turn(lists: Sequence[Sequence[Item]]) -> list[Item]:
    """Return the first of each list, then the second of each, and so on."""
    return [item for row in zip_longest(*lists) for item in row if item is not None]
