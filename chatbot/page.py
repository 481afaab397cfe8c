"""The chat page: gradio's blocks, mounted on an app of ours. Does not know how answers come about.

The only file that knows gradio. Its HTML component evaluates templates, which our content security
policy forbids; its Markdown component passes raw HTML through, so that one carries the conversation
and static/log.js shows it.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from chatbot import conversation, render
from chatbot.background import Background
from chatbot.conversation import Exchanges, problem_of, settled
from chatbot.question import LONGEST_QUESTION
from chatbot.render import LANGUAGES, Exchange, words_in
from chatbot.service import Service
from corpus.errors import FootnoteError

MOST_ON_PAGES = 128
"""What gradio may have in hand at once; beyond that it refuses."""
_STATIC = Path(__file__).parent / "static"
_STYLES = ("page", "turn", "panel")
_SCRIPTS = "dom turn log panel source card shelf history work trouble line keys".split()
"""Joined in this order into one script: inline is what gradio's head takes."""
_ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>"
    "<rect width='32' height='32' rx='6' fill='#1d4f7c'/><text x='7' y='25' "
    "font-family='Georgia,serif' font-size='24' fill='#fff'>F</text></svg>"
)
_ICON_AT = {"src": "favicon.ico", "sizes": "any", "type": "image/svg+xml"}


Tips = Callable[[], Sequence[str]]


