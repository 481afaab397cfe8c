"""One question to one cited answer, from top to bottom. Does not know who shows it.

question -> standalone question -> hits -> enough evidence? -> write -> check -> Answer
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from threading import Event as StopEvent

from chatbot.answer import Answer, Event, Finished, Retrieved, Started, Turn, Usage, Wrote
from chatbot.check import (
    Checked,
    Checker,
    check_sentence,
    read_sources,
    split_stream,
    whole_characters,
    without_thoughts,
)
from chatbot.draft import Draft
from chatbot.errors import ModelUnavailable
from chatbot.evidence import Candidate, find_candidates
from chatbot.models import QUOTES, Model, ModelSettings
from chatbot.parts import split_question
from chatbot.prompt import ABSTAINS, Prompt, make_prompt
from chatbot.question import Question, check_length, make_standalone, plain, read_question
from chatbot.quotes import find_conflict
from chatbot.reading import Reader, find_hits
from chatbot.rewrite import rewrite
from chatbot.settle import at_its_place, confidence, pick_alone, read_alone, settle_quotes
from chatbot.small_talk import small_talk
from chatbot.suggest import follow_ups, load_questions, suggestions
from corpus.document import Span
from index.gloss import in_english
from index.passage import Hit
from index.tokens import count_tokens

_ABSTAINS = re.compile(rf"\W*(?:answer:\W*)?{ABSTAINS}\b", re.IGNORECASE)
CHECK_HITS = 5
"""Found for a model's sentence, beside what was found for the question."""
MODEL_FROM = 0.2
"""Confidence from which a model is asked: it may see an answer where the reader sees none."""
OTHER_FROM = 0.3
"""Confidence from which one half of a question is answered whose other half is surely answered."""


def answer_question(question: str, history: Sequence[Turn] = (), *, reader: Reader) -> Answer:
    """Return one cited answer; WrongQuestion if the question is empty or too long."""
    *_, last = stream_answer(question, history, reader=reader)
    assert isinstance(last, Finished)
    return last.answer


def stream_answer(
    question: str, history: Sequence[Turn] = (), *, reader: Reader, stop: StopEvent | None = None
) -> Iterator[Event]:
    """Yield an answer's events as they happen: Started, Retrieved, Wrote a sentence, Finished.

    Once `stop` is set, a model that writes is left off within a second, and Stopped raised.
    """
    draft = Draft(reader.generation)
    asked = check_length(question)
    talks = small_talk(asked) is not None
    stop = stop or StopEvent()
    standalone = asked if talks else _make_whole(asked, history, reader, stop)
    model_name = reader.model.name if reader.model else QUOTES
    yield Started(question=asked, standalone_question=standalone, model=model_name)

    parts = _parts(standalone, reader)
    found = [find_hits(part, reader) for part in parts]
    hits = _merge(found)
    draft.lap("search")
    yield Retrieved(hits)

    pairs = [] if talks else list(zip(parts, found, strict=True))
    read = _settled_together(
        parts, _of_one([_read(part, of, reader) for part, of in pairs]), reader
    )
    sure = max((quotes.confidence for quotes in read), default=0.0)
    draft.lap("read")
    if any(quotes.disagree and quotes.are_sure for quotes in read):
        draft.notices.append("conflict")
    if reader.model and sure >= MODEL_FROM:
        prompt = prompt_for(standalone, hits, reader)
        yield from _ask_model(reader.model, prompt, hits, reader, draft, stop)
    if not draft.is_settled:
        yield from _quote(read, draft)
    if talks:
        draft.notices.append("greeting")
    draft.lap("write")
    yield Finished(
        Answer(
            question=asked,
            standalone_question=standalone,
            status="answered" if draft.sentences else "not_in_documents",
            sentences=tuple(draft.sentences),
            citations=tuple(draft.citations.values()),
            hits=hits,
            confidence=min((q.confidence for q in read if q.are_sure), default=sure),
            notices=tuple(dict.fromkeys(draft.notices)),
            follow_ups=_offered(
                reader, draft, hits, [*(turn.question for turn in history), standalone]
            ),
            model=draft.written_by,
            usage=draft.usage,
            seconds=draft.seconds,
            problem=draft.problem,
        )
    )


