from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTIFACTS, Site
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

OFFICE = "Which office does Carlos Marroquín head?"


class Watched:
    """A page, with what it asked of other hosts and what its policy refused."""

    def __init__(self, page: Page, own: str) -> None:
        self.page = page
        self.foreign: list[str] = []
        self.refused: list[str] = []
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((own, "data:", "blob:")) else self.foreign.append(r.url)
            ),
        )
        page.on(
            "console",
            lambda m: self.refused.append(m.text) if "Content Security Policy" in m.text else None,
        )

    def ask(self, question: str) -> None:
        self.page.fill("#fn-question textarea", question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".fn-turn").last).to_have_attribute(
            "data-state", "done", timeout=30_000
        )

    def keep(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def violations(self) -> list[str]:
        found = Axe().run(
            self.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
        )
        return [violation["id"] for violation in found.response["violations"]]


@pytest.fixture(params=[1280, 360])
def watched(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    watched = Watched(context.new_page(), site.url)
    watched.page.goto(site.url)
    watched.page.wait_for_selector("#fn-opening .fn-ask")
    yield watched
    context.close()


def width(watched: Watched) -> int:
    assert watched.page.viewport_size
    return watched.page.viewport_size["width"]


def test_first_screen_says_what_it_answers_from(watched: Watched) -> None:
    expect(watched.page.locator("#fn-title")).to_contain_text("17 documents")
    suggestions = watched.page.locator("#fn-opening .fn-ask")
    expect(suggestions).to_have_count(1)  # the one that the documents don't answer is left out
    watched.keep(f"first-{width(watched)}")
    watched.page.click(".fn-settings summary")
    expect(watched.page.locator(".fn-settings")).to_contain_text("No language model is used.")
    assert watched.violations() == []
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width(watched)


def test_a_suggestion_is_asked_by_one_click(watched: Watched) -> None:
    watched.page.click("#fn-opening .fn-ask")
    expect(watched.page.locator(".fn-turn .fn-marker").first).to_be_visible(timeout=30_000)
    expect(watched.page.locator(".fn-turn")).to_contain_text("Vanda Felbab-Brown")


def test_answer_citation_and_the_exact_words(watched: Watched) -> None:
    watched.ask(OFFICE)
    quote = watched.page.locator('blockquote[data-quote="1"]').inner_text().strip("“”")
    assert "Social Fabric Reconstruction Unit" in quote
    watched.keep(f"answer-{width(watched)}")
    watched.page.locator(".fn-marker").first.click()
    expect(watched.page.locator("#fn-mark")).to_have_text(quote)
    expect(watched.page.locator("#fn-mark")).to_be_in_viewport()
    watched.keep(f"panel-{width(watched)}")
    assert watched.violations() == []
    watched.page.keyboard.press("Escape")
    expect(watched.page.locator("#fn-panel")).to_be_hidden()
    expect(watched.page.locator(".fn-marker").first).to_be_focused()
    assert watched.foreign == []
    assert watched.refused == []


def test_what_is_not_there_gets_a_card_of_its_own(watched: Watched) -> None:
    watched.ask("How tall is Mount Everest?")
    card = watched.page.locator(".fn-unknown")
    expect(card).to_contain_text("The documents don’t say")
    expect(card.locator("[data-document]")).to_have_count(3)
    watched.keep(f"unknown-{width(watched)}")
    assert watched.violations() == []


def test_small_talk_gets_no_card(watched: Watched) -> None:
    watched.ask("Hello")
    expect(watched.page.locator(".fn-turn")).to_contain_text("I answer from the documents here")
    expect(watched.page.locator(".fn-unknown")).to_have_count(0)
    expect(watched.page.locator("#fn-announcer")).to_contain_text("I answer from the documents")
    watched.page.locator(".fn-next .fn-ask").first.click()
    expect(watched.page.locator(".fn-turn .fn-marker").first).to_be_visible(timeout=30_000)
    watched.keep(f"talk-{width(watched)}")


def test_a_question_too_long_is_said_in_words(watched: Watched) -> None:
    watched.page.fill("#fn-question textarea", "why " * 12_500)
    watched.page.click("#fn-submit")
    expect(watched.page.locator(".fn-problem")).to_contain_text("2,000", timeout=30_000)


def test_the_finished_answer_is_announced_once(watched: Watched) -> None:
    watched.ask(OFFICE)
    expect(watched.page.locator("#fn-announcer")).to_contain_text("Social Fabric")


def test_a_missing_index_is_said_in_words(browser: Browser, empty_site: str) -> None:
    page = browser.new_page()
    page.goto(empty_site)
    card = page.locator(".fn-unavailable")
    expect(card).to_contain_text("No documents have been indexed yet", timeout=60_000)
    expect(page.locator("#fn-question")).to_be_hidden()
    page.screenshot(path=ARTIFACTS / "unavailable.png")
    page.close()
