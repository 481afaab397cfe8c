"""The chat page: gradio's blocks, mounted on an app of ours. Does not know how answers come about.

The only file that knows gradio. Its HTML component evaluates templates, which our content security
policy forbids; its Markdown component passes raw HTML through, so that one shows the conversation.
"""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as StopEvent
from typing import Any

from fastapi import FastAPI

from chatbot import render
from chatbot.answer import Event, Finished, Retrieved, Started, Turn, Wrote
from chatbot.background import Background
from chatbot.render import Exchange
from corpus.errors import FootnoteError

Ask = Callable[[str, Sequence[Turn], StopEvent | None], Iterator[Event]]
Exchanges = tuple[Exchange, ...]

MOST_CHARACTERS = 2000
_TURNS_PASSED_ON = 4
_EXCHANGES_KEPT = 30
_WENT_WRONG = "Something went wrong on our side; ask again."
_STATIC = Path(__file__).parent / "static"
_ICON = (
    '<link rel="icon" href="data:image/svg+xml,'
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='6' fill='%231d4f7c'/%3E%3Ctext x='7' y='25' "
    "font-family='Georgia,serif' font-size='24' fill='%23fff'%3EF%3C/text%3E%3C/svg%3E\">"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What the first screen says; `indexed_at` is in UTC."""

    title: str
    document_count: int
    indexed_at: datetime
    suggestions: tuple[str, ...]
    model: str
    tips: tuple[str, ...]


def mount_page(
    app: FastAPI,
    *,
    ask: Ask,
    describe: Callable[[], PageText | str],
    background: Background,
    path: str = "/",
) -> None:
    """Mount the chat page at `path`; `describe` is called at each page load.

    A `str` from `describe` is the sentence that says why no question can be asked now.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    css = (_STATIC / "page.css").read_text(encoding="utf-8")
    script = (_STATIC / "page.js").read_text(encoding="utf-8")
    gr.mount_gradio_app(
        app,
        _lay_out(ask, describe, background),
        path=path,
        theme=_theme(),
        head=f"{_ICON}<style>{css}</style><script>{script}</script>",
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        allowed_paths=[],
        max_file_size="1kb",
        ssr_mode=False,
        app_kwargs={"docs_url": None, "openapi_url": None},
    )


def answer_in_steps(
    ask: Ask, question: str, earlier: Exchanges, stop: StopEvent | None = None
) -> Iterator[Exchange]:
    """Yield the exchange as it stands after each event; the last one is done or failed."""
    exchange = Exchange(question=question, progress="Searching the documents…")
    yield exchange
    try:
        for event in ask(question, turns_of(earlier), stop):
            exchange = _after(exchange, event)
            yield exchange
        problem = "" if exchange.stage == "done" else _WENT_WRONG
    except FootnoteError as error:
        problem = str(error)
    except Exception:
        logging.getLogger(__name__).exception("a question on the page could not be answered")
        problem = _WENT_WRONG
    if problem:
        yield replace(exchange, stage="failed", answer=None, problem=problem)


def turns_of(exchanges: Exchanges) -> tuple[Turn, ...]:
    """Return the last finished exchanges, oldest first, as the turns a follow-up builds on."""
    finished = [(e.question, e.answer) for e in exchanges if e.answer is not None]
    return tuple(
        Turn(question, " ".join(sentence.text for sentence in answer.sentences))
        for question, answer in finished[-_TURNS_PASSED_ON:]
    )


def _after(exchange: Exchange, event: Event) -> Exchange:
    match event:
        case Started():
            return exchange
        case Retrieved(hits):
            count = len(hits)
            passages = "1 passage" if count == 1 else f"{count} passages"
            return replace(exchange, progress=f"Reading {passages}…")
        case Wrote(sentence, citations):
            known = {citation.number for citation in exchange.citations}
            return replace(
                exchange,
                progress="Writing…",
                sentences=(*exchange.sentences, sentence),
                citations=exchange.citations + tuple(c for c in citations if c.number not in known),
            )
        case Finished(answer):
            return replace(exchange, stage="done", answer=answer)


def _lay_out(ask: Ask, describe: Callable[[], PageText | str], background: Background) -> Any:  # noqa: ANN401
    import gradio as gr

    raw: dict[str, Any] = {"sanitize_html": False, "latex_delimiters": []}
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as blocks:
        exchanges = gr.State(())
        open_pages: set[str] = set()
        with gr.Column(elem_id="fn-page"):
            with gr.Row(elem_id="fn-top"):
                head = gr.Markdown(render.render_head("Footnote", ""), elem_id="fn-title", **raw)
                fresh = gr.Button("New conversation", elem_id="fn-new", size="sm")
            conversation = gr.Markdown("", elem_id="fn-conversation", **raw)
            with gr.Row(elem_id="fn-composer"):
                box = gr.Textbox(
                    label="Your question",
                    placeholder="What would you like to know?",
                    lines=1,
                    max_lines=8,
                    container=True,
                    elem_id="fn-question",
                )
                submit = gr.Button("Ask", elem_id="fn-submit", variant="primary")
                stop = gr.Button("Stop", elem_id="fn-stop")
            opening = gr.Markdown("", elem_id="fn-opening", **raw)

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [conversation, exchanges, box]
        answering = gr.on(
            [submit.click, box.submit],
            _answerer(ask, background, open_pages),
            [box, exchanges],
            shown,
            **quiet,
        )
        stop.click(_stopped, exchanges, shown, cancels=[answering], **quiet)
        fresh.click(lambda: ("", (), ""), None, shown, cancels=[answering], **quiet)
        blocks.load(lambda: _first_screen(describe), None, [head, opening], **quiet)
        blocks.unload(_leaver(open_pages))
    blocks.queue(default_concurrency_limit=8, max_size=64)
    return blocks


def _leaver(open_pages: set[str]) -> Callable[..., None]:
    """Return what notes that a page was closed: gradio lets an answer that waits go on."""
    import gradio as gr

    def leave(request: gr.Request) -> None:
        open_pages.discard(str(request.session_hash))

    return leave


def _answerer(
    ask: Ask, background: Background, open_pages: set[str]
) -> Callable[..., AsyncIterator[tuple[Any, ...]]]:
    import gradio as gr

    async def answer(
        typed: str, exchanges: Exchanges, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        question = (typed or "").strip()
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        if len(question) > MOST_CHARACTERS:
            exchanges = (*exchanges, _too_long(question))
            yield render.render_conversation(exchanges), exchanges, gr.skip()
            return
        earlier = _without_failed(exchanges, question)[-_EXCHANGES_KEPT:]
        cleared: Any = ""
        page = str(request.session_hash)
        open_pages.add(page)

        async def is_gone() -> bool:
            return page not in open_pages

        steps = background.each(
            lambda stop: answer_in_steps(ask, question, earlier, stop), is_gone=is_gone
        )
        async for exchange in steps:
            if exchange is None:
                continue
            now = (*earlier, exchange)
            yield render.render_conversation(now), now, cleared
            cleared = gr.skip()  # what is typed meanwhile stays

    return answer


def _too_long(question: str) -> Exchange:
    return Exchange(
        question=question[:120] + "…",
        stage="failed",
        problem=f"That question has {len(question):,} characters, and {MOST_CHARACTERS:,} is the "
        "most; shorten it in the box below and ask again.",
        can_retry=False,
    )


def _without_failed(exchanges: Exchanges, question: str) -> Exchanges:
    """Drop the attempt that a reader now repeats, or whose question was too long."""
    if exchanges and exchanges[-1].stage == "failed":
        last = exchanges[-1]
        if last.question == question or not last.can_retry:
            return exchanges[:-1]
    return exchanges


def _stopped(exchanges: Exchanges) -> tuple[Any, ...]:
    import gradio as gr

    if not exchanges or exchanges[-1].stage != "working":
        return gr.skip(), gr.skip(), gr.skip()
    last = replace(exchanges[-1], stage="failed", problem="You stopped this answer.")
    now = (*exchanges[:-1], last)
    return render.render_conversation(now), now, gr.skip()


def _first_screen(describe: Callable[[], PageText | str]) -> tuple[str, str]:
    try:
        text = describe()
    except Exception:
        logging.getLogger(__name__).exception("the page could not describe itself")
        text = "Something went wrong on our side; try again in a minute."
    if isinstance(text, str):
        return render.render_head("Footnote", ""), render.render_unavailable(text)
    scope = render.describe_scope(text.document_count, text.indexed_at, datetime.now(UTC))
    return render.render_head(text.title, scope), render.render_opening(
        text.suggestions, text.model, text.tips
    )


def _theme() -> Any:  # noqa: ANN401
    import gradio as gr

    sans = ["system-ui", "sans-serif"]  # plain strings: a Font object would fetch files
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#fbfaf7",
        body_background_fill_dark="#17191d",
        body_text_color="#22252a",
        body_text_color_dark="#e8e6e1",
    )
