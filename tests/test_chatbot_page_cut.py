"""A connection that breaks, or a server that starts anew, costs a reader one press of a button."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from conftest import Served, Site, served
from cutting import Cutter, cutting
from playwright.sync_api import Browser, expect
from scripted import Scripted, serving
from watched import WAIT_MS, Watched, watching

pytestmark = pytest.mark.browser

QUESTION = "How many homicides did El Salvador have in January 2012?"
OTHER = "Who is Carlos Marroquín?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
HEAD = "Carlos Marroquín is the head of the Social Fabric Reconstruction Unit."
SOON_MS = 6000


@pytest.fixture(scope="module")
def script() -> Iterator[Scripted]:
    with serving("openai-compatible") as script:
        yield script


@contextmanager
def bot(index: Path, script: Scripted, folder: Path, port: int = 0) -> Iterator[Served]:
    """A bot in a process of its own, whose model writes what it is told to."""
    settings = {
        "CHATBOT_MODEL": "openai-compatible:tiny",
        "CHATBOT_BASE_URL": script.base_url,
        "CHATBOT_ADDRESS_PER_MINUTE": "600",
    }
    with served(index, folder, port=str(port or ""), **settings) as there:
        yield there


@pytest.fixture(scope="module")
def written(
    bundled_index: Path, script: Scripted, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with bot(bundled_index, script, tmp_path_factory.mktemp("cut")) as there:
        yield there


@contextmanager
def watching_loads(browser: Browser, url: str) -> Iterator[Watched]:
    """Watch a page that is never loaded again: a reload would take what was answered with it."""
    with watching(browser, url) as watched:
        watched.page.evaluate("window.isFirst = true")
        yield watched
        assert watched.page.evaluate("window.isFirst") is True


def pauses(script: Scripted, text: str = f"{COUNTED} And then") -> None:
    script.steps = [script.dialect.begin(), script.dialect.text(text), 60.0]


def begin(watched: Watched) -> None:
    watched.type(QUESTION)
    expect(watched.turn()).to_contain_text("411 homicides", timeout=WAIT_MS)


def broken_off(watched: Watched) -> None:
    problem = watched.turn().locator(".fn-problem")
    expect(problem).to_contain_text("The connection broke off", timeout=SOON_MS)
    expect(watched.turn()).to_have_attribute("data-state", "failed")
    expect(watched.turn()).to_contain_text("411 homicides")
    expect(watched.turn().locator(".fn-notice")).to_contain_text("was interrupted")
    expect(watched.page.locator("#fn-stop")).to_be_hidden()


def asked(watched: Watched) -> list[str]:
    return watched.page.locator("#fn-log .fn-asked").all_inner_texts()


def retry(watched: Watched) -> None:
    watched.turn().get_by_role("button", name="Try again").click()
    expect(watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
    expect(watched.turn()).to_contain_text("411 homicides")
    expect(watched.page.locator(".fn-problem")).to_have_count(0)


@pytest.fixture
def cutter(written: Served) -> Iterator[Cutter]:
    with cutting(written.url) as cutter:
        yield cutter


def test_a_cut_in_the_middle(browser: Browser, cutter: Cutter, script: Scripted) -> None:
    with watching_loads(browser, cutter.url) as watched:
        script.says(HEAD)
        watched.ask(OTHER)
        pauses(script)
        begin(watched)
        cutter.cut()
        broken_off(watched)
        watched.keep("cut")
        script.says(COUNTED)
        retry(watched)
        assert asked(watched) == [OTHER, QUESTION]
        watched.ask("How many in February 2012?")
        assert asked(watched) == [OTHER, QUESTION, "How many in February 2012?"]
        watched.tool("history").click()
        expect(watched.page.locator("#fn-panel")).to_contain_text("3 questions")


def test_another_question_after_a_cut_leaves_what_was_checked(
    browser: Browser, cutter: Cutter, script: Scripted
) -> None:
    with watching_loads(browser, cutter.url) as watched:
        pauses(script)
        begin(watched)
        cutter.cut()
        broken_off(watched)
        script.says(HEAD)
        watched.ask(OTHER)
        assert asked(watched) == [QUESTION, OTHER]
        expect(watched.page.locator("#fn-log .fn-turn").first).to_contain_text("411 homicides")


def test_a_cut_before_anything_is_shown(browser: Browser, cutter: Cutter, script: Scripted) -> None:
    script.says(COUNTED)
    with watching_loads(browser, cutter.url) as watched:
        watched.page.route("**/queue/data*", lambda route: route.abort("connectionreset"))
        watched.type(QUESTION)
        expect(watched.turn()).to_contain_text("The connection broke off", timeout=SOON_MS)
        watched.page.unroute("**/queue/data*")
        retry(watched)
        assert asked(watched) == [QUESTION]


def test_cut_again_and_again(browser: Browser, cutter: Cutter, script: Scripted) -> None:
    with watching_loads(browser, cutter.url) as watched:
        pauses(script)
        begin(watched)
        for _ in range(3):
            cutter.cut()
            broken_off(watched)
            watched.turn().get_by_role("button", name="Try again").click()
            expect(watched.turn()).to_have_attribute("data-state", "working", timeout=WAIT_MS)
            expect(watched.turn()).to_contain_text("411 homicides", timeout=WAIT_MS)
        watched.page.locator("#fn-stop").click()
        expect(watched.turn()).to_contain_text("You stopped this answer.")
        script.says(COUNTED)
        retry(watched)
        assert asked(watched) == [QUESTION]


def test_killed_in_the_middle_and_down_for_long(
    browser: Browser, bundled_index: Path, script: Scripted, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(bot(bundled_index, script, tmp_path))
        watched = stack.enter_context(watching_loads(browser, there.url))
        script.says(HEAD)
        watched.ask(OTHER)
        pauses(script)
        begin(watched)
        there.process.kill()
        there.process.wait()
        broken_off(watched)
        watched.turn().get_by_role("button", name="Try again").click()
        expect(watched.turn()).to_contain_text("The server cannot be reached")
        expect(watched.turn()).to_contain_text("411 homicides")
        assert asked(watched) == [OTHER, QUESTION]
        time.sleep(13)
        script.says(COUNTED)
        port = int(there.url.rpartition(":")[2])
        stack.enter_context(bot(bundled_index, script, tmp_path, port))
        retry(watched)
        script.says(HEAD)
        watched.ask("Which unit does he head?")
        assert asked(watched) == [OTHER, QUESTION, "Which unit does he head?"]


def test_restarted_while_nobody_asks(
    browser: Browser, bundled_index: Path, script: Scripted, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(bot(bundled_index, script, tmp_path))
        watched = stack.enter_context(watching_loads(browser, there.url))
        script.says(COUNTED)
        watched.ask(QUESTION)
        requests: list[str] = []
        watched.page.on("request", lambda request: requests.append(request.url))
        shown = watched.page.locator("#fn-log").inner_html()
        there.process.kill()
        there.process.wait()
        watched.page.wait_for_timeout(SOON_MS)
        stack.enter_context(bot(bundled_index, script, tmp_path, int(there.url.rpartition(":")[2])))
        watched.page.wait_for_timeout(SOON_MS)
        assert requests == []
        assert watched.page.locator("#fn-log").inner_html() == shown
        script.says(HEAD)
        watched.ask(OTHER)
        assert asked(watched) == [QUESTION, OTHER]


def test_a_page_is_known_to_be_open_after_a_cut(
    browser: Browser, cutter: Cutter, script: Scripted
) -> None:
    with watching_loads(browser, cutter.url) as watched:
        names: list[str] = []
        watched.page.on("request", lambda r: names.extend(re.findall(r"heartbeat/(\w+)", r.url)))
        pauses(script)
        begin(watched)
        cutter.cut()
        broken_off(watched)
        script.says(COUNTED)
        with watched.page.expect_request("**/queue/data*") as data:
            retry(watched)
        assert names == [data.value.url.rpartition("session_hash=")[2]]


def test_the_console_stays_clean(browser: Browser, site: Site) -> None:
    said: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("response", lambda r: said.append(r.url) if r.status >= 400 else None)
    page.goto(site.url)
    page.wait_for_selector("#fn-opening .fn-ask")
    for path in ("favicon.ico", "manifest.json"):
        assert page.request.get(f"{site.url}/{path}").ok
    page.wait_for_timeout(1000)
    page.close()
    assert said == []
