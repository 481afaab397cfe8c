"""One question to one cited answer, from top to bottom. Does not know who shows it.

question -> standalone question -> hits -> enough evidence? -> write -> check -> Answer
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from chatbot.answer import (
    Answer,
    Citation,
    Event,
    Finished,
    Notice,
    Retrieved,
    Sentence,
    Started,
    Turn,
    Usage,
    Verdict,
    Wrote,
)
from chatbot.check import Checked, Checker, check_sentence, read_sources, split_stream
from chatbot.errors import ModelUnavailable
from chatbot.evidence import Candidate, confidence, find_candidates, frozen_weights
from chatbot.models import QUOTES, Model
from chatbot.parts import asks_for_list, split_question
from chatbot.question import check_length, make_standalone, read_question
from chatbot.quotes import find_conflict, pick_quotes
from chatbot.small_talk import small_talk
from chatbot.span_reader import SpanReader
from chatbot.suggest import follow_ups, load_questions, suggestions
from corpus.document import Span
from index.embed import QueryEmbedder, Reranker
from index.generation import Generation
from index.passage import Hit
from index.search import search
from index.store import Filter

HITS = 10
PROMPT_PASSAGES = 5
LONGEST_REPLY = 4_000  # characters: three sentences were asked for
LONGEST_REPLY_SECONDS = 120.0
ABSTAINS = "NOT IN THE DOCUMENTS"
_PROMPT = Path(__file__).parent / "prompts" / "answer.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is needed to answer: an open index, its embedder, and a model or None for `quotes:`.

    `where` says which documents may be read, None all; a `reranker` puts hits in a better order.
    What a model writes and nothing carries is withheld if `strict`, else shown marked.
    """

    generation: Generation
    embedder: QueryEmbedder
    span_reader: SpanReader
    model: Model | None = None
    reranker: Reranker | None = None
    where: Filter | None = None
    strict: bool = True


def answer_question(question: str, history: Sequence[Turn] = (), *, reader: Reader) -> Answer:
    """Return one cited answer; WrongQuestion if the question is empty or too long."""
    for event in stream_answer(question, history, reader=reader):
        if isinstance(event, Finished):
            return event.answer
    raise AssertionError("a stream of events ends with Finished")


def stream_answer(
    question: str, history: Sequence[Turn] = (), *, reader: Reader
) -> Iterator[Event]:
    """Yield an answer's events as they happen: Started, Retrieved, Wrote a sentence, Finished."""
    clock = _Clock()
    asked = check_length(question)
    talks = small_talk(asked) is not None
    standalone = asked if talks else make_standalone(asked, history)
    draft = _Draft(reader)
    model_name = reader.model.name if reader.model else QUOTES
    yield Started(question=asked, standalone_question=standalone, model=model_name)

    parts = split_question(standalone)
    found = [_search(part, reader) for part in parts]
    hits = _merge(found)
    clock.lap("search")
    yield Retrieved(hits)

    pairs = [] if talks else list(zip(parts, found, strict=True))
    read = [_read(part, of, reader) for part, of in pairs]
    answered = [quotes for quotes in read if quotes.are_sure]
    clock.lap("read")
    if answered:
        prompt = make_prompt(standalone, hits) if reader.model else ""
        if len(answered) < len(read):
            draft.notices.append("left_out")
        yield from draft.write(prompt, hits, answered)
    if talks:
        draft.notices.append("greeting")
    clock.lap("write")
    yield Finished(
        Answer(
            question=asked,
            standalone_question=standalone,
            status="answered" if draft.sentences else "not_in_documents",
            sentences=tuple(draft.sentences),
            citations=tuple(draft.citations.values()),
            hits=hits,
            confidence=min(
                (q.confidence for q in answered),
                default=max((q.confidence for q in read), default=0.0),
            ),
            notices=tuple(draft.notices),
            follow_ups=_offered(
                reader, draft, hits, [*(turn.question for turn in history), standalone]
            ),
            model=draft.written_by,
            usage=draft.usage,
            seconds=clock.laps,
        )
    )


