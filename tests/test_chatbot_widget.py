from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTIFACTS, Site, bare_page, listen, serving_app, wait_until_ready
from playwright.sync_api import Browser, Page, expect

from chatbot.models import ModelSettings, load_model
from chatbot.perimeter import Rules
from chatbot.server import make_app
from chatbot.service import Service
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

pytestmark = pytest.mark.browser


@pytest.fixture(params=[1280, 360])
def host_page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A bare page of another origin that holds the widget's tag."""
    context = browser.new_context(viewport={"width": request.param, "height": 760})
    page = context.new_page()
    page.goto(site.host_page)
    yield page
    context.close()


def requests_of(page: Page) -> list[str]:
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    return urls


def test_a_cited_answer_in_another_site(host_page: Page, site: Site) -> None:
    refused: list[str] = []
    host_page.on("console", lambda m: refused.append(m.text) if m.type == "error" else None)
    urls = requests_of(host_page)
    host_page.get_by_role("button", name="Ask").click()
    assert urls == []  # nothing is asked of anyone before the first question
    box = host_page.get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill("Which office does Carlos Marroquín head?")
    box.press("Enter")
    marker = host_page.get_by_role("button", name="Source 1").first
    expect(marker).to_be_visible(timeout=30_000)
    ARTIFACTS.mkdir(exist_ok=True)
    assert host_page.viewport_size
    name = f"widget-{host_page.viewport_size['width']}"
    host_page.screenshot(path=ARTIFACTS / f"{name}.png")
    marker.click()
    expect(host_page.locator("mark")).to_contain_text("Social Fabric Reconstruction Unit")
    expect(host_page.locator("mark")).to_be_in_viewport()
    host_page.screenshot(path=ARTIFACTS / f"{name}-source.png")
    assert {url.startswith(site.url) for url in urls} == {True}
    assert refused == []


def test_what_is_not_there_is_said(host_page: Page) -> None:
    host_page.get_by_role("button", name="Ask").click()
    box = host_page.get_by_role("textbox")
    box.fill("How tall is Mount Everest?")
    box.press("Enter")
    expect(host_page.get_by_text("The documents don").first).to_be_visible(timeout=30_000)


@pytest.fixture
def site_without_its_model(bundled_index: Path) -> Iterator[str]:
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
    app = make_app(service, rules=Rules(allowed_origins=[host_url]), title="Footnote")
    with serving_app(app, bot), serving_app(bare_page(bot_url), host):
        wait_until_ready(service)
        yield host_url


def test_why_no_model_wrote_is_said(browser: Browser, site_without_its_model: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 760})
    page.goto(site_without_its_model)
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("textbox").fill("Who coined the term narco-peace?")
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_text("cannot be reached. These are quotes").first).to_be_visible(
        timeout=30_000
    )
    expect(page.get_by_role("button", name="Source 1").first).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "widget-no-model.png")
    page.close()


def test_small_talk_is_answered_and_a_question_offered(host_page: Page) -> None:
    host_page.get_by_role("button", name="Ask").click()
    host_page.get_by_role("textbox").fill("hi")
    host_page.get_by_role("textbox").press("Enter")
    reply = host_page.get_by_text("I answer from the documents here").first
    expect(reply).to_be_visible(timeout=30_000)
    expect(host_page.get_by_text("The documents don")).to_have_count(0)
    host_page.locator(".next button").first.click()
    expect(host_page.get_by_role("button", name="Source 1").first).to_be_visible(timeout=30_000)
    ARTIFACTS.mkdir(exist_ok=True)
    host_page.screenshot(path=ARTIFACTS / "widget-next.png")


def test_escape_closes_and_gives_the_focus_back(host_page: Page) -> None:
    launcher = host_page.get_by_role("button", name="Ask")
    launcher.click()
    host_page.get_by_role("textbox").press("Escape")
    expect(launcher).to_be_focused()


def test_a_site_that_is_not_on_the_list_is_told_so(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.host_page.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("textbox").fill("Who coined the term narco-peace?")
    page.get_by_role("textbox").press("Enter")
    expect(page.get_by_text("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS").first).to_be_visible(timeout=30_000)
    context.close()


def test_widget_is_accessible(browser: Browser, site: Site) -> None:
    """Axe needs to run script of its own, which the bare page's policy forbids."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(site.host_page)
    page.get_by_role("button", name="Ask").click()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert [violation["id"] for violation in found.response["violations"]] == []
    context.close()
