"""Settles what is quoted, and says how sure it is: by the quotes alone, as if nothing else stood.

So the words cited are enough for the answer. The features below go into a logistic model, fitted by
`eval/fit.py` and frozen in evidence.json. Does not know which sentences there were to choose from.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chatbot.agree import negations_hold
from chatbot.claim_words import Words
from chatbot.evidence import (
    FEATURES,
    READ_HITS,
    Candidate,
    score_sentences,
    stems_of,
    tells_other_time,
)
from chatbot.opposites import directions_hold
from chatbot.parts import asks_for_list
from chatbot.question import Question
from chatbot.quotes import pick_quotes
from chatbot.reading import Reader, logistic
from chatbot.span_reader import SpanReader
from corpus.document import Span
from index.few import FewTexts
from index.words import closeness

BETWEEN = "\n\n"
"""Quotes of one document, where only they stand."""
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
    question: Question, candidates: Sequence[Candidate], reader: Reader
) -> tuple[list[Candidate], list[Candidate]]:
    """Pick quotes; return those picked again where no other words stand, and as found there.

    So the words cited are enough for the answer, and how sure it is may be told from them.
    """
    quotes = pick_quotes(candidates, listing=asks_for_list(question.text))
    while True:
        pairs = pick_alone(question, quotes, reader)
        kept = [quote for quote, _ in pairs]
        if len(kept) == len(quotes):
            return kept, [found for _, found in pairs]
        quotes = kept


def pick_alone(
    question: Question, quotes: Sequence[Candidate], reader: Reader
) -> list[tuple[Candidate, Candidate]]:
    """Return those of the quotes that are picked where only they stand, each as found there too."""
    alone = read_alone(question, quotes, reader)
    listing = asks_for_list(question.text)
    picked = pick_quotes([found for _, found in alone], listing=listing)
    return [(quote, found) for found in picked for quote, same in alone if same is found]


def read_alone(
    question: Question, quotes: Sequence[Candidate], reader: Reader
) -> list[tuple[Candidate, Candidate]]:
    """Return each quote and as what it is found where no other words stand, best first.

    Each document then is its title and its quotes; the spans of what is found are in these. One
    that is cut into other sentences there is not found.
    """
    if not quotes:
        return []
    documents, places = [], dict[Span, Candidate]()
    for document_id in sorted({quote.span.document_id for quote in quotes}):
        of = [quote for quote in quotes if quote.span.document_id == document_id]
        of.sort(key=lambda quote: quote.span.start)
        start = 0
        for quote in of:
            places[Span(document_id, start, start + len(quote.text))] = quote
            start += len(quote.text) + len(BETWEEN)
        text = BETWEEN.join(quote.text for quote in of)
        whole = reader.generation.document(document_id)
        documents.append(replace(whole, text=text, headings=(), pages=()))
    few = FewTexts(
        documents,
        embedder=reader.embedder,
        passage_tokens=reader.generation.manifest.passage_tokens,
    )
    hits = few.search(question.text, k=READ_HITS, reranker=reader.reranker)
    shown = [(hit, few.text(hit)) for hit in hits]
    found = score_sentences(question, shown, few, len(few), reader)
    return [(places[one.span], one) for one in found if one.span in places]


def at_its_place(found: Candidate, quote: Candidate) -> Candidate:
    """Return what was found alone, at the quote's place in its document."""
    by = quote.span.start - found.span.start
    answer = Span(quote.span.document_id, found.answer.start + by, found.answer.end + by)
    return replace(found, span=quote.span, hit=quote.hit, answer=answer)


def confidence(question: Question, quotes: Sequence[Candidate], reader: Reader) -> float:
    """Return how likely (0-1) it is that the quotes picked answer the question."""
    if not quotes:
        return 0.0
    features = quote_features(question, quotes, reader.span_reader)
    return round(logistic(features, reader.weights.question), 4)


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
