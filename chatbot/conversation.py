"""A conversation on the page, as it stands after each event. Does not know gradio or HTML."""

import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event as StopEvent

from pydantic import BaseModel, Field, ValidationError

from chatbot.answer import Event, Finished, Retrieved, Started, Turn, Wrote
from chatbot.errors import ModelUnavailable, ServerStops, StillLoading, Stopped, TooBusy
from chatbot.render import Exchange, Problem, count, render_exchange, words_in
from corpus.errors import FootnoteError
from index.errors import MissingIndex

Ask = Callable[[str, Sequence[Turn], StopEvent | None], Iterator[Event]]
Exchanges = tuple[Exchange, ...]

_TURNS_PASSED_ON = 4
_EXCHANGES_KEPT = 6  # gradio keeps what a page shows, unpacked; the page itself keeps the rest
_PROBLEMS: dict[type[FootnoteError], Problem] = {
    StillLoading: "loading",
    MissingIndex: "no_index",
    ModelUnavailable: "model",
    TooBusy: "busy",
    Stopped: "stopped",
    ServerStops: "lost",
}


class Context(BaseModel):
    """What the page's script says with a question: of a conversation that the server has not seen.

    `keep` is how many exchanges stay, where an earlier question is asked anew; `past` are the turns
    of a conversation opened from the browser's history, or from before a connection broke, oldest
    first.
    """

    keep: int | None = Field(default=None, ge=0)
    past: list[Turn] = Field(default=[], max_length=_TURNS_PASSED_ON)


def answer_in_steps(
    ask: Ask, question: str, turns: Sequence[Turn], stop: StopEvent, language: str
) -> Iterator[Exchange]:
    """Yield the exchange as it stands after each event; the last one is done or failed."""
    exchange = Exchange(question=question, progress=words_in(language)["searching"])
    yield exchange
    problem: Problem | None = problem_of(None)
    detail = ""
    try:
        for event in ask(question, turns, stop):
            exchange = _after(exchange, event, language)
            yield exchange
        problem = None if exchange.stage == "done" else problem
    except FootnoteError as error:
        problem = problem_of(error)
        detail = str(error) if problem in ("index", "model") else ""
    except Exception:
        logging.getLogger(__name__).exception("a question on the page could not be answered")
    if problem:
        yield failed(exchange, problem, detail)


def failed(exchange: Exchange, problem: Problem, detail: str = "") -> Exchange:
    """Return an exchange that ends here; what was written of its answer stays."""
    return replace(exchange, stage="failed", answer=None, problem=problem, detail=detail)


def problem_of(error: FootnoteError | None) -> Problem:
    """Return what went wrong; most errors of ours mean that the index cannot be used now."""
    return "broken" if error is None else _PROBLEMS.get(type(error), "index")


def turns_of(exchanges: Exchanges, past: Sequence[Turn] = ()) -> tuple[Turn, ...]:
    """Return the last turns, oldest first, as what a follow-up builds on."""
    turns = (Turn(e.question, e.said) for e in exchanges if e.stage == "done")
    return (*past, *turns)[-_TURNS_PASSED_ON:]


def settled(exchange: Exchange, language: str) -> Exchange:
    """Return what has to be kept of an exchange: 2 KB in place of 20 once it is finished."""
    if exchange.stage == "working":
        return exchange
    return Exchange(
        question=exchange.question,
        stage=exchange.stage,
        problem=exchange.problem,
        said=exchange.said,
        html=zlib.compress(render_exchange(exchange, language).encode()),
    )


def _after(exchange: Exchange, event: Event, language: str) -> Exchange:
    words = words_in(language)
    match event:
        case Started():
            return exchange
        case Retrieved(hits):
            passages = count(language, "passages", len(hits))
            return replace(exchange, progress=words["reading"].format(passages=passages))
        case Wrote(sentence, citations):
            known = {citation.number for citation in exchange.citations}
            return replace(
                exchange,
                progress=words["writing"],
                sentences=(*exchange.sentences, sentence),
                citations=exchange.citations + tuple(c for c in citations if c.number not in known),
            )
        case Finished():
            said = " ".join(sentence.text for sentence in event.answer.sentences)
            return replace(
                exchange, stage="done", answer=event.answer, answer_id=event.id, said=said
            )


def read_context(said: str) -> Context:
    """Return what the script says, or nothing where that makes no sense."""
    try:
        return Context.model_validate_json(said or "{}")
    except ValidationError:
        return Context()


def too_long(question: str) -> Exchange:
    """Return what stands under a question that is not asked for its length."""
    return failed(Exchange(question=question[:120] + "…"), "too_long", f"{len(question):,}")


def before(exchanges: Exchanges, question: str, keep: int | None) -> Exchanges:
    """Return what stays above a question: less the attempt that it repeats, or what it replaces."""
    kept = exchanges[:keep][-_EXCHANGES_KEPT:]
    if kept and kept[-1].stage == "working":  # its connection broke off
        kept = (*kept[:-1], failed(kept[-1], "lost"))
    if kept and kept[-1].stage == "failed":
        last = kept[-1]
        if last.question == question or last.problem == "too_long":
            return kept[:-1]
    return kept
