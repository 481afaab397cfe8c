"""Working with answers on the page: edit, stop, copy, save, print, say what is wrong, come back."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Site
from playwright.sync_api import Browser, expect
from watched import WAIT_MS, Watched, watching

pytestmark = pytest.mark.browser

OFFICE = "Which office does Carlos Marroquín head?"
COINED = "Who coined the term narco-peace?"
EVEREST = "How tall is Mount Everest?"


@pytest.fixture
def watched(browser: Browser, site: Site) -> Iterator[Watched]:
    with watching(browser, site.url) as watched:
        yield watched


def questions(watched: Watched) -> list[str]:
    return watched.page.locator("#fn-log .fn-asked").all_inner_texts()


def test_a_follow_up_is_one_click(watched: Watched) -> None:
    chip = watched.ask(OFFICE).locator(".fn-next .fn-chip").first
    question = chip.inner_text()
    chip.click()
    expect(watched.turn().locator(".fn-asked")).to_have_text(question)
    expect(watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
    assert questions(watched) == [OFFICE, question]


def test_an_edited_question_replaces_what_came_after(watched: Watched) -> None:
    watched.ask(COINED)
    watched.ask(EVEREST)
    first = watched.page.get_by_role("button", name=f"Edit this question: {COINED}")
    first.click()
    expect(watched.box()).to_have_value(COINED)
    expect(watched.page.locator("#fn-editing")).to_contain_text("replaces what came after")
    watched.keep("editing")
    assert watched.violations() == []
    watched.ask(OFFICE)
    assert questions(watched) == [OFFICE]
    expect(watched.page.locator("#fn-editing")).to_be_hidden()


def test_editing_can_be_left_off(watched: Watched) -> None:
    watched.ask(COINED)
    watched.page.locator("[data-edit]").click()
    watched.page.get_by_role("button", name="Cancel").click()
    expect(watched.box()).to_have_value("")
    watched.ask(EVEREST)
    assert questions(watched) == [COINED, EVEREST]


def test_copied_with_sources(watched: Watched) -> None:
    turn = watched.ask(OFFICE)
    turn.locator("[data-copy]").click()
    expect(turn.locator("[data-copy]")).to_have_text("Copied")
    text = watched.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(f"{OFFICE}\n\nCarlos Marroquín is the head of")
    assert re.search(r"Social\)\.\s*\[1\]\n\n\[1\] “Carlos .*” Carlos Marroquín: .*, page 1", text)


def test_saved_as_markdown_with_footnotes(watched: Watched) -> None:
    watched.ask(OFFICE)
    watched.ask(EVEREST)
    watched.ask(COINED)
    watched.tool("export").click()
    with watched.page.expect_download() as saved:
        watched.page.get_by_role("button", name="Save as Markdown").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert saved.value.suggested_filename.endswith(".md")
    assert text.index(f"## {OFFICE}") < text.index(f"## {EVEREST}") < text.index(f"## {COINED}")
    for name in ("[^1-1]", "[^3-1]"):
        assert len(re.findall(re.escape(name), text)) == 2  # in the text, and what it stands for
    assert "*The documents don’t say.*" in text


def test_printed_with_its_footnotes_and_without_its_buttons(watched: Watched) -> None:
    watched.ask(OFFICE)
    watched.page.emulate_media(media="print")
    expect(watched.page.locator(".fn-sources blockquote")).to_be_visible()
    expect(watched.page.locator(".fn-asked")).to_be_visible()
    for hidden in ("#fn-composer", ".fn-tools", ".fn-after", ".fn-next", ".fn-edit"):
        expect(watched.page.locator(hidden)).to_be_hidden()
    watched.keep("print")


def test_feedback_is_kept_on_the_server(watched: Watched, bundled_index: Path) -> None:
    turn = watched.ask(OFFICE)
    turn.locator("[data-feedback]").click()
    dialog = watched.page.get_by_role("dialog", name="What about this answer?")
    dialog.get_by_label("It shows the wrong source").check()
    dialog.get_by_role("textbox").fill("Not this page.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    expect(watched.said()).to_have_text("Thank you, that is noted.")
    expect(turn.locator("[data-feedback]")).to_be_focused()
    with sqlite3.connect(bundled_index / "feedback.sqlite") as kept:
        rows = kept.execute("SELECT reason, question, answer_id, comment FROM feedback").fetchall()
    kept.close()
    assert ("wrong source", OFFICE, turn.get_attribute("data-answer"), "Not this page.") in rows


def test_about_this_answer(watched: Watched) -> None:
    turn = watched.ask(OFFICE)
    turn.locator(".fn-about summary").click()
    about = turn.locator(".fn-about dl").inner_text()
    assert re.search(r"10 passages", about)
    assert re.search(r"searching \d+\.\d\d s, reading .* in all \d+\.\d\d s", about)
    listed = watched.page.request.get(f"{watched.own}/api/documents").json()
    assert listed["index"] in about


def test_a_conversation_is_opened_again_and_gone_on_with(watched: Watched) -> None:
    watched.ask("Who is Carlos Marroquín?")
    watched.open()
    expect(watched.page.locator("#fn-log .fn-turn")).to_have_count(0)
    watched.tool("history").click()
    panel = watched.page.get_by_role("complementary", name="History")
    expect(panel).to_contain_text("in this browser and nowhere else")
    panel.get_by_role("button", name="Who is Carlos Marroquín?").click()
    assert questions(watched) == ["Who is Carlos Marroquín?"]
    watched.keep("reopened")
    assert watched.violations() == []
    watched.page.locator("#fn-past .fn-marker").first.click()
    expect(watched.page.locator("#fn-mark")).to_be_in_viewport()
    watched.page.keyboard.press("Escape")
    watched.ask("Which office does he head?")  # he: the server has only the browser's word for it
    expect(watched.turn()).to_contain_text("Social Fabric")
    watched.tool("history").click()
    expect(panel.locator(".fn-shelf li")).to_have_count(1)
    expect(panel).to_contain_text("2 questions")
    panel.get_by_role("button", name="Clear the history").click()
    expect(panel).to_contain_text("Nothing here yet")
    assert watched.page.evaluate("localStorage.length") == 0


def test_a_question_of_an_opened_conversation_can_be_edited(watched: Watched) -> None:
    watched.ask(COINED)
    watched.ask(EVEREST)
    watched.open()
    watched.tool("history").click()
    watched.page.locator("#fn-panel").get_by_role("button", name=COINED).click()
    watched.page.get_by_role("button", name=f"Edit this question: {EVEREST}").click()
    watched.ask(OFFICE)
    assert questions(watched) == [COINED, OFFICE]


def test_what_the_store_holds_cannot_become_active(watched: Watched) -> None:
    """Another page of the same origin, or an extension, may have written there."""
    evil = (
        '<article class="fn-turn" data-state="done" onclick="alert(1)"><h2 class="fn-asked">'
        '<img src="https://evil.example/x.png" onerror="document.title=1"><script>alert(1)</script>'
        '<a href="javascript:document.title=1">x</a><iframe src="https://evil.example">'
        '</iframe><svg onload="document.title=1"></svg><form action="https://evil.example"></form>'
        '<p style="background:url(https://evil.example)">y</p></h2></article>'
    )
    row = {
        "id": "1",
        "when": "2026-01-01",
        "turns": [{"question": "q", "answer": "", "html": evil}],
    }
    watched.page.evaluate("row => localStorage.setItem('footnote:/', JSON.stringify([row]))", row)
    watched.tool("history").click()
    watched.page.locator("#fn-panel .fn-opener").click()
    past = watched.page.locator("#fn-past")
    expect(past.locator("h2")).to_have_text("xy")
    assert past.locator("img, script, iframe, svg, form, [style], [onclick], [href]").count() == 0


def test_a_new_conversation_is_empty_and_knows_nothing_of_the_old(watched: Watched) -> None:
    watched.ask("Who is Carlos Marroquín?")
    watched.tool("new").click()
    expect(watched.page.locator("#fn-log .fn-turn")).to_have_count(0)
    expect(watched.page.locator("#fn-opening")).to_be_visible()
    expect(watched.box()).to_be_focused()
    watched.ask(COINED)
    assert questions(watched) == [COINED]
    watched.tool("history").click()
    expect(watched.page.locator("#fn-panel .fn-shelf li")).to_have_count(2)


def test_nothing_breaks_where_the_browser_keeps_nothing(browser: Browser, site: Site) -> None:
    with watching(browser, site.url) as watched:
        watched.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
        )
        watched.open()
        watched.ask(OFFICE)
        watched.tool("history").click()
        expect(watched.page.locator("#fn-panel")).to_contain_text("Nothing here yet")