def _make_whole(question: str, history: Sequence[Turn], reader: Reader, stop: StopEvent) -> str:
    """Return a question that needs no other before it; a model is asked only of a follow-up."""
    question = plain(question)
    by_rule = make_standalone(question, history)
    if reader.model is None or by_rule == question:
        return by_rule
    return rewrite(question, history, reader.model, stop) or by_rule


def prompt_of(question: str, reader: Reader) -> Prompt:
    """Return what a model would be asked for this question, the first of a conversation."""
    events = stream_answer(question, reader=replace(reader, model=None))
    started, retrieved = next(events), next(events)
    assert isinstance(started, Started)
    assert isinstance(retrieved, Retrieved)
    return prompt_for(started.standalone_question, retrieved.hits, reader)


def _parts(question: str, reader: Reader) -> list[str]:
    """Return what is asked, each by itself, in the documents' language as far as that is known."""
    return [in_english(part, reader.generation) for part in split_question(question)]


def prompt_for(question: str, hits: Sequence[Hit], reader: Reader) -> Prompt:
    """Return what a model is asked; without one, what one with the usual room would be."""
    return make_prompt(
        question,
        hits,
        generation=reader.generation,
        context_tokens=(reader.model or ModelSettings()).context_tokens,
        count_tokens=reader.model.count_tokens if reader.model else count_tokens,
    )


def _ask_model(
    model: Model, prompt: Prompt, hits: Sequence[Hit], reader: Reader, draft: Draft, stop: StopEvent
) -> Iterator[Wrote]:
    """Yield the sentences of a model that pass the check; others are withheld, or marked.

    A model that finds nothing in the passages is believed: then nothing is written.
    """
    draft.written_by = model.name
    if prompt.dropped_count:
        draft.notices.append("shortened")
    said_something, reply = False, _reply(model, prompt, draft, stop)
    try:
        for text in map(whole_characters, split_stream(without_thoughts(reply))):
            if _ABSTAINS.match(text):
                draft.is_settled = True
                return
            said_something = True
            checked = _check(text, hits, reader)
            if checked.spans:
                draft.is_settled = True
                yield draft.write(checked.text, checked.spans, checked.support, "supported")
            elif reader.strict:
                draft.notices.append("left_out")
            else:
                yield draft.write(checked.text, (), 0.0, "unsupported")
        if not said_something:
            raise ModelUnavailable(f"the model {model.name!r} wrote no sentence")
    except ModelUnavailable as error:
        logging.getLogger(__name__).warning("%s", error)
        draft.problem = error.cause
        draft.notices.append("interrupted" if draft.sentences else "model_unavailable")


def _reply(model: Model, prompt: Prompt, draft: Draft, stop: StopEvent) -> Iterator[str]:
    for piece in model.stream(prompt.text, stop):
        if piece.usage != Usage():
            draft.usage = piece.usage
        yield piece.text


def _check(text: str, hits: Sequence[Hit], reader: Reader) -> Checked:
    """Check a model's sentence against what was found for it, and for the question."""
    found = _merge([find_hits(text, reader, CHECK_HITS), hits])
    sources = read_sources(found, reader.generation)
    return check_sentence(text, sources, Checker(reader.span_reader, reader.embedder))


