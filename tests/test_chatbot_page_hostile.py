"""Nothing that a document, a model or a reader writes becomes a part of the page."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import build, listen, serving_app, wait_until_ready
from hostile import EVIL, HOSTILE
from lxml import html
from playwright.sync_api import Browser, expect
from scripted import Scripted, serving
from watched import WAIT_MS, watching

from chatbot.answer import Answer, Citation, Sentence, Usage
from chatbot.ask import answer_question
from chatbot.models import Limits, ModelSettings, load_model
from chatbot.reading import Reader
from chatbot.render import Exchange, render_conversation, render_head, render_opening
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from chatbot.suggest import KnownQuestion, store_questions
from corpus.document import Span
from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.generation import open_current
from index.split import PASSAGE_TOKENS

ELEMENTS = {
    *("div", "template", "article", "section", "header", "nav", "h1", "h2", "h3", "h4", "p"),
    *("span", "strong", "button", "ul", "ol", "li", "blockquote", "details", "summary"),
    *("dl", "dt", "dd", "a"),
}
ATTRIBUTES = {
    *("class", "type", "dir", "lang", "value", "hidden", "href", "target", "rel"),
    *("aria-label", "aria-hidden", "aria-busy"),
    *("data-state", "data-answer", "data-verdict", "data-document", "data-start", "data-end"),
    *("data-number", "data-quote", "data-ask", "data-edit", "data-copy", "data-feedback"),
    *("data-open", "data-reload"),
}
ACTIVE = (
    "img, script:not(head script), iframe, svg, object, embed, video, audio, form, base, link,"
    " style, meta, [style], [onclick], [onerror], [onload], [onfocus], [onmouseover], [ontoggle],"
    " [href]:not([href^='http://']):not([href^='https://']), [src]"
)


@pytest.fixture(scope="module")
def answer(reader: Reader) -> Answer:
    return answer_question("Who coined the term narco-peace?", reader=reader)


def exchanges(answer: Answer, text: str) -> Iterator[Exchange]:
    """Yield an exchange in each state, with the text wherever a stranger's words may stand."""
    span = Span(text, 0, 1)
    citation = Citation(
        number=1, span=span, quote=text, title=text, page=1, source=text, published_on=text
    )
    sentences = tuple(
        Sentence(text=text, citations=(1,), verdict=verdict, support=1.0, marks=((0, 3), (5, 9)))
        for verdict in ("quoted", "supported", "unsupported")
    )
    hits = tuple(
        replace(hit, title=text, passage=replace(hit.passage, text=text, span=span))
        for hit in answer.hits[:3]
    )
    full = replace(
        answer,
        question=text,
        sentences=sentences,
        citations=(citation,),
        hits=hits,
        follow_ups=(text,),
        model=text,
        usage=Usage(prompt_tokens=1),
        problem=text,
        notices=("interrupted",),
    )
    done = Exchange(question=text, stage="done", answer=full, answer_id=text, index=text)
    yield done
    yield replace(done, answer=replace(full, notices=("conflict",)))
    yield replace(done, answer=replace(full, status="not_in_documents"))
    yield Exchange(question=text, sentences=sentences, citations=(citation,), progress=text)
    yield Exchange(question=text, stage="failed", problem="model", detail=text)


