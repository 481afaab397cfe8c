"""Ties each sentence that a model wrote to the document's sentences that carry it, or to none.

Does not trust the model's own citations: they are removed before anything is checked. Rules look
for what goes against it (`agree`); the reader judges whether what is left says the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.agree import disagreement, without_preamble
from chatbot.claim_words import Words, words_of
from chatbot.span_reader import SpanReader
from corpus.document import Span
from index.embed import QueryEmbedder
from index.generation import Generation
from index.passage import Hit
from index.sentences import split_sentences
from index.words import closeness

LEAST_ODDS, LEAST_SHARED, LEAST_LIKENESS = 0.5, 0.35, 0.25
"""What a claim needs of its sentence: the reader's log odds, the share of its words that are there,
and of each other word a likeness to one there. Chosen on our documents and lies (eval/LOG.md)."""
NEARLY_ALL, LIKENESS_OF_NEARLY_ALL, SURE_ODDS = 0.7, 0.4, 2.0
"""The share of its words from which a claim is a near copy: one other word makes it false. That
word then needs this likeness, unless the reader's log odds are these."""
COMPARED = 5
"""Sentences that the reader is asked about: those that share most words and meaning."""
BARE_WORDS = 4
"""As many without a small word among them state nothing."""
SENTENCES_BEFORE, SENTENCES_AFTER = 2, 1
# Bounded: they are looked for with every piece, and a reply may be blanks without end.
_MARKER = re.compile(
    r"\s{0,3}(?:\[\d{1,2}(?:\s?[,;–-]\s?\d{1,2}){0,9}\]|【[^】]{0,40}】|\^\d{1,2})"
)
_BLANKS = re.compile(r"(\s{8})\s+")
_LISTED = re.compile(r"^(?:[-*•]|\d{1,2}[.)])\s+")
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]+)[\"”»]")
QUOTED_WORDS = 3
"""Fewer are a name, or a word held at arm's length."""
_BE_OR_DO = "is|are|was|were|did|do|does|has|have|had|can|could|will|would|should"
_ASKS = re.compile(
    rf"¿|\?(?:[\"”’')]*$| )|^(?i:(?:and|but|so) )?(?i:how (?:many|much|long|often)"
    rf"|(?:who|whom|what|where|why|which|how) (?:{_BE_OR_DO}))\b|\b(?:did|does|do) [A-Z]"
)
"""The last is the order of a question too: "the unit did Lara lead"."""
_THINKS, _THOUGHT = "<think>", "</think>"
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
    """A claim without its markers, what carries it (nothing: unsupported), and how well (0-1)."""

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
        pending = _BLANKS.sub(r"\1", _MARKER.sub("", pending + piece))
        sentences = split_sentences(pending)
        # Whether a full stop was an end is known only from the whole word after it.
        if len(sentences) > 1 and re.search(r"\w\W", pending[sentences[-1].start :]):
            yield from (pending[s.start : s.end] for s in sentences[:-1])
            pending = pending[sentences[-1].start :]
    yield from (pending[s.start : s.end] for s in split_sentences(pending))


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """Pass a reply on without what some models think aloud before it, between <think> marks."""
    begun, thinks = "", True
    for piece in pieces:
        if not thinks:
            yield piece
            continue
        begun = (begun + piece).lstrip()
        if begun.startswith(_THINKS):
            _, mark, said = begun.partition(_THOUGHT)
            begun, thinks = (said, False) if mark else (begun, True)
        else:
            thinks = _THINKS.startswith(begun)
        if not thinks:
            yield begun
    if thinks and not begun.startswith(_THINKS):
        yield begun


