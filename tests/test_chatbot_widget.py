"""What the widget does for a reader, in a page of another site under the strictest policy."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ARTIFACTS, Site, bare_page, listen, serving_app, wait_until_ready
from embedded import Embedded, embedding
from playwright.sync_api import Browser, expect
from watched import WAIT_MS

from chatbot.feedback import FILE
from chatbot.models import ModelSettings, load_model
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

pytestmark = pytest.mark.browser

INLINE = "<h1>A page</h1><footnote-chat></footnote-chat>"
OFFICE = "Which office does Carlos Marroquín head?"
TWO_SOURCES = "How many homicides were there in 2015?"


@pytest.fixture(params=[1280, 360])
def embedded(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Embedded]:
    """A page that holds the widget's tag, wide and on a phone."""
    size = {"width": request.param, "height": 760}
    with embedding(browser, site.host_page, site.url, viewport=size) as there:
        yield there


def test_every_feature_works_under_the_strictest_policy(  # noqa: PLR0915 (one walk)
    embedded: Embedded, bundled_index: Path
) -> None:
    page = embedded.page
    width = page.viewport_size["width"] if page.viewport_size else 0
    before = len(embedded.urls)
    embedded.open()
    expect(embedded.part("suggested").get_by_role("button").first).to_be_visible()
    embedded.keep(f"widget-{width}-open")
    assert [url.rpartition("/")[2] for url in embedded.urls[before:]] == ["suggestions"]

    turn = embedded.ask(TWO_SOURCES)
    first = turn.get_by_role("button", name="Footnote 1: “").first
    first.hover()
    card = embedded.part("card")
    expect(card).to_contain_text("Quoted word for word")
    embedded.keep(f"widget-{width}-answer")
    first.click()
    expect(card).to_be_hidden()
    mark = embedded.part("text").locator("mark")
    expect(mark).to_be_in_viewport()
    seen = mark.inner_text()
    expect(embedded.part("count")).to_have_text("Footnote 1 · 1 of 2")
    page.get_by_role("button", name="Next").click()
    expect(embedded.part("count")).to_have_text("Footnote 2 · 2 of 2")
    expect(mark).not_to_have_text(seen)
    expect(embedded.part("source-title")).to_be_focused()  # there is no next one after the last
    page.get_by_role("button", name="Previous").click()
    expect(mark).to_have_text(seen)
    embedded.keep(f"widget-{width}-source")
    page.get_by_role("button", name="Back").click()
    expect(first).to_be_focused()

    turn.get_by_role("button", name="No", exact=True).click()
    turn.get_by_role("button", name="It is incomplete").click()
    expect(turn.get_by_text("Thank you, that is noted.")).to_be_focused()
    with closing(sqlite3.connect(bundled_index / FILE)) as file:
        said = file.execute("SELECT question, reason FROM feedback ORDER BY time").fetchall()
    assert said[-1] == (TWO_SOURCES, "incomplete")

    embedded.ask(OFFICE).locator('[part="next"] button').first.click()
    expect(embedded.part("turn")).to_have_count(3)
    expect(embedded.part("turn").last).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)
    page.get_by_role("button", name="New conversation").click()
    expect(embedded.part("turn")).to_have_count(0)
    expect(embedded.part("suggested")).to_be_visible()
    expect(embedded.part("input")).to_be_focused()
    embedded.part("suggested").get_by_role("button").first.click()
    expect(embedded.part("marker").first).to_be_visible(timeout=WAIT_MS)
    assert embedded.refused == []


def test_what_is_not_there_is_said_with_what_is(embedded: Embedded) -> None:
    embedded.open()
    turn = embedded.ask("Which colour does Carlos Marroquín like best?")
    expect(turn.get_by_text("The documents don’t say.")).to_be_visible()
    expect(turn.locator('[part="nearest"] > li')).to_have_count(3)
    width = (embedded.page.viewport_size or {"width": 0})["width"]
    embedded.keep(f"widget-{width}-silent")
    turn.locator('[part="nearest"] button').first.click()
    expect(embedded.part("count")).to_have_text("Passage · 1 of 3")
    expect(embedded.part("text").locator("mark").first).to_be_in_viewport()
    embedded.page.get_by_role("button", name="Back").click()
    turn.locator('[part="answerable"] button').first.click()
    expect(embedded.part("marker").first).to_be_visible(timeout=WAIT_MS)