def see_nothing_active(markup: str) -> None:
    for node in html.fragment_fromstring(markup, create_parent="div").iter():
        assert node.tag in ELEMENTS
        assert set(node.attrib) <= ATTRIBUTES
        href = node.get("href")
        assert href is None or href.startswith(("http://", "https://"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_prefix_of_anything_hostile_is_markup(text: str, answer: Answer) -> None:
    for end in range(1, len(text) + 1):
        states = tuple(exchanges(answer, text[:end]))
        see_nothing_active(render_conversation([states[end % len(states)]]))
    see_nothing_active(render_conversation(exchanges(answer, text)))


def test_each_exchange_is_one_line_of_raw_html(answer: Answer) -> None:
    """A blank line within would end it, and what follows would be read as Markdown."""
    for text in HOSTILE:
        states = tuple(exchanges(answer, text))
        lines = render_conversation(states).split("\n\n")
        assert [line[:15] for line in lines[:-1]] == ["<div><template>"] * len(states)
        assert not any("\n" in line for line in lines)


def test_forty_are_tried_and_the_first_screen_too() -> None:
    assert len(HOSTILE) == 40
    for text in HOSTILE:
        see_nothing_active(render_head(text, text))
        see_nothing_active(render_opening([text], text, [text]))


def test_only_a_web_address_is_a_link(answer: Answer) -> None:
    for source, is_link in (
        ("https://example.org/a?b=c", True),
        ("javascript:alert(1)", False),
        (" JaVaScRiPt:alert(1)", False),
        ("//example.org", False),
        ("data:text/html,x", False),
        ("http://[broken", False),
    ):
        cited = replace(answer.citations[0], source=source)
        shown = render_conversation(
            [Exchange(question="q", stage="done", answer=replace(answer, citations=(cited,)))]
        )
        assert ("<a " in shown) is is_link


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty documents that are hostile in their title, their text and their origin."""
    folder = tmp_path_factory.mktemp("hostile")
    for at, text in enumerate(HOSTILE):
        safe = text.encode("utf-8", "replace").decode()
        title = safe.replace("\n", " ").replace("\\", " ").replace('"', "'").replace("\x00", "")
        (folder / f"{at:02}.md").write_text(
            f'---\ntitle: "{at:02} {title[:80]}"\nsource: "javascript:alert({at})"\n---\n'
            f"The lighthouse of Larkford number {at} says {safe} to every ship that passes.\n\n"
            f"# {title}\n\n{safe}\n\nAnother line about the lighthouse.\n",
            encoding="utf-8",
        )
    return folder


@pytest.fixture(scope="module")
def script() -> Iterator[Scripted]:
    with serving("openai-compatible") as script:
        yield script


@pytest.fixture(scope="module")
def hostile_site(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, embedder: Embedder, script: Scripted
) -> Iterator[str]:
    index = tmp_path_factory.mktemp("index")
    build(load_corpus([folder]), index, embedder)
    opened = open_current(index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    known = [KnownQuestion(f"What says {text}?", "03.md", 0, 9) for text in HOSTILE[:30]]
    store_questions(opened, known)
    opened.close()
    limits = Limits(first_token_seconds=20, between_tokens_seconds=20, total_seconds=60)
    model = load_model(
        "openai-compatible:tiny", ModelSettings(base_url=script.base_url, **limits.model_dump())
    )
    service = Service(
        index=index,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        model=model,
        strict=False,
    )
    service.start()
    listener = listen()
    with serving_app(make_app(service, rules=ChatbotTable(title=HOSTILE[2])), listener):
        wait_until_ready(service)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.browser
def test_hostile_replies_and_documents_in_the_browser(
    browser: Browser, hostile_site: str, script: Scripted
) -> None:
    """A few characters at a time, as a model streams; then each document, opened and read."""
    safe = [text.encode("utf-8", "replace").decode().replace("\x00", "") for text in HOSTILE]
    said = " ".join(f"The lighthouse {at} says {text} to ships." for at, text in enumerate(safe))
    script.says(*(said[at : at + 7] for at in range(0, len(said), 7)))
    with watching(browser, hostile_site) as watched:
        page = watched.page
        title = page.title()
        page.evaluate(
            """active => { window.found = []; new MutationObserver(changes => {
              for (const {addedNodes} of changes) for (const node of addedNodes)
                if (node instanceof Element && node.closest('#fn-page, #fn-panel, #fn-card'))
                  for (const one of [node, ...node.querySelectorAll('*')])
                    if (one.matches(active) && one.id !== 'fn-card')
                      window.found.push(one.outerHTML);
            }).observe(document.body, {childList: true, subtree: true}) }""",
            ACTIVE,
        )
        turn = watched.ask("What does the lighthouse of Larkford say?")
        expect(turn.locator(".fn-sentence").nth(20)).to_be_visible(timeout=WAIT_MS)
        watched.keep("hostile")
        watched.tool("documents").click()
        expect(page.locator(".fn-shelf li")).to_have_count(len(HOSTILE))
        for at in range(0, len(HOSTILE)):
            page.locator(".fn-shelf .fn-opener").nth(at).click()
            expect(page.locator(".fn-document")).to_contain_text("Another line")
            page.get_by_role("button", name="All documents").click()
            expect(page.locator(".fn-shelf li")).to_have_count(len(HOSTILE))
        watched.tool("history").click()
        page.locator("#fn-panel .fn-opener").first.click()
        assert page.locator("#fn-past").locator(ACTIVE).count() == 0
        assert page.evaluate("window.found") == []
        assert page.title() == title
        assert page.locator(f"a[href^='{EVIL}']").count() == 0
