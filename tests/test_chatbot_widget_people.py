"""The widget for everybody: by keyboard, by ear, on a phone, without motion, without colours."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Site, bare_page, listen, serving_app
from embedded import FREE, Embedded, embedding
from playwright.sync_api import Browser, expect
from pretend_bot import QUOTES, pretend_bot

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
BODY = """<h1>A page</h1><p><button id="before">Before</button></p>
    <style>footnote-chat { --footnote-height: 500px }</style>"""
HEARD = """() => {
    window.heard = [];
    const shadow = document.querySelector("footnote-widget").shadowRoot;
    const status = shadow.querySelector("[role=status]");
    new MutationObserver(() => status.textContent && window.heard.push(status.textContent))
        .observe(status, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def pretended() -> Iterator[tuple[str, str]]:
    """A page of another site, and a bot whose answers are written down."""
    bot, host = listen(), listen()
    bot_url, host_url = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (bot, host))
    with serving_app(pretend_bot([]), bot), serving_app(bare_page(bot_url), host):
        yield host_url, bot_url


@pytest.fixture
def there(browser: Browser, pretended: tuple[str, str]) -> Iterator[Embedded]:
    with embedding(browser, *pretended, body=BODY, made=FREE) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["footnote-widget", "footnote-chat"])
def test_axe_finds_nothing(browser: Browser, site: Site, scheme: str, kind: str) -> None:
    """With the real bot's answers; axe's own script needs a page without a policy."""
    body = BODY + ("<footnote-chat></footnote-chat>" if kind == "footnote-chat" else "")
    body = body.replace(
        "<style>", "<style>:root { color-scheme: light dark } a { color: LinkText }"
    )
    how: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with embedding(browser, site.host_page, site.url, body=body, kind=kind, made=FREE, **how) as it:
        if kind == "footnote-widget":
            expect(it.part("launcher")).to_be_visible()
            assert it.violations() == []
            it.open()
        it.part("input").focus()
        expect(it.part("suggested")).to_be_visible()
        assert it.violations() == []
        turn = it.ask("Which office does Carlos Marroquín head?")
        turn.get_by_role("button", name="No", exact=True).click()
        marker = turn.get_by_role("button", name="Footnote 1").first
        marker.hover()
        expect(it.part("card")).to_be_visible()
        assert it.violations() == []
        it.keep(f"widget-{kind}-{scheme}")
        marker.click()
        expect(it.part("text").locator("mark")).to_be_in_viewport()
        assert it.violations() == []
        it.page.keyboard.press("Escape")
        it.ask("Which colour does Carlos Marroquín like best?")
        assert it.violations() == []


def test_keyboard_alone_goes_everywhere_and_comes_back(there: Embedded) -> None:
    keys = there.page.keyboard
    there.page.locator("#before").focus()
    keys.press("Tab")
    assert there.focused() == "launcher filled"
    keys.press("Enter")
    assert there.focused() == "input"
    keys.type("two")
    keys.press("Enter")
    expect(there.part("feedback")).to_be_visible()
    walk: list[str] = []
    while not walk or (walk[-1] != "input" and len(walk) < 25):
        keys.press("Shift+Tab")
        walk.append(there.focused())
        if walk[-1] == "log":
            break
    wanted = {"log", "marker", "opener", "choice", "chip"}
    assert set(walk) == wanted
    keys.press("Tab")
    assert there.focused() == "marker"
    expect(there.part("card")).to_contain_text(QUOTES[0])  # the card comes with the focus
    keys.press("Escape")
    expect(there.part("card")).to_be_hidden()
    expect(there.part("panel")).to_be_visible()
    keys.press("Enter")
    assert there.focused() == "tool back"
    keys.press("Escape")
    assert there.focused() == "marker"
    expect(there.part("card")).to_be_hidden()
    keys.press("Escape")
    expect(there.part("panel")).to_be_hidden()
    expect(there.part("launcher")).to_be_focused()


def test_escape_outside_the_chat_is_not_its_own(there: Embedded) -> None:
    there.open()
    there.page.locator("#before").focus()
    there.page.keyboard.press("Escape")
    expect(there.part("panel")).to_be_visible()