def test_small_talk_is_answered_and_a_question_offered(embedded: Embedded) -> None:
    embedded.open()
    turn = embedded.ask("hi")
    expect(turn.get_by_text("I answer from the documents here")).to_be_visible()
    expect(turn.get_by_text("The documents don")).to_have_count(0)
    turn.locator('[part="next"] button').first.click()
    expect(embedded.part("marker").first).to_be_visible(timeout=WAIT_MS)


def test_chat_stands_in_the_page_and_asks_nothing_until_it_is_turned_to(
    browser: Browser, site: Site
) -> None:
    with embedding(browser, site.host_page, site.url, body=INLINE, kind="footnote-chat") as there:
        there.page.wait_for_timeout(300)
        assert [url for url in there.urls if "/api/" in url] == []
        expect(there.page.locator("footnote-widget")).to_have_count(0)
        there.part("input").focus()
        expect(there.part("suggested")).to_be_visible()
        turn = there.ask(OFFICE)
        turn.get_by_role("button", name="Footnote 1").click()
        expect(there.part("text").locator("mark")).to_be_in_viewport()
        there.keep("widget-inline")
        there.page.keyboard.press("Escape")
        expect(there.part("text")).to_have_count(0)


def test_embed_shows_both_and_the_tag(browser: Browser, site: Site) -> None:
    refused: list[str] = []
    for width, language, title in ((1280, "es-SV", "en su sitio"), (360, "en", "in your site")):
        context = browser.new_context(
            viewport={"width": width, "height": 760}, locale=language, color_scheme="light"
        )
        page = context.new_page()
        page.on("console", lambda m: refused.append(m.text))
        page.goto(f"{site.url}/embed")
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.locator("pre").first).to_contain_text('integrity="sha384-')
        expect(page.locator('footnote-widget [part~="launcher"]')).to_be_visible()
        box = page.locator('footnote-chat [part="input"]')
        box.fill(OFFICE)
        box.press("Enter")
        marker = page.locator('footnote-chat [part="marker"]').first
        expect(marker).to_be_visible(timeout=WAIT_MS)
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"embed-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert refused == []
        context.close()


@pytest.fixture
def site_without_its_model(bundled_index: Path) -> Iterator[tuple[str, str]]:
    """A page of another origin, whose bot has a model that nobody serves."""
    bot, host = listen(), listen()
    bot_url, host_url = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (bot, host))
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1")
    service = Service(
        index=bundled_index,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        model=load_model("openai-compatible:gone", settings),
    )
    service.start()
    app = make_app(service, rules=ChatbotTable(allowed_origins=[host_url]))
    with serving_app(app, bot), serving_app(bare_page(bot_url), host):
        wait_until_ready(service)
        yield bot_url, host_url


def test_why_no_model_wrote_is_said(
    browser: Browser, site_without_its_model: tuple[str, str]
) -> None:
    bot, host = site_without_its_model
    with embedding(browser, host, bot, viewport={"width": 360, "height": 760}) as there:
        there.open()
        turn = there.ask("Who coined the term narco-peace?")
        expect(turn.get_by_text("cannot be reached. These are quotes")).to_be_visible()
        expect(turn.get_by_role("button", name="Footnote 1").first).to_be_visible()


def test_a_site_that_is_not_on_the_list_is_told_how_to_be(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.goto(site.host_page.replace("127.0.0.1", "localhost"))
    page.locator('[part~="launcher"]').click()
    told = page.get_by_text("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS")
    expect(told).to_be_visible(timeout=WAIT_MS)  # on opening, before anything is asked
    page.get_by_role("textbox").fill("Who coined the term narco-peace?")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator("article").get_by_text("FOOTNOTE_CHATBOT_ALLOWED")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.close()
