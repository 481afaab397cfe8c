"""Settles what is quoted, and says how sure it is: by the quotes alone, as if nothing else stood.

So the words cited are enough for the answer. The features below go into a logistic model, fitted by
`eval/fit.py` and frozen in evidence.json. Does not know which sentences there were to choose from.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from chatbot.agree import negations_hold
from chatbot.claim_words import Words
from chatbot.evidence import (
    FEATURES,
    Candidate,
    Weights,
    logistic,
    rarity_of,
    score_sentences,
    stems_of,
    tells_other_time,
)
from chatbot.opposites import directions_hold
from chatbot.question import Question
from chatbot.quotes import pick_quotes
from chatbot.span_reader import SpanReader
from corpus.document import Span
from index.embed import Embedder
from index.passage import FoundSentence
from index.split import HEAD_CHARACTERS
from index.words import closeness

OF_QUOTES = (
    "span",  # how much words of theirs answer it for the reader, read alone: log odds, in tens
    "words",  # share of the question's words that stand in them, each counted alike
    "cosine",  # of question and the quote nearest to it
    "names_missing",  # share of the question's names that neither they nor the title hold
    "other_time",  # the best sentence gives a year or month, and not the one asked for
    "against",  # they deny what the question takes for granted, or say its opposite
)
"""Of the quotes and their title alone."""
_ASKING = re.compile(
    r"^\W*(?:who|what|when|where|why|how(?: many| much| long| often)?|which|did|does|was|were|is"
    r"|are)\b",
    re.IGNORECASE,
)
_EITHER_WAY = re.compile(
    r"^\W*(?:did|does|do|was|were|is|are|has|have|had|can|could|will|would|should)\b",
    re.IGNORECASE,
)
"""What asks whether something is so takes nothing for granted: that it is not so answers it."""
_NO_DIRECTION = re.compile(r"\b(?:up|down|over|the (?:start|beginning|end) of)\b", re.IGNORECASE)
"""Of a question, where a verb says which way it goes: "who came up with", "at the end of March"."""


def settle_quotes(
    question: Question,
    quotes: Sequence[Candidate],
    *,
    listing: bool,
    embedder: Embedder,
    span_reader: SpanReader,
    weights: Weights,
) -> tuple[list[Candidate], list[Candidate]]:
    """Return the quotes that are picked again where no other words stand; and as found there.

    So the words cited are enough for the answer, and how sure it is may be told from them.
    """
    while True:
        alone = read_alone(
            question, quotes, embedder=embedder, span_reader=span_reader, weights=weights
        )
        again = pick_quotes(list(alone.values()), listing=listing)
        kept = [quote for quote in quotes if alone.get(quote.span) in again]
        if len(kept) == len(quotes):
            return kept, again
        quotes = kept


def read_alone(
    question: Question,
    quotes: Sequence[Candidate],
    *,
    embedder: Embedder,
    span_reader: SpanReader,
    weights: Weights,
) -> dict[Span, Candidate]:
    """Return the quotes as they are found where no other words stand, best first, by their places.

    Each document then is its title and its quotes; the spans of what is found are in these. Only
    the passage's score is the search's.
    """
    if not question.terms or not quotes:
        return {}
    (vector,) = embedder.embed_queries([question.text])
    shown, places = [], dict[Span, Span]()
    for rank, document_id in enumerate(dict.fromkeys(q.span.document_id for q in quotes), start=1):
        of = [quote for quote in quotes if quote.span.document_id == document_id]
        of.sort(key=lambda quote: quote.span.start)
        text = "\n\n".join(quote.text for quote in of)
        starts = [0, *accumulate(len(quote.text) + 2 for quote in of[:-1])]
        spans = [
            Span(document_id, start, start + len(quote.text))
            for start, quote in zip(starts, of, strict=True)
        ]
        places |= zip(spans, (quote.span for quote in of), strict=True)
        head = of[0].hit.title[:HEAD_CHARACTERS] + "\n"
        bounds = [(len(head) + span.start, len(head) + span.end) for span in spans]
        (embedded,) = embedder.embed_passages([head + text], [bounds])
        hit = replace(
            of[0].hit,
            passage=replace(of[0].hit.passage, heading_path=()),
            context=Span(document_id, 0, len(text)),
            sentences=tuple(
                FoundSentence(span=span, cosine=float(cosine), words=0.0)
                for span, cosine in zip(spans, embedded.sentences @ vector, strict=True)
            ),
            rank=rank,
        )
        shown.append((hit, text))
    held = [stems_of(text) for _, text in shown]
    counts = {term: sum(term in stems for stems in held) for term in question.terms}
    found = score_sentences(
        question, rarity_of(counts, len(shown)), shown, span_reader=span_reader, weights=weights
    )
    return {places[candidate.span]: candidate for candidate in found}


def at_its_place(found: Candidate, quote: Candidate) -> Candidate:
    """Return what was found alone, at the quote's place in its document."""
    by = quote.span.start - found.span.start
    answer = Span(quote.span.document_id, found.answer.start + by, found.answer.end + by)
    return replace(found, span=quote.span, hit=quote.hit, answer=answer)


def confidence(
    question: Question,
    quotes: Sequence[Candidate],
    *,
    span_reader: SpanReader,
    weights: Weights,
) -> float:
    """Return how likely (0-1) it is that the quotes picked answer the question."""
    if not quotes:
        return 0.0
    return round(logistic(quote_features(question, quotes, span_reader), weights.question), 4)


def quote_features(
    question: Question, quotes: Sequence[Candidate], span_reader: SpanReader
) -> tuple[float, ...]:
    """Return the values that OF_QUOTES names, of the quotes taken together."""
    best, alone = max(quotes, key=lambda c: c.score), " ".join(quote.text for quote in quotes)
    (reading,) = span_reader.read(question.text, [alone])
    found, stems = reading.best(0, len(alone)), stems_of(alone)
    return (
        found.score / 10 if found else 0.0,
        sum(closeness(term, stems) for term in question.terms) / (len(question.terms) or 1),
        max(quote.features[FEATURES.index("cosine")] for quote in quotes),
        _missing(question, stems | stems_of(best.hit.title)),
        tells_other_time(question, best.text),
        float(not _EITHER_WAY.search(question.text) and _denies(alone, question.text)),
    )


def _denies(quotes: str, question: str) -> bool:
    asked, said = Words(_NO_DIRECTION.sub("", _ASKING.sub("", question))), Words(quotes)
    return not (directions_hold(asked, said) and negations_hold(asked, said))


def _missing(question: Question, stems: frozenset[str]) -> float:
    """Return the share of the question's names that are not among the stems."""
    missing = sum(closeness(name, stems) == 0 for name in question.names)
    return missing / (len(question.names) or 1)