def whole_characters(text: str) -> str:
    """Return text with the halves of characters joined, and those that have no other replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_sentence(text: str, sources: Sequence[Source], checker: "Checker") -> Checked:
    """Find what carries `text`: one sentence of the sources, else one for each of its two clauses.

    Support (0-1) is the least that a clause has. A question states nothing, and what stands between
    quotation marks must be the sources' own words to the letter.
    """
    plain = _LISTED.sub("", _MARKER.sub("", text).strip("` \n")).replace("**", "").strip()
    claim = without_preamble(plain)
    if _ASKS.search(claim) or not _quotes_hold(claim, sources):
        return Checked(plain, (), 0.0)
    whole = checker.carrier(claim, sources)
    if whole.spans:
        return replace(whole, text=plain)
    cut = _CLAUSES.search(claim)
    nothing = Checked(plain, (), 0.0)
    one = checker.carrier(claim[: cut.start()], sources) if cut else nothing
    other = checker.carrier(claim[cut.end() :], sources) if cut and one.spans else nothing
    if not other.spans:
        return nothing
    spans = tuple(dict.fromkeys((*one.spans, *other.spans)))
    return Checked(plain, spans, min(one.support, other.support))


def _quotes_hold(claim: str, sources: Sequence[Source]) -> bool:
    quoted = [match[1] for match in _QUOTED.finditer(claim)]
    long = [_bare(quote) for quote in quoted if len(quote.split()) >= QUOTED_WORDS]
    said = [_bare(source.text) for source in sources] if long else []
    return all(any(quote in text for text in said) for quote in long)


def _bare(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).casefold().strip(" .,;:!?")


@dataclass(frozen=True, slots=True)
class _Near:
    """A sentence that shares words with a claim, and what stands around it."""

    span: Span
    sentence: Words
    before: Span | None
    text_around: str
    window: str
    shared: float
    likeness: float

    @property
    def weight(self) -> tuple[float, float]:
        """Return what the sentence weighs beside others for or against the claim."""
        return round(self.shared, 4), self.likeness

    @property
    def around(self) -> Words:
        """Return the words above the sentence and before it."""
        return words_of(self.text_around)


@dataclass(frozen=True, slots=True)
class Checker:
    """What a claim is compared with: the reader's judgement, and the meaning of single words."""

    span_reader: SpanReader
    embedder: QueryEmbedder

    def carrier(self, text: str, sources: Sequence[Source]) -> Checked:
        """Return the sentence that the reader thinks carries the claim best, if it is enough.

        Support is the share of the claim's words that stand in it; half, in what stands around it.
        A sentence that goes against the claim and shares more of its words outweighs it.
        """
        claim = Words(text)
        if len(claim.content) == len(claim.words) >= BARE_WORDS:
            return Checked(text, (), 0.0)
        content = [claim.stems[i] for i in claim.content]
        near = [found for source in sources for found in _likely(content, source)]
        near.sort(key=lambda n: (-n.likeness, n.span.document_id, n.span.start))
        exact = next((n for n in near if _bare(n.sentence.text) == _bare(text)), None)
        if exact:
            return Checked(text, (exact.span,), 1.0)
        best = near[:COMPARED]
        against = [bool(disagreement(claim, n.sentence, n.around)) for n in best]
        weighed = [n.weight for n, no in zip(best, against, strict=True) if no]
        contrary = max(weighed, default=(0.0, 0.0))
        enough = [n for n, no in zip(best, against, strict=True) if not no and n.weight > contrary]
        readings = self.span_reader.read(text, [n.window for n in enough])
        judged = [
            (reading.answerable / 10 + found.shared, reading.answerable, found)
            for reading, found in zip(readings, enough, strict=True)
        ]
        if not judged:
            return Checked(text, (), 0.0)
        _, odds, found = max(judged, key=lambda each: each[0])
        is_near = found.shared >= NEARLY_ALL and odds < SURE_ODDS
        least = LIKENESS_OF_NEARLY_ALL if is_near else LEAST_LIKENESS
        if odds < LEAST_ODDS or self._strangest(claim, found) < least:
            return Checked(text, (), 0.0)
        return Checked(text, _cited(claim, found), round(found.shared, 4))

    def _strangest(self, claim: Words, found: _Near) -> float:
        """Return how near (-1 to 1) the strangest of the claim's own words comes to one there."""
        known = found.sentence.known | found.around.known
        new = [claim.words[i] for i in claim.content if not closeness(claim.stems[i], known)]
        there = [found.sentence.words[i] for i in found.sentence.content]
        if not new or not there:
            return 0.0 if new else 1.0
        vectors = self.embedder.embed_queries([word.lower() for word in (*new, *there)])
        return float((vectors[: len(new)] @ vectors[len(new) :].T).max(axis=1).min())


def _likely(content: Sequence[str], source: Source) -> Iterator[_Near]:
    """Yield each of the source's sentences that shares enough with a claim, and how like it is."""
    if not content:
        return
    first, known = source.span.start, words_of(source.above).known
    for i, span in enumerate(source.sentences):
        sentence = words_of(source.text[span.start - first : span.end - first])
        here = {one: closeness(one, sentence.known) for one in content}
        # A word that stands only around counts half: where few stand here, no others can help.
        if sum(map(here.__getitem__, content)) >= (2 * LEAST_SHARED - 1) * len(content):
            there = {one: closeness(one, known) for one in content if not here[one]}
            shared = sum(here[one] or there[one] / 2 for one in content) / len(content)
            if shared >= LEAST_SHARED:
                yield _near(source, i, sentence, shared)
        known |= sentence.known


def _near(source: Source, i: int, sentence: Words, shared: float) -> _Near:
    span, first = source.sentences[i], source.span.start
    earlier = source.sentences[max(0, i - SENTENCES_BEFORE) : i]
    start = earlier[0].start if earlier else span.start
    last = source.sentences[min(i + SENTENCES_AFTER, len(source.sentences) - 1)]
    return _Near(
        span=span,
        sentence=sentence,
        before=earlier[-1] if earlier else None,
        text_around=f"{source.above}. {source.text[start - first : span.start - first]}",
        window=source.text[start - first : last.end - first],
        shared=shared,
        likeness=shared + (source.cosines[i] if source.cosines else 0.0),
    )


def _cited(claim: Words, found: _Near) -> tuple[Span, ...]:
    """Return the sentence, and the one before it if a name or number of the claim is not in it."""
    borrowed = any(not closeness(claim.stems[i], found.sentence.known) for i in claim.names)
    return (found.before, found.span) if borrowed and found.before else (found.span,)
