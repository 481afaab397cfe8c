"""The page as a reader meets it: each state, light and dark, wide and narrow, looked at by axe."""

from collections.abc import Iterator

import pytest
from conftest import Site
from playwright.sync_api import Browser, expect
from watched import WAIT_MS, Watched, watching

pytestmark = pytest.mark.browser

OFFICE = "Which office does Carlos Marroquín head?"
QUOTED = "Social Fabric Reconstruction Unit"
WALKS = [(width, scheme) for width in (1280, 768, 360) for scheme in ("light", "dark")]


@pytest.fixture(params=WALKS, ids=lambda walk: f"{walk[0]}-{walk[1]}")
def walk(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    width, scheme = request.param
    size = {"width": width, "height": 800}
    with watching(browser, site.url, viewport=size, color_scheme=scheme) as watched:
        watched.name = f"{width}-{scheme}"  # type: ignore[attr-defined]
        yield watched


@pytest.fixture
def watched(browser: Browser, site: Site) -> Iterator[Watched]:
    with watching(browser, site.url) as watched:
        yield watched


def see(watched: Watched, state: str) -> None:
    """Keep a picture, and hold that nothing is wrong with what it shows."""
    watched.keep(f"{state}-{watched.name}")  # type: ignore[attr-defined]
    if not watched.name.startswith("768"):  # type: ignore[attr-defined]
        assert watched.violations() == []  # at 768 everything is as at 360, with more room
    assert watched.overflows() == 0


def test_every_state_of_the_page(walk: Watched) -> None:
    page = walk.page
    expect(page.locator(".fn-scope")).to_contain_text("17 documents, indexed")
    expect(page.locator("#fn-opening .fn-ask")).to_have_count(1)  # the other has no answer
    page.click(".fn-settings summary")
    expect(page.locator(".fn-settings")).to_contain_text("No language model is used.")
    see(walk, "first")

    walk.ask(OFFICE)
    page.click(".fn-about summary")
    see(walk, "answer")
    page.locator(".fn-marker").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(QUOTED)
    see(walk, "card")
    page.locator(".fn-marker").first.click()
    expect(page.locator("#fn-mark")).to_be_in_viewport()
    page.click(".fn-outlines summary")
    see(walk, "source")
    page.keyboard.press("Escape")

    walk.ask("How tall is Mount Everest?")
    see(walk, "unknown")
    walk.tool("documents").click()
    page.wait_for_selector(".fn-shelf li")
    see(walk, "documents")
    page.keyboard.press("Escape")
    walk.tool("history").click()
    see(walk, "history")
    page.keyboard.press("Escape")
    walk.tool("export").click()
    see(walk, "export")
    page.keyboard.press("Escape")
    page.locator("[data-feedback]").last.click()
    see(walk, "feedback")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    see(walk, "keys")


def test_first_paint_is_quick_and_needs_no_other_host(watched: Watched) -> None:
    watched.open()  # as whoever comes back
    first = watched.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    assert first < 1000


def test_a_suggestion_is_asked_by_one_click(watched: Watched) -> None:
    watched.page.click("#fn-opening .fn-ask")
    expect(watched.turn().locator(".fn-marker").first).to_be_visible(timeout=WAIT_MS)
    expect(watched.turn()).to_contain_text("Vanda Felbab-Brown")
    expect(watched.turn().locator("strong").first).to_contain_text("Vanda Felbab-Brown")


def test_a_footnote_opens_the_document_at_the_exact_words(watched: Watched) -> None:
    turn = watched.ask(OFFICE)
    quote = turn.locator('blockquote[data-quote="1"]').inner_text().strip("“”")
    assert QUOTED in quote
    marker = turn.get_by_role("button", name="Footnote 1: “")
    marker.click()
    panel = watched.page.get_by_role("complementary", name="Source")
    expect(panel.locator("mark")).to_have_text(quote)
    expect(panel.locator("mark")).to_be_in_viewport()
    expect(panel).to_contain_text("page 1")
    watched.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(marker).to_be_focused()


def test_what_was_read_and_not_cited_stands_apart(watched: Watched) -> None:
    turn = watched.ask(OFFICE)
    apart = turn.locator(".fn-consulted")
    expect(apart.locator("summary")).to_contain_text("not cited")
    apart.locator("summary").click()
    cited = turn.locator(".fn-sources .fn-opener").all_inner_texts()
    assert not set(cited) & set(apart.locator(".fn-opener").all_inner_texts())
    expect(turn.locator(".fn-verdicts")).to_have_text("Quoted word for word")


def test_what_is_not_there_gets_a_card_with_questions_that_are(watched: Watched) -> None:
    card = watched.ask("How tall is Mount Everest?").locator(".fn-unknown")
    expect(card).to_contain_text("The documents don’t say")
    expect(card.locator("[data-document]")).to_have_count(3)
    card.locator("[data-ask]").first.click()
    expect(watched.turn().locator(".fn-marker").first).to_be_visible(timeout=WAIT_MS)


def test_small_talk_gets_no_card(watched: Watched) -> None:
    turn = watched.ask("Hello")
    expect(turn).to_contain_text("I answer from the documents here")
    expect(turn.locator(".fn-card")).to_have_count(0)
    expect(watched.said()).to_contain_text("I answer from the documents")
    turn.locator(".fn-next [data-ask]").first.click()
    expect(watched.turn().locator(".fn-marker").first).to_be_visible(timeout=WAIT_MS)


def test_a_question_too_long_is_said_in_words(watched: Watched) -> None:
    watched.type("why " * 600)
    expect(watched.page.locator(".fn-problem")).to_contain_text("2,000", timeout=WAIT_MS)
    assert len(watched.box().input_value()) == 2400


def test_what_is_asked_by_mouse_is_sent_once(watched: Watched) -> None:
    sent: list[str] = []
    watched.page.on("request", lambda r: sent.append(r.url) if "queue/join" in r.url else None)
    watched.box().fill("why " * 600)  # refused, so that it stays in the box
    watched.page.locator("#fn-submit").click()
    expect(watched.turn()).to_have_attribute("data-state", "failed", timeout=WAIT_MS)
    watched.page.wait_for_timeout(800)
    assert len(sent) == 1


def test_the_documents_can_be_searched_and_read(watched: Watched) -> None:
    watched.tool("documents").click()
    panel = watched.page.get_by_role("complementary", name="Documents")
    expect(panel.locator(".fn-shelf li")).to_have_count(17)
    panel.get_by_role("searchbox").fill("marroquin")
    expect(panel.locator(".fn-shelf li")).to_have_count(1)
    panel.locator(".fn-opener").click()
    opened = watched.page.get_by_role("complementary", name="Source")
    expect(opened.locator(".fn-page-start")).to_have_text(["page 1", "page 2", "page 3"])
    opened.locator(".fn-outlines summary").click()
    last = opened.locator(".fn-outline").last
    last.click()
    heading = opened.locator(".fn-document [data-at]").last
    expect(heading).to_have_text(last.inner_text())
    expect(heading).to_be_in_viewport()
    opened.get_by_role("button", name="All documents").click()
    expect(panel.get_by_role("searchbox")).to_have_value("marroquin")


def test_the_interface_is_spanish_for_who_reads_spanish(browser: Browser, site: Site) -> None:
    with watching(browser, site.url, locale="es-MX") as watched:
        expect(watched.page.locator("html")).to_have_attribute("lang", "es")
        expect(watched.page.get_by_role("textbox", name="Su pregunta")).to_be_visible()
        expect(watched.page.locator("#fn-submit")).to_have_text("Preguntar")
        expect(watched.page.locator(".fn-scope")).to_contain_text("17 documentos; índice hecho")
        turn = watched.ask(OFFICE)
        expect(turn.locator(".fn-verdicts")).to_have_text("Citado palabra por palabra")
        watched.tool("history").click()
        expect(watched.page.get_by_role("complementary", name="Historial")).to_contain_text(
            "1 pregunta"
        )
        watched.keep("spanish")
    with watching(browser, site.url, locale="fr-FR") as watched:
        expect(watched.page.locator("#fn-submit")).to_have_text("Ask")


def test_a_missing_index_is_said_in_words(browser: Browser, empty_site: str) -> None:
    with watching(browser, empty_site) as watched:
        card = watched.page.locator(".fn-unavailable")
        expect(card).to_contain_text("No documents have been indexed yet", timeout=60_000)
        expect(watched.box()).to_be_hidden()
        watched.keep("unavailable")
        assert watched.violations() == []
