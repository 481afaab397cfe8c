"""What can go wrong is said on the page in a sentence of its own, and the question is kept."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from conftest import Site, listen, serving_app, wait_until_ready
from playwright.sync_api import Browser, Route, expect
from scripted import CUT, Scripted, serving
from watched import WAIT_MS, Watched, watching

from chatbot.errors import StillLoading
from chatbot.models import Limits, Model, ModelSettings, load_model
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

pytestmark = pytest.mark.browser

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
LIMITS = Limits(
    connect_seconds=1, first_token_seconds=20, between_tokens_seconds=20, total_seconds=30
)
ANSWERS = "turns => turns.map(turn => turn.dataset.answer)"
JOIN = "**/gradio_api/queue/join*"


@contextmanager
def bot(
    index: Path, model: Model | None = None, *, strict: bool = True, port: int = 0
) -> Iterator[str]:
    service = Service(
        index=index,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        model=model,
        strict=strict,
    )
    service.start()
    listener = socket.create_server(("127.0.0.1", port))
    with (
        closing(listener),
        serving_app(make_app(service, rules=ChatbotTable()), listener),
    ):
        wait_until_ready(service)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def script() -> Iterator[Scripted]:
    with serving("openai-compatible") as script:
        yield script


@pytest.fixture(scope="module")
def written(bundled_index: Path, script: Scripted) -> Iterator[str]:
    """A bot whose model writes what it is told to, and what nothing carries is shown, marked."""
    settings = ModelSettings(base_url=script.base_url, **LIMITS.model_dump())
    model = load_model("openai-compatible:tiny", settings)
    with bot(bundled_index, model, strict=False) as url:
        yield url


@pytest.fixture
def watched(browser: Browser, site: Site) -> Iterator[Watched]:
    with watching(browser, site.url) as watched:
        yield watched


def retry(watched: Watched, answer: str = "411 homicides") -> None:
    """Press it: the question is asked again, and answered."""
    watched.turn().get_by_role("button", name="Try again").click()
    expect(watched.page.locator("#fn-log")).to_contain_text(answer, timeout=WAIT_MS)
    expect(watched.page.locator(".fn-problem")).to_have_count(0)
    assert watched.page.locator("#fn-log .fn-asked").all_inner_texts() == [QUESTION]


def test_too_busy(watched: Watched) -> None:
    refuse = {"status": 503, "content_type": "application/json", "body": '{"error": "queue full"}'}
    watched.page.route(JOIN, lambda route: route.fulfill(**refuse))
    watched.type(QUESTION)
    expect(watched.turn()).to_contain_text("Too many questions are being answered")
    expect(watched.said()).to_contain_text("Too many questions")
    watched.keep("busy")
    assert watched.violations() == []
    watched.page.unroute(JOIN)
    retry(watched)


def test_offline(watched: Watched) -> None:
    watched.page.context.set_offline(True)
    watched.type(QUESTION)
    expect(watched.turn()).to_contain_text("You are offline. Your question is kept")
    watched.page.context.set_offline(False)
    retry(watched)


def test_a_server_that_is_not_there(watched: Watched) -> None:
    watched.page.route(JOIN, lambda route: route.abort("connectionrefused"))
    watched.type(QUESTION)
    expect(watched.turn()).to_contain_text("The server cannot be reached just now")
    watched.page.unroute(JOIN)
    retry(watched)


def test_a_connection_lost_in_the_middle(browser: Browser, written: str, script: Scripted) -> None:
    dialect = script.dialect
    script.steps = [dialect.begin(), dialect.text(f"{COUNTED} And then"), 15.0]
    with watching(browser, written) as watched:
        watched.type(QUESTION)
        expect(watched.turn()).to_contain_text("411 homicides", timeout=WAIT_MS)
        watched.keep("writing")
        assert watched.violations() == []
        watched.page.context.set_offline(True)
        expect(watched.turn().locator(".fn-problem")).to_be_visible()
        expect(watched.turn().locator(".fn-problem")).to_contain_text("You are offline")
        expect(watched.turn().locator(".fn-notice")).to_contain_text("was interrupted")
        expect(watched.turn().locator(".fn-sources blockquote")).to_be_visible()
        watched.keep("lost")
        assert watched.violations() == []
        watched.page.context.set_offline(False)
        script.says(COUNTED)
        retry(watched)


def test_stopped_keeps_what_was_checked(browser: Browser, written: str, script: Scripted) -> None:
    dialect = script.dialect
    script.steps = [dialect.begin(), dialect.text(f"{COUNTED} And then"), 15.0]
    with watching(browser, written) as watched:
        watched.type(QUESTION)
        expect(watched.turn()).to_contain_text("411 homicides", timeout=WAIT_MS)
        marker = watched.turn().locator(".fn-marker").first
        marker.hover()  # the card is there while the answer still grows
        expect(watched.page.get_by_role("tooltip")).to_contain_text("411 homicides")
        watched.page.keyboard.press("Escape")
        expect(watched.page.get_by_role("tooltip")).to_have_count(0)
        watched.page.keyboard.press("Escape")
        expect(watched.turn()).to_contain_text("You stopped this answer.")
        expect(watched.turn()).to_contain_text("411 homicides")
        watched.keep("stopped")
        assert watched.violations() == []
        script.says(COUNTED)
        retry(watched)


def test_a_growing_answer_is_added_to_and_never_drawn_again(
    browser: Browser, written: str, script: Scripted
) -> None:
    dialect = script.dialect
    second = "Before the transfers, El Salvador typically saw 14 killings a day."
    script.steps = [
        dialect.begin(),
        dialect.text(f"{COUNTED} Bef"),
        3.0,
        dialect.text(f"{second[3:]} "),
        dialect.end(),
        dialect.last,
    ]
    with watching(browser, written) as watched:
        watched.type(QUESTION)
        marker = watched.turn().locator(".fn-marker").first
        expect(marker).to_be_visible(timeout=WAIT_MS)
        marker.focus()
        first = watched.turn().locator(".fn-sentence").first.element_handle()
        expect(watched.turn()).to_have_attribute("data-state", "done", timeout=WAIT_MS)
        expect(watched.turn()).to_contain_text("14 killings")
        expect(marker).to_be_focused()
        assert first.evaluate("node => node.isConnected")


def test_verdicts_are_words_and_not_colours_alone(
    browser: Browser, written: str, script: Scripted
) -> None:
    script.says(f"{COUNTED} The moon is made of green cheese from Larkford.")
    with watching(browser, written) as watched:
        turn = watched.ask(QUESTION)
        doubted = turn.locator('.fn-sentence[data-verdict="unsupported"]')
        expect(doubted).to_contain_text("Not found in the documents")
        expect(turn.locator(".fn-verdicts li")).to_have_count(2)
        turn.locator(".fn-about summary").click()
        expect(turn.locator(".fn-about")).to_contain_text("openai-compatible:tiny")
        expect(turn.locator(".fn-about")).to_contain_text("90 read, 9 written")
        watched.keep("verdicts")
        assert watched.violations() == []


def test_a_model_that_fails_leaves_quotes_and_says_so(
    browser: Browser, written: str, script: Scripted
) -> None:
    script.steps = [script.dialect.begin(), CUT]
    with watching(browser, written) as watched:
        turn = watched.ask(QUESTION)
        expect(turn.locator(".fn-notice")).to_contain_text("no model wrote an answer")
        expect(turn.locator(".fn-sources blockquote").first).to_be_visible()
        watched.keep("no-model")
        assert watched.violations() == []


def test_a_server_that_has_just_started(browser: Browser, bundled_index: Path) -> None:
    """The page is there at once; whoever asks before the index is open hears so."""
    opened = Event()

    class Slow(Service):
        def wait(self) -> None:
            if not opened.is_set():
                raise StillLoading("Footnote is still loading; ask again shortly.")
            super().wait()

    service = Slow(
        index=bundled_index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    listener = listen()
    with ExitStack() as stack:
        app = make_app(service, rules=ChatbotTable())
        stack.enter_context(serving_app(app, listener))
        opened.set()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        watched = stack.enter_context(watching(browser, url))
        opened.clear()
        watched.type(QUESTION)
        expect(watched.turn()).to_contain_text("still opening its index", timeout=WAIT_MS)
        opened.set()
        retry(watched)


def test_what_a_server_forgets_when_it_starts_anew_stays(
    browser: Browser, bundled_index: Path
) -> None:
    first = "Who is Carlos Marroquín?"
    asked = [first, QUESTION, "Which office does he head?"]
    with ExitStack() as stack:
        with bot(bundled_index) as url:
            watched = stack.enter_context(watching(browser, url))
            watched.ask(first)
        stack.enter_context(bot(bundled_index, port=int(url.rpartition(":")[2])))
        watched.ask(QUESTION)
        watched.ask(asked[2])
        assert watched.page.locator("#fn-log .fn-asked").all_inner_texts() == asked
        watched.tool("history").click()
        expect(watched.page.locator("#fn-panel")).to_contain_text("3 questions")


def test_what_a_server_lets_go_of_in_a_long_conversation_stays(
    browser: Browser, bundled_index: Path
) -> None:
    asked = [
        QUESTION,
        QUESTION,
        *(f"How many homicides were there in {1990 + n}?" for n in range(9)),
    ]
    with bot(bundled_index) as url, watching(browser, url) as watched:
        done = watched.page.locator("#fn-log .fn-turn[data-state=done]")
        for number, question in enumerate(asked, 1):
            watched.type(question)
            expect(done).to_have_count(number, timeout=WAIT_MS)
        assert watched.page.locator("#fn-log .fn-asked").all_inner_texts() == asked
        assert len(set(done.evaluate_all(ANSWERS))) == len(asked)
        watched.page.locator("#fn-log .fn-turn").nth(1).get_by_role("button", name="Edit").click()
        expect(watched.page.locator("#fn-editing")).to_be_visible()
        watched.type("Who is Carlos Marroquín?")
        expect(done).to_have_count(2, timeout=WAIT_MS)
        assert watched.page.locator("#fn-log .fn-asked").all_inner_texts() == [
            QUESTION,
            "Who is Carlos Marroquín?",
        ]


def test_an_index_that_cannot_be_read(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "generations" / "20260101T000000000000").mkdir(parents=True)
    (tmp_path / "CURRENT").write_text("20260101T000000000000")
    service = Service(
        index=tmp_path, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    listener = listen()
    with (
        serving_app(make_app(service, rules=ChatbotTable()), listener),
        watching(browser, f"http://127.0.0.1:{listener.getsockname()[1]}") as watched,
    ):
        expect(watched.page.locator(".fn-unavailable")).to_contain_text("being rebuilt")
        expect(watched.page.get_by_role("button", name="Check again")).to_be_visible()


def test_a_document_that_cannot_be_opened(watched: Watched) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="{}")

    watched.page.route("**/api/documents/**", refuse)
    watched.ask(QUESTION).locator(".fn-marker").first.click()
    expect(watched.page.locator("#fn-panel")).to_contain_text("could not be opened")
    watched.page.unroute("**/api/documents/**")
    watched.page.keyboard.press("Escape")
    watched.turn().locator(".fn-marker").first.click()
    expect(watched.page.locator("#fn-mark")).to_be_visible()