def mount_page(
    app: FastAPI, service: Service, background: Background, *, title: str, tips: Tips
) -> None:
    """Mount the chat page at the root; `tips` are asked for once, when it is first opened."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"  # it would remember 10,000 that nobody sees
    import gradio as gr

    # What browsers and gradio's page ask for unbidden, in place of gradio's own.
    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return Response(_ICON, media_type="image/svg+xml")

    @app.get("/manifest.json", include_in_schema=False)
    def manifest() -> JSONResponse:
        return JSONResponse({"name": "Footnote", "icons": [_ICON_AT]})

    said = {language: words_in(language) for language in LANGUAGES}
    labels = ("your_question", "placeholder", "ask", "stop")
    i18n = gr.I18n(**{at: {label: said[at][label] for label in labels} for at in LANGUAGES})
    gr.mount_gradio_app(
        app,
        _lay_out(service, background, _opener(service, title, cache(tips)), i18n),
        path="/",
        theme=_theme(),
        head=_head(said),
        i18n=i18n,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        allowed_paths=[],
        max_file_size="1kb",
        ssr_mode=False,
        app_kwargs={"docs_url": None, "openapi_url": None},
    )


def _head(said: dict[str, dict[str, Any]]) -> str:
    """Return icon, styles and script; words are data in it, so that none of them can be markup."""
    styles = "\n".join((_STATIC / f"{name}.css").read_text("utf-8") for name in _STYLES)
    scripts = "\n".join((_STATIC / f"{name}.js").read_text("utf-8") for name in _SCRIPTS)
    words = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
    script = f'(() => {{\n"use strict";\nconst SAID = {words};\n{scripts}\n}})();'
    icon = '<link rel="icon" type="image/svg+xml" href="favicon.ico">'
    return f"{icon}<style>{styles}</style><script>{script}</script>"


def _lay_out(
    service: Service,
    background: Background,
    opener: Callable[..., tuple[str, str]],
    i18n: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    import gradio as gr

    def stop(exchanges: Exchanges, request: gr.Request) -> tuple[Any, ...]:
        if not exchanges or exchanges[-1].stage != "working":
            return gr.skip(), gr.skip(), gr.skip()
        language, stopped = _language(request), conversation.failed(exchanges[-1], "stopped")
        now = (*exchanges[:-1], settled(stopped, language))
        return render.render_conversation(now, language), now, gr.skip()

    def leave(request: gr.Request) -> None:  # gradio lets an answer that waits go on
        open_pages.discard(str(request.session_hash))

    raw: dict[str, Any] = {"sanitize_html": False, "latex_delimiters": []}
    with gr.Blocks(title="Footnote", analytics_enabled=False, fill_width=True) as blocks:
        exchanges = gr.State(())
        open_pages: set[str] = set()
        with gr.Column(elem_id="fn-page"):
            blank = f'<div class="fn-blank">{render.render_head("Footnote", "")}</div>'
            head = gr.Markdown(blank, elem_id="fn-title", **raw)
            feed = gr.Markdown("", elem_id="fn-feed", **raw)
            gr.Markdown('<div id="fn-log"></div>', elem_id="fn-conversation", **raw)
            with gr.Row(elem_id="fn-composer"):
                box = gr.Textbox(
                    label=i18n("your_question"),
                    placeholder=i18n("placeholder"),
                    lines=1,
                    max_lines=8,
                    container=True,
                    elem_id="fn-question",
                )
                submit = gr.Button(i18n("ask"), elem_id="fn-submit", variant="primary")
                halt = gr.Button(i18n("stop"), elem_id="fn-stop")
            opening = gr.Markdown("", elem_id="fn-opening", **raw)
            with gr.Row(elem_id="fn-hidden"):
                context = gr.Textbox("{}", elem_id="fn-context", container=False)
                fresh = gr.Button("", elem_id="fn-fresh")

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [feed, exchanges, box]
        answering = gr.on(
            [submit.click, box.submit],
            _answerer(service, background, open_pages),
            [box, context, exchanges],
            shown,
            **quiet,
        )
        halt.click(stop, [exchanges], shown, cancels=[answering], **quiet)
        fresh.click(lambda: ("", (), ""), None, shown, cancels=[answering], **quiet)
        blocks.load(opener, None, [head, opening], **quiet)
        blocks.unload(leave)
    # How many are answered at once, and how many may wait, `background` decides.
    blocks.queue(default_concurrency_limit=MOST_ON_PAGES, max_size=MOST_ON_PAGES)
    return blocks


def _answerer(
    service: Service, background: Background, open_pages: set[str]
) -> Callable[..., AsyncIterator[tuple[Any, ...]]]:
    import gradio as gr

    async def answer(
        typed: str, said: str, exchanges: Exchanges, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        question, context = (typed or "").strip(), conversation.read_context(said)
        if not question:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        language = _language(request)
        earlier = conversation.before(exchanges, question, context.keep)
        if len(question) > LONGEST_QUESTION:
            now = (*earlier, settled(conversation.too_long(question), language))
            yield render.render_conversation(now, language), now, gr.skip()
            return
        cleared: Any = ""
        page, index = str(request.session_hash), ""
        turns = conversation.turns_of(earlier, context.past)
        open_pages.add(page)

        async def is_gone() -> bool:
            return page not in open_pages

        steps = background.each(
            lambda stop: conversation.answer_in_steps(service.ask, question, turns, stop, language),
            is_gone=is_gone,
        )
        now = (*earlier, Exchange(question=question))
        try:
            async for exchange in steps:
                if exchange is None:
                    continue
                if exchange.stage == "done":
                    with suppress(FootnoteError):
                        index = (await asyncio.to_thread(service.scope)).index
                now = (*earlier, settled(replace(exchange, index=index), language))
                yield render.render_conversation(now, language), now, cleared
                cleared = gr.skip()  # what is typed meanwhile stays
        except FootnoteError as error:
            broken_off = conversation.failed(now[-1], problem_of(error))
            now = (*earlier, settled(broken_off, language))
            yield render.render_conversation(now, language), now, cleared

    return answer


def _language(request: Any) -> str:  # noqa: ANN401
    return render.language_of(request.headers.get("accept-language"))


def _opener(service: Service, title: str, tips: Tips) -> Callable[..., tuple[str, str]]:
    """Return what draws the first screen, in the language of whoever opens it."""
    import gradio as gr

    def open_page(request: gr.Request) -> tuple[str, str]:
        language = _language(request)
        problem = problem_of(None)
        try:
            service.wait()
            scope = service.scope()
            told = render.describe_scope(
                scope.document_count, scope.indexed_at, datetime.now(UTC), language
            )
            head = render.render_head(title, told, language)
            return head, render.render_opening(scope.suggestions, scope.model, tips(), language)
        except FootnoteError as error:
            problem = problem_of(error)
        except Exception:
            logging.getLogger(__name__).exception("the page could not describe itself")
        reason = words_in(language)["problems"][problem]
        head = render.render_head("Footnote", "", language)
        return head, render.render_unavailable(reason, language)

    return open_page


def _theme() -> Any:  # noqa: ANN401
    import gradio as gr

    sans = ["system-ui", "sans-serif"]  # plain strings: a Font object would fetch files
    return gr.themes.Base(font=sans, font_mono=["ui-monospace", "monospace"]).set(
        body_background_fill="#fbfaf7",
        body_background_fill_dark="#17191d",
        body_text_color="#22252a",
        body_text_color_dark="#e8e6e1",
    )
