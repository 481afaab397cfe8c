"""The widget and the page it is in: neither reaches the other, but by what is promised."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Site, bare_page, listen, serving_app
from embedded import FREE, Embedded, embedding
from hostile import HOSTILE
from playwright.sync_api import Browser, Route, expect
from pretend_bot import QUOTES, answer, pretend_bot, say

pytestmark = pytest.mark.browser

HOSTILE_STYLES = """<style>
    * { all: unset !important; display: none !important; visibility: hidden !important }
    button, input, textarea, dialog, svg, p { display: none !important }
    div { display: none !important; transform: rotate(9deg) !important }
    html, body, h1 { display: block !important; visibility: visible !important }
</style><h1>A page</h1>"""
PARTS = ("panel", "bar", "input", "send", "asked", "source", "feedback")
PAGE = """<style>body { display: grid; gap: 9px } p:last-of-type { color: red }</style>
    <h1>A page</h1><p id="one">One</p><p id="two">Two <button>Press</button></p>"""
LOOK = """() => [...document.querySelectorAll("html, body, h1, p, p button")].map((node) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    return [x, y, width, height, ...[...style].map((name) => style.getPropertyValue(name))];
})"""
LONG_TASKS = """() => new Promise((done) => {
    const seen = [];
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((one) => one.duration)))
        .observe({ type: "longtask", buffered: true });
    setTimeout(done, 300, seen);
})"""
EVENTS = """() => {
    window.told = [];
    for (const name of ["open", "close", "question", "answer", "source", "feedback"])
        document.addEventListener("footnote:" + name, ({ type, detail, target }) =>
            window.told.push([type.slice(9), target.localName, detail]));
}"""


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    return []


@pytest.fixture(scope="module")
def left() -> list[str]:
    return []


@pytest.fixture(scope="module")
def pretended(asked: list[dict[str, Any]], left: list[str]) -> Iterator[tuple[str, str]]:
    """A page of another site, and a bot whose answers are written down."""
    bot, host = listen(), listen()
    bot_url, host_url = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (bot, host))
    with serving_app(pretend_bot(asked, left), bot), serving_app(bare_page(bot_url), host):
        yield host_url, bot_url


@pytest.fixture
def pretend(browser: Browser, pretended: tuple[str, str]) -> Iterator[Embedded]:
    with embedding(browser, *pretended) as there:
        there.open()
        yield there


@pytest.mark.parametrize("kind", ["footnote-widget", "footnote-chat"])
def test_a_hostile_page_does_not_touch_it(
    browser: Browser, pretended: tuple[str, str], kind: str
) -> None:
    looks = []
    for styles in (HOSTILE_STYLES, "<h1>A page</h1>"):
        body = styles + ("" if kind == "footnote-widget" else "<footnote-chat></footnote-chat>")
        with embedding(browser, *pretended, body=body, kind=kind, made=FREE) as there:
            if kind == "footnote-widget":
                there.open()
            turn = there.ask("two")
            expect(turn.get_by_role("button", name="Footnote 2")).to_be_visible()
            sizes = [there.part(name).first.bounding_box() for name in PARTS]
            # The width of the element is that of the page, whose margins are unset here.
            widths = [size["width"] for size in sizes if size and kind == "footnote-widget"]
            looks.append(widths + [size["height"] for size in sizes if size])
            there.keep(f"widget-hostile-{len(looks)}")
            turn.get_by_role("button", name="Footnote 2").click()
            expect(there.part("text").locator("mark")).to_be_in_viewport()
    assert len(looks[0]) == len(PARTS) * (2 if kind == "footnote-widget" else 1)
    assert looks[0] == pytest.approx(looks[1], abs=0.01)  # while it arrives it is moved a little


def test_it_does_not_touch_the_page(browser: Browser, pretended: tuple[str, str]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{pretended[0]}/made?body={PAGE}&is_strict=0")
    looked, names = page.evaluate(LOOK), set(page.evaluate("Object.getOwnPropertyNames(window)"))
    page.close()
    with embedding(browser, *pretended, body=PAGE, made=FREE) as there:
        assert there.page.evaluate(LOOK) == looked
        there.open()
        there.ask("two")
        now = set(there.page.evaluate("Object.getOwnPropertyNames(window)"))
        assert {name for name in now - names if not name.startswith("__")} == {"footnote"}
        there.page.keyboard.press("Escape")
        there.page.evaluate("document.activeElement.blur()")
        assert there.page.evaluate(LOOK) == looked
        assert (
            there.page.evaluate("document.cookie + localStorage.length + sessionStorage.length")
            == "00"
        )


def test_loading_it_keeps_the_page_busy_for_no_moment(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    """Five times, since on a busy machine anything takes long now and then."""
    with embedding(browser, *pretended) as there:
        expect(there.part("launcher")).to_be_visible()
        assert len(there.urls) == 2  # the page and the script
        for _ in range(5):
            if not (long := there.page.evaluate(LONG_TASKS)):
                break
            there.page.reload()
        assert long == []


def test_two_tags_are_one_widget(browser: Browser, site: Site) -> None:
    from conftest import widget_tag

    with embedding(browser, site.host_page, site.url, body=widget_tag(site.url)) as there:
        expect(there.page.locator("footnote-widget")).to_have_count(1)


def test_strings_and_attributes(browser: Browser, pretended: tuple[str, str]) -> None:
    given = (
        """data-lang="es" data-title="Archivo" data-open-label="Consulta" data-position="left" """
        """data-strings='{"send": "Venga", "log": 7, "unheard_of": "x"}' data-theme="dark" """
    )
    with embedding(browser, *pretended, attributes=given) as there:
        there.open()
        expect(there.part("title")).to_have_text("Archivo")
        expect(there.part("launcher")).to_have_text("Consulta")
        expect(there.part("send")).to_have_text("Venga")
        expect(there.part("log")).to_have_attribute("aria-label", "Preguntas y respuestas")
        expect(there.part("intro")).to_contain_text("Cada frase")
        box = there.part("panel").bounding_box()
        assert box
        assert box["x"] == 20
        paper = there.part("panel").evaluate("node => getComputedStyle(node).backgroundColor")
        assert paper == "rgb(22, 24, 28)"


def test_strings_that_are_no_json_are_left_out_with_a_warning(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    warned: list[str] = []
    with embedding(browser, *pretended, body='<footnote-chat strings="{"></footnote-chat>',
                   kind="footnote-chat") as there:  # fmt: skip
        there.page.on("console", lambda m: warned.append(m.text))
        there.page.reload()
        expect(there.part("send")).to_have_text("Ask")
    assert ["strings must be a JSON object" in text for text in warned] == [True]


def test_language_and_direction_are_the_pages(browser: Browser, pretended: tuple[str, str]) -> None:
    with embedding(browser, *pretended, made={"html": 'lang="es-MX" dir="rtl"'}) as there:
        there.open()
        turn = there.ask("two")
        expect(there.part("launcher")).to_have_text("Preguntar")
        expect(there.part("root")).to_have_attribute("dir", "rtl")
        there.keep("widget-rtl")
        send, box = there.part("send").bounding_box(), there.part("input").bounding_box()
        assert send
        assert box
        assert send["x"] < box["x"]
        prose = turn.locator('[part="prose"]')
        assert prose.evaluate("node => getComputedStyle(node).direction") == "ltr"  # its own words'


def test_a_site_themes_it(browser: Browser, pretended: tuple[str, str]) -> None:
    themed = """<style>footnote-widget { --footnote-paper: rgb(1, 2, 3); --footnote-width: 500px }
        footnote-widget::part(title) { font-variant: small-caps }</style><h1>A page</h1>"""
    with embedding(browser, *pretended, body=themed, made=FREE) as there:
        there.open()
        look = there.part("title").evaluate("node => getComputedStyle(node).fontVariantCaps")
        colour = there.part("panel").evaluate("node => getComputedStyle(node).backgroundColor")
        assert (look, colour) == ("small-caps", "rgb(1, 2, 3)")
        box = there.part("panel").bounding_box()
        assert box
        assert box["width"] == 500


@pytest.mark.parametrize("tells", ["", 'data-events="text"'])
def test_events_carry_texts_only_where_asked_to(
    browser: Browser, pretended: tuple[str, str], tells: str
) -> None:
    with embedding(browser, *pretended, attributes=tells, made=FREE) as there:
        there.page.evaluate(EVENTS)
        there.open()
        there.ask("two").get_by_role("button", name="Footnote 2").click()
        there.page.mouse.move(0, 0)
        there.page.keyboard.press("Escape")
        there.page.keyboard.press("Escape")
        there.page.wait_for_function("window.told.length >= 5")
        told = there.page.evaluate("window.told")
    assert {target for _, target, _ in told} == {"footnote-widget"}
    details = {name: detail for name, _, detail in told}
    assert list(details) == ["open", "question", "answer", "source", "close"]
    if tells:
        assert details["question"] == {"question": "two"}
        assert details["answer"]["answer"] == " ".join(QUOTES)
        assert details["source"]["document"] == "a/b c.txt"
    else:
        assert details == {
            "open": {}, "question": {}, "close": {}, "source": {"number": 2},
            "answer": {"status": "answered", "notices": [], "citations": 2},
        }  # fmt: skip


def test_a_script_of_the_page_can_open_ask_clear_and_close(
    browser: Browser, pretended: tuple[str, str], asked: list[dict[str, Any]]
) -> None:
    body = "<button id=own>Help</button>"
    with embedding(browser, *pretended, body=body, attributes='data-launcher="false"') as there:
        page = there.page
        expect(there.part("launcher")).to_have_count(0)
        page.locator("#own").focus()
        page.evaluate("footnote.open({ question: 'What of it?' })")
        expect(there.part("input")).to_have_value("What of it?")
        page.evaluate("footnote.ask('two')")
        expect(there.part("marker")).to_have_count(2)
        page.evaluate("footnote.open({ question: 'slow', submit: true })")
        expect(there.part("marker")).to_have_count(3)
        assert asked[-1]["history"] == [{"question": "two", "answer": " ".join(QUOTES)}]
        page.evaluate("footnote.ask('And then?')")
        expect(there.part("input")).to_have_value("What of it?")  # what is written stays
        there.part("input").fill("")
        page.evaluate("footnote.ask('And then?')")
        expect(there.part("input")).to_have_value("And then?")  # the slow one is under way
        page.evaluate("footnote.clear()")
        expect(there.part("marker")).to_have_count(0)
        for odd in ("footnote.open(null)", "footnote.ask()", "footnote.ask('  ')"):
            page.evaluate(odd)
        expect(there.part("turn")).to_have_count(0)
        page.evaluate("footnote.ask(2015)")
        expect(there.part("asked")).to_have_text("2015")
        page.evaluate("footnote.close()")
        expect(page.locator("#own")).to_be_focused()


def test_a_script_that_clears_takes_no_focus_and_asks_nothing(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    body = (
        "<button id=own>Help</button><p style='height: 3000px'></p><footnote-chat></footnote-chat>"
    )
    with embedding(browser, *pretended, body=body, kind="footnote-chat", made=FREE) as there:
        there.page.evaluate("footnote.ask('two')")
        there.part("marker").first.click()
        expect(there.part("text")).to_be_visible()
        there.page.locator("#own").focus()
        there.page.evaluate("scrollTo(0, 0)")
        before = len(there.urls)
        there.page.evaluate("footnote.clear()")
        expect(there.part("turn")).to_have_count(0)
        expect(there.part("text")).to_have_count(0)
        expect(there.page.locator("#own")).to_be_focused()
        assert (there.page.evaluate("scrollY"), len(there.urls)) == (0, before)


def test_an_element_taken_out_of_the_page_stops_its_answer(
    browser: Browser, pretended: tuple[str, str], left: list[str]
) -> None:
    left.clear()
    body = "<footnote-chat></footnote-chat>"
    with embedding(browser, *pretended, body=body, kind="footnote-chat") as there:
        there.page.evaluate("footnote.ask('slow')")
        expect(there.part("marker")).to_have_count(1)
        there.page.evaluate("window.kept = document.querySelector('footnote-chat')")
        there.page.evaluate("document.body.prepend(kept)")  # moved, it goes on
        expect(there.part("send")).to_have_text("Stop")
        there.page.evaluate("kept.remove()")
        for _ in range(50):
            there.page.wait_for_timeout(100)
            if left:
                break
        assert left == ["slow"]
        there.page.evaluate("document.body.append(kept)")
        expect(there.part("notice")).to_contain_text("You stopped this answer")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "at most 2,000 characters"), ("es", "demasiado larga")]
)
def test_a_question_too_long_goes_back_into_the_box(
    browser: Browser, pretended: tuple[str, str], language: str, said: str
) -> None:
    long = "What of it? " * 200
    with embedding(browser, *pretended, attributes=f'data-lang="{language}"') as there:
        there.open()
        there.type(long)
        expect(there.part("problem").first).to_contain_text(said)
        expect(there.part("input")).to_have_value(long.strip())
        expect(there.part("retry")).to_have_count(0)
        box = there.part("asked").bounding_box()
        assert box
        assert 100 < box["height"] <= 5 * 26 + 1
        assert there.part("asked").inner_text() == long.strip()
        there.refused.clear()  # the browser's own line of a 422


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "the index is gone."), ("es", "no puede responder en este momento")],
)
def test_what_the_bot_says_of_itself_in_english_is_shown_to_who_reads_english(
    browser: Browser, pretended: tuple[str, str], language: str, said: str
) -> None:
    gone = json.dumps({"error": "the index is gone."})
    with embedding(browser, *pretended, attributes=f'data-lang="{language}"') as there:
        there.open()
        for status, kind, body in (
            (503, "application/json", gone),
            (200, "text/event-stream", f"event: error\ndata: {gone}\n\n"),
        ):

            def tell(route: Route, *, of: tuple[int, str, str] = (status, kind, body)) -> None:
                route.fulfill(status=of[0], content_type=of[1], body=of[2])

            there.page.route("**/api/ask", tell, times=1)
            there.type("two")
            expect(there.part("problem").last).to_contain_text(said)
        there.refused.clear()  # the browser's own line of a 503


def test_of_an_answer_as_much_is_sent_as_is_read(
    browser: Browser, pretended: tuple[str, str], asked: list[dict[str, Any]]
) -> None:
    with embedding(browser, *pretended, made=FREE) as there:
        there.page.route("**/api/ask", lambda route: route.fulfill(
            content_type="text/event-stream",
            body=f'event: done\ndata: {json.dumps(answer(say("x" * 1999 + "🜛" * 9, ())))}\n\n',
        ), times=1)  # fmt: skip
        there.open()
        there.ask("long")
        there.ask("two")
    assert asked[-1]["history"] == [{"question": "long", "answer": "x" * 1999}]


def test_an_element_is_opened_where_there_is_no_button(
    browser: Browser, pretended: tuple[str, str]
) -> None:
    body = "<footnote-chat title='Here'></footnote-chat>"
    with embedding(browser, *pretended, body=body, kind="footnote-chat") as there:
        there.page.evaluate("footnote.ask('two')")
        expect(there.part("marker")).to_have_count(2)
        expect(there.part("title")).to_have_text("Here")
        there.page.evaluate("document.body.append(document.querySelector('footnote-chat'))")
        expect(there.part("marker")).to_have_count(2)  # moved, it is still the same chat
        there.page.evaluate("document.querySelector('footnote-chat').hidden = true")
        expect(there.part("panel")).to_be_hidden()


def test_stop_retry_and_what_a_follow_up_knows(
    pretend: Embedded, asked: list[dict[str, Any]]
) -> None:
    pretend.type("slow")
    expect(pretend.part("marker")).to_have_count(1)
    expect(pretend.part("send")).to_have_text("Stop")
    pretend.part("send").click()
    turn = pretend.part("turn").last
    expect(turn.get_by_text("You stopped this answer.")).to_be_visible()
    turn.get_by_role("button", name="Try again").click()
    expect(pretend.part("turn")).to_have_count(1)
    pretend.part("send").click()
    pretend.ask("broken")
    expect(pretend.part("problem").first).to_contain_text("broke off before it was finished")


def test_the_bots_wish_to_be_left_alone_is_kept(pretend: Embedded) -> None:
    turn = pretend.ask("busy")
    expect(turn.get_by_text("Too much was asked in a short time; ask again in 2 s")).to_be_visible()
    expect(turn.get_by_role("button", name="Try again in")).to_be_disabled()
    turn.get_by_role("button", name="Try again", exact=True).click()
    expect(pretend.part("marker")).to_have_count(2)
    pretend.refused.clear()  # the browser's own line of a 429


def test_feedback_that_is_not_kept_is_said(pretend: Embedded) -> None:
    turn = pretend.ask("two")
    turn.get_by_role("button", name="Yes").click()
    expect(turn.get_by_text("There is no room for more feedback.")).to_be_in_viewport()
    expect(turn.get_by_role("button", name="Yes")).to_be_visible()
    pretend.refused.clear()  # the browser's own line of a 503


def test_a_bot_that_is_away_is_named(browser: Browser, pretended: tuple[str, str]) -> None:
    host, bot = pretended
    page = browser.new_page()
    page.goto(f"{host}/")
    page.route(f"{bot}/api/**", lambda route: route.abort())
    page.locator('[part~="launcher"]').click()
    page.get_by_role("textbox").fill("two")
    page.get_by_role("textbox").press("Enter")
    expect(
        page.locator("article").get_by_text(
            f"The bot at {bot.removeprefix('http://')} could not be"
        )
    ).to_be_visible()
    page.close()


def test_notices_are_said(pretend: Embedded) -> None:
    turn = pretend.ask("conflict")
    for said in ("The documents disagree", "the rest of what was asked", "Something was left out"):
        expect(turn.locator('[part~="notice"]')).to_contain_text(said)


def test_nothing_that_is_answered_becomes_a_part_of_the_page(pretend: Embedded) -> None:
    turn = pretend.ask("hostile")
    expect(turn.locator('[part~="words"]')).to_have_count(len(HOSTILE))
    expect(turn.get_by_text("Not found in the documents").first).to_be_visible()
    turn.get_by_role("button", name="Footnote 2").first.click()
    expect(pretend.part("text").locator("mark")).to_have_text(QUOTES[1])
    for name in ("panel", "root"):
        active = pretend.part(name).locator(
            "img, script, iframe, object, embed, form form, a, style, link"
        )
        expect(active).to_have_count(0)
    expect(pretend.part("origin")).to_contain_text("javascript:alert(1)")  # as text
    assert pretend.page.title() == "A page"


def test_an_original_on_the_web_is_linked_to(browser: Browser, pretended: tuple[str, str]) -> None:
    with embedding(browser, *pretended) as there:
        there.page.route("**/api/documents/**", lambda route: route.continue_(
            url=f"{pretended[1]}/api/documents/linked"))  # fmt: skip
        there.open()
        there.ask("two").get_by_role("button", name="Footnote 2").click()
        link = there.page.get_by_role("link", name="Open the original at docs.example")
        expect(link).to_have_attribute("href", "https://docs.example/a.pdf#page=2")
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        expect(link).to_have_attribute("target", "_blank")