def _offered(
    reader: Reader, draft: "_Draft", hits: Sequence[Hit], asked: Sequence[str]
) -> tuple[str, ...]:
    """Return questions with known answers: to begin with, or next to what is shown."""
    known = load_questions(reader.generation) or () if reader.where is None else ()
    if "greeting" in draft.notices:
        return suggestions(known)
    cited = [citation.span for citation in draft.citations.values()]
    return follow_ups(known, cited or [hit.context for hit in hits[:3]], asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quotes:
    """What to quote for one question, in order, and how sure it is; whether documents disagree."""

    sentences: tuple[Candidate, ...]
    confidence: float
    are_sure: bool
    disagree: bool = False


def _search(question: str, reader: Reader) -> list[Hit]:
    return search(
        question,
        generation=reader.generation,
        embedder=reader.embedder,
        k=HITS,
        where=reader.where,
        reranker=reader.reranker,
    )


def _merge(found: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Take the hits of several questions in turn, each passage once, and rank them anew."""
    in_turn = [hit for hits in zip_longest(*found) for hit in hits if hit is not None]
    once = {hit.passage.id: hit for hit in reversed(in_turn)}
    order = dict.fromkeys(hit.passage.id for hit in in_turn)
    return tuple(replace(once[id_], rank=rank) for rank, id_ in enumerate(order, start=1))


def _read(question: str, hits: Sequence[Hit], reader: Reader) -> _Quotes:
    """Read the best hits for the sentences to quote."""
    weights, asked = frozen_weights(), read_question(question)
    candidates = find_candidates(
        asked,
        hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=weights,
    )
    quotes = pick_quotes(candidates, listing=asks_for_list(question))
    sure = confidence(asked, quotes, span_reader=reader.span_reader, weights=weights)
    other = find_conflict(candidates, quotes) if quotes else None
    if other:
        document = reader.generation.document
        pair = (max(quotes, key=lambda quote: quote.score), other)
        quotes = sorted(
            pair, key=lambda q: document(q.span.document_id).published_on or "", reverse=True
        )
    return _Quotes(
        sentences=tuple(quotes),
        confidence=sure,
        are_sure=bool(quotes) and sure >= weights.threshold,
        disagree=other is not None,
    )


class _Draft:
    """An answer in the making: checked sentences, and citations numbered as they are first used."""

    def __init__(self, reader: Reader) -> None:
        self.sentences: list[Sentence] = []
        self.citations: dict[tuple[str, int, int], Citation] = {}
        self.notices: list[Notice] = []
        self.usage = Usage()
        self.written_by = QUOTES
        self._reader = reader

    def write(self, prompt: str, hits: Sequence[Hit], parts: Sequence[_Quotes]) -> Iterator[Wrote]:
        """Yield the sentences of a model that pass the check, else the quotes of each part.

        A model that finds nothing in the passages is believed: then nothing is written.
        """
        model = self._reader.model
        if any(part.disagree for part in parts):
            self._notice("conflict")
        if model is not None:
            self.written_by = model.name
            try:
                for text in split_stream(self._reply(model, prompt)):
                    if text.strip(" .!*\"'").casefold() == ABSTAINS.casefold():
                        return
                    checked = self._check(text, hits)
                    if checked.spans:
                        yield self._wrote(checked.text, checked.spans, checked.support, "supported")
                    elif self._reader.strict:
                        self._notice("left_out")
                    else:
                        yield self._wrote(checked.text, (), 0.0, "unsupported")
            except ModelUnavailable:
                self._notice("interrupted" if self.sentences else "model_unavailable")
        if all(sentence.verdict == "unsupported" for sentence in self.sentences):
            self.written_by = QUOTES
            for part in parts:
                yield from self._quote(part)

    def _check(self, text: str, hits: Sequence[Hit]) -> Checked:
        """Check a model's sentence against what was found for it, and for the question."""
        found = _merge([_search(text, self._reader), hits])
        sources = read_sources(found, self._reader.generation)
        return check_sentence(
            text, sources, Checker(self._reader.span_reader, self._reader.embedder)
        )

    def _quote(self, part: _Quotes) -> Iterator[Wrote]:
        """Yield a part's quotes that were not given yet, with the words that answer marked."""
        best = max(part.sentences, key=lambda quote: quote.score)
        for quote in part.sentences:
            span = quote.span
            if (span.document_id, span.start, span.end) not in self.citations:
                marked = quote.is_marked and (
                    quote is best or len(part.sentences) > 3 or part.disagree
                )
                yield self._wrote(quote.text, (span,), 1.0, "quoted", (quote.answer,) * marked)

    def _reply(self, model: Model, prompt: str) -> Iterator[str]:
        deadline, length = time.monotonic() + LONGEST_REPLY_SECONDS, 0
        for piece in model.stream(prompt):
            if piece.usage != Usage():
                self.usage = piece.usage
            length += len(piece.text)
            if length > LONGEST_REPLY or time.monotonic() > deadline:
                raise ModelUnavailable("the model did not come to an end; its answer was cut off.")
            yield piece.text

    def _wrote(
        self,
        text: str,
        spans: Sequence[Span],
        support: float,
        verdict: Verdict,
        marked: Sequence[Span] = (),
    ) -> Wrote:
        citations = tuple(self._cite(span) for span in spans)
        sentence = Sentence(
            text=text,
            citations=tuple(citation.number for citation in citations),
            verdict=verdict,
            support=support,
            marks=tuple((m.start - spans[0].start, m.end - spans[0].start) for m in marked),
        )
        self.sentences.append(sentence)
        return Wrote(sentence, citations)

    def _cite(self, span: Span) -> Citation:
        key = (span.document_id, span.start, span.end)
        if key not in self.citations:
            document = self._reader.generation.document(span.document_id)
            self.citations[key] = Citation(
                number=len(self.citations) + 1,
                span=span,
                quote=document.text[span.start : span.end],
                title=document.title,
                page=document.page_at(span.start),
                source=document.source,
                published_on=document.published_on,
            )
        return self.citations[key]

    def _notice(self, notice: Notice) -> None:
        if notice not in self.notices:
            self.notices.append(notice)


def make_prompt(question: str, hits: Sequence[Hit]) -> str:
    """Return the prompt: instructions, numbered passages between delimiters, the question last."""
    passages = "\n\n".join(
        f"<<<passage {number} from {hit.title}\n{hit.passage.text}\nend of passage {number}>>>"
        for number, hit in enumerate(hits[:PROMPT_PASSAGES], start=1)
    )
    parts = {"{question}": question, "{passages}": passages}
    template = _PROMPT.read_text(encoding="utf-8")
    return re.sub(r"\{(?:question|passages)\}", lambda match: parts[match.group()], template)


class _Clock:
    """Seconds of each stage, and in all so far."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._started = self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.laps |= {stage: round(now - self._last, 4), "total": round(now - self._started, 4)}
        self._last = now