def test_card_can_be_pointed_at_and_dismissed(there: Embedded) -> None:
    there.open()
    marker = there.ask("two").get_by_role("button", name="Footnote 2")
    marker.hover()
    card = there.part("card")
    expect(card).to_contain_text(QUOTES[1])
    expect(card).to_contain_text("Quoted word for word")
    box = card.bounding_box()
    assert box
    there.page.mouse.move(box["x"] + 30, box["y"] + 20, steps=4)
    there.page.wait_for_timeout(300)
    expect(card).to_be_visible()
    there.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(there.part("panel")).to_be_visible()
    marker.hover()
    expect(card).to_be_visible()
    there.page.mouse.move(5, 5)
    expect(card).to_be_hidden()


def test_each_answer_is_announced_once_and_whole(there: Embedded) -> None:
    there.open()
    there.page.evaluate(HEARD)
    there.ask("two")
    there.ask("conflict")
    heard = there.page.evaluate("window.heard")
    assert len(heard) == 2
    assert heard[0] == " ".join(QUOTES)
    assert heard[1].startswith(" ".join(QUOTES))
    assert "The documents disagree" in heard[1]
    expect(there.part("log")).to_have_attribute("aria-live", "off")


def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    how: dict[str, Any] = {"viewport": PHONE, "reduced_motion": "reduce"}
    with embedding(browser, *pretended, body=BODY, made=FREE, **how) as there:
        there.open()
        box = there.part("panel").bounding_box()
        assert box == {"x": 0, "y": 0, **PHONE}
        there.ask("two")
        seen = set()
        for _ in range(30):
            there.page.keyboard.press("Tab")
            seen.add(there.focused())
        assert {"input", "log", "marker", "tool close"} <= seen
        assert not {"before", "launcher filled"} & seen
        size = there.part("input").evaluate("node => getComputedStyle(node).fontSize")
        assert size == "16px"  # or a phone would zoom in
        assert there.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        there.page.keyboard.press("Escape")
        expect(there.part("launcher")).to_be_focused()


def test_a_window_that_narrows_keeps_the_conversation(there: Embedded) -> None:
    there.open()
    there.ask("two")
    there.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(there.page.locator("footnote-widget [part~='panel']:modal")).to_be_visible()
    expect(there.part("marker")).to_have_count(2)


def test_targets_are_large_enough(there: Embedded) -> None:
    there.open()
    there.ask("two").get_by_role("button", name="No", exact=True).click()
    for button in there.page.locator("footnote-widget button:visible").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24, button.inner_text()


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_where_that_is_not_wished(
    browser: Browser, pretended: tuple[str, str], wish: str, moves: bool
) -> None:
    with embedding(browser, *pretended, reduced_motion=wish) as there:
        there.open()
        name = there.part("panel").evaluate("node => getComputedStyle(node).animationName")
        assert (name != "none") == moves


def test_without_colours_everything_is_still_told_apart(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    with embedding(browser, *pretended, forced_colors="active") as there:
        there.open()
        turn = there.ask("hostile")
        expect(turn.get_by_text("(Not found in the documents)").first).to_be_visible()
        line = turn.locator('[part="words"]').first.evaluate(
            "node => getComputedStyle(node).textDecorationLine"
        )
        assert line == "underline"
        there.keep("widget-forced-colours")


def test_it_can_be_used_at_320_pixels_and_twice_the_text(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    size = {"width": 320, "height": 256}  # 1280 x 1024 at 400 %
    with embedding(browser, *pretended, viewport=size) as there:
        there.open()
        there.ask("two").get_by_role("button", name="Footnote 2").click()
        mark = there.part("text").locator("mark")
        expect(mark).to_be_in_viewport()
        wide = there.part("panel").evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_that_shows_it(
    browser: Browser, site: Site, scheme: str
) -> None:
    """Axe needs to run script of its own, which that page's policy forbids."""
    how: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    page = browser.new_page(**how)
    page.goto(f"{site.url}/embed")
    it = Embedded(page, "footnote-chat")
    expect(it.part("input")).to_be_visible()
    assert it.violations() == []
    page.close()