def _quote(read: Sequence["_Quotes"], draft: Draft) -> Iterator[Wrote]:
    """Yield the quotes of each part that has an answer, the words that answer marked."""
    answered = [quotes for quotes in read if quotes.are_sure]
    draft.written_by = QUOTES
    if answered and len(answered) < len(read):
        draft.notices.append("partial")
    for part in answered:
        best = max(part.sentences, key=lambda quote: quote.score)
        all_answer = len(part.sentences) > 3 or part.disagree
        for quote in part.sentences:
            if quote.span not in draft.citations:
                marked = quote.is_marked and (quote is best or all_answer)
                yield draft.write(
                    quote.text, (quote.span,), 1.0, "quoted", (quote.answer,) * marked
                )


def _offered(
    reader: Reader, draft: Draft, hits: Sequence[Hit], asked: Sequence[str]
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


def _merge(found: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Take the hits of several questions in turn, each passage once, and rank them anew."""
    in_turn = [hit for hits in zip_longest(*found) for hit in hits if hit is not None]
    once = {hit.passage.id: hit for hit in reversed(in_turn)}
    order = dict.fromkeys(hit.passage.id for hit in in_turn)
    return tuple(replace(once[id_], rank=rank) for rank, id_ in enumerate(order, start=1))


def _of_one(read: list["_Quotes"]) -> list["_Quotes"]:
    """Where one half of a question is surely answered, let the other be from less."""
    is_sure = any(quotes.are_sure for quotes in read)
    return [
        replace(q, are_sure=q.are_sure or (is_sure and q.confidence >= OTHER_FROM)) for q in read
    ]


def _settled_together(
    parts: Sequence[str], read: list["_Quotes"], reader: Reader
) -> list["_Quotes"]:
    """Of several parts keep the quotes picked again where nothing but the quotes of all stands."""
    while len(read) > 1 and not any(quotes.disagree and quotes.are_sure for quotes in read):
        shown = {q.span: q for quotes in read if quotes.are_sure for q in quotes.sentences}
        if not shown:
            break
        both = zip(parts, read, strict=True)
        again = _of_one([_read_among(p, shown, reader) if q.are_sure else q for p, q in both])
        if {q.span for quotes in again if quotes.are_sure for q in quotes.sentences} == {*shown}:
            return again
        read = again
    return read


def _read_among(question: str, shown: dict[Span, Candidate], reader: Reader) -> _Quotes:
    """Read these sentences alone for those to quote."""
    asked = read_question(question)
    pairs = pick_alone(asked, list(shown.values()), reader)
    sure = confidence(asked, [found for _, found in pairs], reader)
    return _Quotes(
        sentences=tuple(at_its_place(found, quote) for quote, found in pairs),
        confidence=sure,
        are_sure=bool(pairs) and sure >= reader.weights.threshold,
    )


def _read(question: str, hits: Sequence[Hit], reader: Reader) -> _Quotes:
    """Read the best hits for the sentences to quote."""
    asked = read_question(question)
    candidates = find_candidates(asked, hits, reader)
    quotes, alone = settle_quotes(asked, candidates, reader)
    sure = confidence(asked, alone, reader)
    pair = _disagreeing(asked, candidates, quotes, reader) if quotes else ()
    return _Quotes(
        sentences=pair or tuple(quotes),
        confidence=sure,
        are_sure=bool(quotes) and sure >= reader.weights.threshold,
        disagree=bool(pair),
    )


def _disagreeing(
    asked: Question, candidates: Sequence[Candidate], quotes: Sequence[Candidate], reader: Reader
) -> tuple[Candidate, ...]:
    """Return the best quote and what another document says against it, newest first, or nothing.

    They must be found to disagree where nothing else stands, too.
    """
    other = find_conflict(candidates, quotes)
    if other is None:
        return ()
    pair = [max(quotes, key=lambda quote: quote.score), other]
    alone = [found for _, found in read_alone(asked, pair, reader)]
    if not alone or find_conflict(alone, alone[:1]) is None:
        return ()
    document = reader.generation.document
    pair.sort(key=lambda q: q.span.document_id)
    pair.sort(key=lambda q: document(q.span.document_id).published_on or "", reverse=True)
    return tuple(pair)
