"""The page for everyone: by keyboard alone, heard, enlarged, right to left, in few colours."""

import re
from collections.abc import Iterator

import pytest
from conftest import Site, build, listen, serving_app, wait_until_ready
from playwright.sync_api import Browser, expect
from watched import WAIT_MS, Watched, watching

from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from chatbot.suggest import KnownQuestion, store_questions
from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.generation import open_current
from index.split import PASSAGE_TOKENS

pytestmark = pytest.mark.browser

OFFICE = "Which office does Carlos Marroquín head?"
COINED = "Who coined the term narco-peace?"
BRIDGE = "How long is the iron bridge of Larkford?"
ARABIC = "يبلغ طول الجسر الحديدي مئتي متر. بُني الجسر في عام 1890."


@pytest.fixture
def watched(browser: Browser, site: Site) -> Iterator[Watched]:
    with watching(browser, site.url) as watched:
        yield watched


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[str]:
    """A bot whose documents disagree, with one from right to left, and one that cannot be read."""
    folder, index = tmp_path_factory.mktemp("mixed"), tmp_path_factory.mktemp("index")
    for name, date, length in (("old", "2019-03-01", "212"), ("new", "2023-06-09", "236")):
        (folder / f"{name}.md").write_text(
            f"---\ndate: {date}\nsource: https://example.org/{name}.pdf\n---\n# The bridge\n\n"
            f"The iron bridge of Larkford is {length} metres long. It crosses the river Lark.\n"
        )
    (folder / "arabic.md").write_text(
        f"# الجسر\n\n{ARABIC}\n\nAn English line.\n", encoding="utf-8"
    )
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more than that")
    build(load_corpus([folder]), index, embedder)
    opened = open_current(index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    start = opened.document("new.md").text.index("The iron")
    store_questions(opened, [KnownQuestion(BRIDGE, "new.md", start, start + 40)])
    opened.close()
    service = Service(
        index=index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    listener = listen()
    with serving_app(make_app(service, rules=ChatbotTable()), listener):
        wait_until_ready(service)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class Keyboard:
    """Nothing but keys."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.press = watched.page.keyboard.press
        self.type = watched.page.keyboard.type

    def ask(self, question: str) -> None:
        self.press("/")
        self.type(question)
        self.press("Enter")
        expect(self.watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
        expect(self.watched.turn().locator(".fn-asked")).to_have_text(question)

    def go_to(self, name: str, key: str = "Tab") -> None:
        """Press a key until what is so named has the focus, and can be seen to have it."""
        for _ in range(60):
            self.press(key)
            if re.match(name, self.watched.focused()):
                outline = self.watched.page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                )
                assert outline != "none"
                return
        pytest.fail(f"{name!r} cannot be reached by {key}")


def test_asking_and_reading_by_keyboard_alone(watched: Watched) -> None:
    keys, page = Keyboard(watched), watched.page
    # 1 ask a suggested question
    keys.go_to("Who coined")
    keys.press("Enter")
    expect(watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
    # 2 ask one's own, over two lines
    keys.press("/")
    keys.type("Which office does")
    keys.press("Shift+Enter")
    keys.type("Carlos Marroquín head?")
    keys.press("Enter")
    expect(watched.turn()).to_contain_text("Social Fabric", timeout=WAIT_MS)
    expect(watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
    # 3 read a footnote's card
    keys.go_to("Footnote 1: “Carlos", "Shift+Tab")
    expect(page.get_by_role("tooltip")).to_contain_text("Social Fabric")
    # 4 open its source, and close it
    keys.press("Enter")
    expect(page.locator("#fn-mark")).to_be_in_viewport()
    expect(page.locator("#fn-panel-title")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#fn-panel")).to_be_hidden()
    assert watched.focused().startswith("Footnote 1: “Carlos")
    # 5 see what the answer was made from
    keys.go_to(".?.?About")
    keys.press("Enter")
    expect(watched.turn().locator(".fn-about dl")).to_be_visible()


LATE = """
const ask = window.fetch;
window.fetch = async (...asked) => {
  const response = await ask(...asked);
  if (!response.body || !String(asked[0]).includes("queue/data")) return response;
  const late = new TransformStream({ async transform(part, to) {
    const isLast = new TextDecoder().decode(part).includes("process_completed");
    if (isLast) await new Promise((go) => setTimeout(go, 700));
    to.enqueue(part);
  } });
  return new Response(response.body.pipeThrough(late), { headers: response.headers });
};
"""


def test_what_is_asked_before_gradio_is_done_with_the_last_is_asked(watched: Watched) -> None:
    watched.page.add_init_script(LATE)
    watched.open()
    watched.ask(COINED)
    watched.ask("Who is Carlos Marroquín?")
    expect(watched.page.locator("#fn-log .fn-turn")).to_have_count(2)


def test_working_with_answers_by_keyboard_alone(watched: Watched) -> None:
    keys, page = Keyboard(watched), watched.page
    keys.ask(COINED)
    # 6 say that an answer is wrong
    keys.go_to("Feedback", "Shift+Tab")
    keys.press("Enter")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(watched.said()).to_contain_text("Thank you")
    # 7 copy it
    keys.go_to("Copy", "Shift+Tab")
    keys.press("Enter")
    expect(watched.said()).to_have_text("Copied")
    # 8 edit the last question, and leave that off
    keys.press("/")
    keys.press("ArrowUp")
    expect(watched.box()).to_have_value(COINED)
    keys.press("Escape")
    expect(watched.box()).to_have_value("")


def test_reading_documents_by_keyboard_alone(watched: Watched) -> None:
    keys, page = Keyboard(watched), watched.page
    keys.ask(COINED)
    # 9 find a document, read it by its outline
    keys.go_to("Documents", "Shift+Tab")
    keys.press("Enter")
    panel = page.locator("#fn-panel")
    expect(panel.get_by_role("searchbox")).to_be_visible()
    keys.go_to("Find a document")
    keys.type("marroquín")
    keys.go_to("Carlos Marroquín: ")
    keys.press("Enter")
    expect(panel.locator(".fn-document")).to_be_visible()
    keys.go_to(".?.?Outline")
    keys.press("Enter")
    keys.go_to("His quarrel")
    keys.press("Enter")
    expect(panel.get_by_role("heading", name="His quarrel")).to_be_focused()
    keys.press("Escape")
    assert watched.focused() == "Documents"
    # 10 see the keys, and open the conversation again from the history
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    keys.go_to("History")
    keys.press("Enter")
    keys.go_to("Who coined")
    keys.press("Enter")
    expect(page.locator("#fn-past .fn-turn")).to_have_count(1)


def test_a_finished_answer_is_said_once(watched: Watched) -> None:
    watched.page.evaluate(
        """() => { window.said = []; new MutationObserver(() => {
          const text = document.querySelector('#fn-announcer').textContent;
          if (text) window.said.push(text);
        }).observe(document.querySelector('#fn-announcer'), {childList: true, subtree: true}) }"""
    )
    watched.ask(OFFICE)
    expect(watched.said()).to_contain_text("Social Fabric")
    watched.page.wait_for_timeout(500)
    said = watched.page.evaluate("window.said")
    assert len(said) == 1
    assert re.fullmatch(r"Answer: Carlos Marroquín .*Social\)\. 1 source\.", said[0])
    assert watched.page.get_by_role("status").count() == 1
    assert watched.page.locator("[aria-live]:not([aria-live=off])").count() == 0
    tree = watched.page.locator("#fn-log").aria_snapshot()
    assert 'button "Footnote 1: “Carlos Marroquín is the head' in tree
    assert f'heading "{OFFICE}" [level=2]' in tree


def test_what_is_not_there_is_said_too(watched: Watched) -> None:
    watched.ask("How tall is Mount Everest?")
    expect(watched.said()).to_have_text(re.compile("^The documents don’t say. No words clear"))


def test_documents_that_disagree_stand_side_by_side(browser: Browser, mixed: str) -> None:
    for width in (1280, 360):
        with watching(browser, mixed, viewport={"width": width, "height": 800}) as watched:
            turn = watched.ask(BRIDGE)
            sides = turn.locator(".fn-conflict li")
            expect(sides).to_have_count(2)
            expect(sides.locator(".fn-date")).to_have_text(["2023-06-09", "2019-03-01"])
            expect(sides.nth(0)).to_contain_text("236")
            boxes = [side.bounding_box() for side in sides.all()]
            assert boxes[0]
            assert boxes[1]
            assert (boxes[0]["y"] == boxes[1]["y"]) is (width == 1280)
            expect(watched.said()).to_contain_text("The documents disagree")
            watched.keep(f"conflict-{width}")
            assert watched.violations() == []
            assert watched.overflows() == 0


def test_from_footnote_to_footnote_in_the_source(browser: Browser, mixed: str) -> None:
    with watching(browser, mixed) as watched:
        turn = watched.ask(BRIDGE)
        turn.locator(".fn-marker").first.click()
        panel = watched.page.locator("#fn-panel")
        expect(panel.locator(".fn-count")).to_have_text("Footnote 1 · 1 of 2")
        expect(panel.get_by_role("button", name="Previous")).to_be_disabled()
        panel.get_by_role("button", name="Next").click()
        expect(panel.locator(".fn-count")).to_have_text("Footnote 2 · 2 of 2")
        expect(panel.locator("mark")).to_contain_text("212 metres")
        expect(panel.get_by_role("link")).to_have_attribute("href", "https://example.org/old.pdf")
        expect(panel.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer nofollow")
        expect(watched.page.locator("#fn-panel-title")).to_be_focused()
        watched.page.keyboard.press("ArrowLeft")
        expect(panel.locator("mark")).to_contain_text("236 metres")
        watched.page.keyboard.press("Escape")
        assert watched.focused() == "The bridge"  # the source that was shown last


def test_right_to_left_and_what_was_left_out(browser: Browser, mixed: str) -> None:
    with watching(browser, mixed) as watched:
        watched.tool("documents").click()
        panel = watched.page.locator("#fn-panel")
        panel.locator("summary", has_text="1 file was left out").click()
        expect(panel.locator(".fn-path")).to_have_text("broken.pdf")
        watched.keep("skipped")
        assert watched.violations() == []
        panel.get_by_role("button", name="الجسر").click()
        arabic = panel.locator(".fn-document p", has_text="يبلغ")
        direction = "node => getComputedStyle(node).direction"
        assert arabic.evaluate(direction) == "rtl"
        assert panel.locator("p", has_text="An English line.").evaluate(direction) == "ltr"
        watched.keep("right-to-left")
        assert watched.violations() == []


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(320, 640, 1), (640, 400, 2), (320, 256, 4)]
)
def test_narrow_and_enlarged(
    browser: Browser, site: Site, width: int, height: int, scale: int
) -> None:
    """A window of 1280 pixels at 200 % is one of 640, at 400 % of 320, with finer pixels."""
    size = {"width": width, "height": height}
    with watching(browser, site.url, viewport=size, device_scale_factor=scale) as watched:
        turn = watched.ask(OFFICE)
        assert watched.overflows() == 0
        watched.keep(f"zoom-{scale}-{width}")
        turn.locator(".fn-marker").first.click()
        expect(watched.page.get_by_role("dialog", name="Source")).to_be_visible()
        expect(watched.page.locator("gradio-app")).to_have_attribute("inert", "")
        expect(watched.page.locator("#fn-mark")).to_be_in_viewport()
        watched.page.keyboard.press("Escape")
        expect(turn.locator(".fn-marker").first).to_be_focused()
        assert watched.violations() == []


def test_less_motion_and_few_colours(browser: Browser, site: Site) -> None:
    with watching(browser, site.url, reduced_motion="reduce", forced_colors="active") as watched:
        watched.ask(OFFICE)
        animated = watched.page.evaluate(
            "[...document.querySelectorAll('#fn-page *, #fn-panel')].filter(node =>"
            "node.getAnimations().length && node.closest('#fn-log, #fn-panel')).length"
        )
        assert animated == 0
        watched.turn().locator(".fn-marker").first.click()
        mark = watched.page.locator("#fn-mark")
        expect(mark).to_be_in_viewport()
        colours = mark.evaluate(
            "node => [getComputedStyle(node).backgroundColor,"
            " getComputedStyle(node.parentElement).backgroundColor]"
        )
        assert colours[0] != colours[1]
        icon = watched.page.locator(".fn-tool .fn-icon").nth(1)
        assert icon.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(0, 0, 0)"
        watched.keep("forced-colours")
        assert watched.violations() == []
