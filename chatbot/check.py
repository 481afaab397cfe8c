"""Ties each sentence that a model wrote to the document's sentences that carry it, or to none.

Does not trust the model's own citations: they are removed before anything is checked. Rules look
for what goes against it (`agree`); the reader judges whether what is left says the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.agree import disagreement, without_preamble
from chatbot.claim_words import Words
from chatbot.evidence import frozen_weights, logistic
from chatbot.span_reader import SpanReader
from corpus.document import Span
from index.generation import Generation
from index.passage import Hit
from index.sentences import split_sentences
from index.words import closeness

SUPPORT_NEEDED = 0.5
COMPARED = 5
"""Sentences that the reader is asked about: those that share most words and meaning."""
SENTENCES_BEFORE, SENTENCES_AFTER = 2, 1
_MARKER = re.compile(r"\s*(?:\[\d+(?:\s*[,;–-]\s*\d+)*\]|【[^】]*】|\^\d+)")
_CLAUSES = re.compile(r"(?:, and|; (?:and )?|, but|, while|, y|, pero) (?=\S+ \S+ \S+)")


@dataclass(frozen=True, slots=True)
class Source:
    """A passage to check against: its sentences, and the title and headings `above` it.

    `cosines` are of each sentence and what was searched for; none where nothing was.
    """

    span: Span
    text: str
    sentences: tuple[Span, ...]
    above: str
    cosines: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A model's sentence without its markers, what carries it (nothing: unsupported), how well."""

    text: str
    spans: tuple[Span, ...]
    support: float


def read_sources(hits: Sequence[Hit], generation: Generation) -> list[Source]:
    """Return the whole passages of the hits."""
    return [
        Source(
            span=hit.context,
            text=generation.document(hit.context.document_id).text[
                hit.context.start : hit.context.end
            ],
            sentences=tuple(found.span for found in hit.sentences),
            above=" ".join((hit.title, *hit.passage.heading_path)),
            cosines=tuple(found.cosine for found in hit.sentences),
        )
        for hit in hits
    ]


def split_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Yield whole sentences as soon as the text that streams in has brought them to an end.

    Citation markers are taken out on the way: what a model cites is of no account here.
    """
    pending = ""
    for piece in pieces:
        pending = _MARKER.sub("", pending + piece)
        sentences = split_sentences(pending)
        # Whether a full stop was an end is known only from the whole word after it.
        if len(sentences) > 1 and re.search(r"\w\W", pending[sentences[-1].start :]):
            yield from (pending[s.start : s.end] for s in sentences[:-1])
            pending = pending[sentences[-1].start :]
    yield from (pending[s.start : s.end] for s in split_sentences(pending))


def check_sentence(text: str, sources: Sequence[Source], span_reader: SpanReader) -> Checked:
    """Find what carries `text`: one sentence of the sources, else one for each of its two clauses.

    Support (0-1) is the least that a clause has; below SUPPORT_NEEDED nothing carries it.
    """
    plain = _MARKER.sub("", text).strip().lstrip("-*• ").strip()
    claim = without_preamble(plain)
    whole = _carrier(claim, sources, span_reader)
    if whole.support >= SUPPORT_NEEDED:
        return Checked(plain, whole.spans, whole.support)
    cut = _CLAUSES.search(claim)
    if cut:
        halves = [
            _carrier(clause, sources, span_reader)
            for clause in (claim[: cut.start()], claim[cut.end() :])
        ]
        support = min(half.support for half in halves)
        if support >= SUPPORT_NEEDED:
            spans = dict.fromkeys(span for half in halves for span in half.spans)
            return Checked(plain, tuple(spans), support)
    return Checked(plain, (), 0.0)


@dataclass(frozen=True, slots=True)
class _Carrier:
    spans: tuple[Span, ...]
    support: float


@dataclass(frozen=True, slots=True)
class _Near:
    """A sentence that shares words with a claim, and what stands around it."""

    span: Span
    sentence: Words
    before: Span | None
    around: Words
    window: str
    shared: float
    likeness: float


def claim_features(
    text: str, sources: Sequence[Source], span_reader: SpanReader
) -> list[tuple[float, ...]]:
    """Return what support is weighed by, for each sentence that nothing in the claim goes against.

    The reader's log odds in tens, and the share of the claim's words that are there.
    """
    return [features for _, features in _compared(Words(text), sources, span_reader)]


def _carrier(text: str, sources: Sequence[Source], span_reader: SpanReader) -> _Carrier:
    claim, best = Words(text), _Carrier((), 0.0)
    for found, features in _compared(claim, sources, span_reader):
        support = round(logistic(features, frozen_weights().check), 4)
        if found.sentence.text == text:
            support = 1.0
        if support > best.support:
            best = _Carrier(_cited(claim, found), support)
    return best


def _compared(
    claim: Words, sources: Sequence[Source], span_reader: SpanReader
) -> list[tuple[_Near, tuple[float, ...]]]:
    """Return the likest sentences that agree with the claim, with their features."""
    content = [claim.stems[i] for i in claim.content]
    near = [found for source in sources for found in _likely(content, source)]
    near.sort(key=lambda n: (-n.likeness, n.span.document_id, n.span.start))
    agreeing = [n for n in near[:COMPARED] if not disagreement(claim, n.sentence, n.around)]
    readings = span_reader.read(claim.text, [n.window for n in agreeing])
    return [
        (found, (reading.answerable / 10, found.shared))
        for found, reading in zip(agreeing, readings, strict=True)
    ]


def _likely(content: Sequence[str], source: Source) -> Iterator[_Near]:
    """Yield each of the source's sentences, and how like the claim it is."""
    if not content:
        return
    first = source.span.start
    for i, span in enumerate(source.sentences):
        sentence = Words(source.text[span.start - first : span.end - first])
        earlier = source.sentences[max(0, i - SENTENCES_BEFORE) : i]
        start = earlier[0].start if earlier else span.start
        last = source.sentences[min(i + SENTENCES_AFTER, len(source.sentences) - 1)]
        around = Words(f"{source.above}. {source.text[start - first : span.start - first]}")
        here = sum(closeness(one, sentence.known) for one in content)
        there = sum(
            closeness(one, around.known) for one in content if not closeness(one, sentence.known)
        )
        shared = (here + there / 2) / len(content)
        yield _Near(
            span=span,
            sentence=sentence,
            before=earlier[-1] if earlier else None,
            around=around,
            window=source.text[start - first : last.end - first],
            shared=shared,
            likeness=shared + (source.cosines[i] if source.cosines else 0.0),
        )


def _cited(claim: Words, found: _Near) -> tuple[Span, ...]:
    """Return the sentence, and the one before it if a name or number of the claim is not in it."""
    borrowed = any(not closeness(claim.stems[i], found.sentence.known) for i in claim.names)
    return (found.before, found.span) if borrowed and found.before else (found.span,)
