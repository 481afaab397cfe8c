"""What tests share: the real embedder, a real index of the bundled documents, the public sets."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from chatbot.errors import StillLoading
from chatbot.reading import Reader
from chatbot.service import Service
from chatbot.span_reader import SpanReader
from chatbot.suggest import KnownQuestion, store_questions
from corpus.load import Corpus, load_corpus
from index.build import build_index
from index.embed import BUNDLED, Embedder, load_embedder
from index.generation import Generation, open_current
from index.split import PASSAGE_TOKENS

Outcome = TypeVar("Outcome")

# Before its library is imported, which would look a name up for a minute.
os.environ["HF_HUB_OFFLINE"] = "1"
# A shell's background job ignores it, and so would every command that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
ROOT = Path(__file__).parent.parent
DOCUMENTS = ROOT / "corpus" / "documents"
ARTIFACTS = ROOT / "tests" / "artifacts"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KNOWN = {
    "Who is Carlos Marroquín?": "Carlos Marroquín is the head of the Social Fabric Reconstruction "
    "Unit (Unidad de Reconstrucción del Tejido Social).",
    "Since when has Marroquín acted on Bukele's behalf?": (
        "Marroquín has acted on Bukele's behalf since 2015."
    ),
}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        if name != "FOOTNOTE_TEST_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder(BUNDLED)


@pytest.fixture(scope="session")
def bundled_corpus() -> Corpus:
    return load_corpus([DOCUMENTS])


@pytest.fixture(scope="session")
def bundled_index(
    tmp_path_factory: pytest.TempPathFactory, bundled_corpus: Corpus, embedder: Embedder
) -> Path:
    """The folder of a real index of corpus/documents, with two questions known to be answered."""
    folder = tmp_path_factory.mktemp("index")
    build(bundled_corpus, folder, embedder)
    generation = open_index(folder)
    place = "el-salvador/carlos-marroquin-negotiator.pdf"
    text = generation.document(place).text
    known = [
        KnownQuestion(question, place, start := text.index(quote), start + len(quote))
        for question, quote in KNOWN.items()
    ]
    store_questions(generation, known)
    generation.close()
    return folder


@pytest.fixture(scope="session")
def generation(bundled_index: Path) -> Iterator[Generation]:
    opened = open_index(bundled_index)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def reader(generation: Generation, embedder: Embedder) -> Reader:
    """What answers from the bundled documents, with no model."""
    return Reader(generation=generation, embedder=embedder, span_reader=SpanReader())


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of public sets, which are not part of the project."""
    folder = os.environ.get("FOOTNOTE_TEST_DATA")
    if not folder:
        pytest.skip("FOOTNOTE_TEST_DATA does not name a folder of public sets")
    path = Path(folder)
    return path if path.is_absolute() else (ROOT / path)


@dataclass(frozen=True)
class Site:
    """A server on loopback: where it is, and the sites it lets ask."""

    url: str
    host_page: str
    app: FastAPI


@pytest.fixture(scope="session")
def site(bundled_index: Path) -> Iterator[Site]:
    """The real app over the bundled documents, and a bare page of another origin beside it."""
    from chatbot.server import make_app
    from chatbot.settings import ChatbotTable

    bot, host = listen(), listen()
    bot_url = f"http://127.0.0.1:{bot.getsockname()[1]}"
    host_url = f"http://127.0.0.1:{host.getsockname()[1]}"
    service = Service(
        index=bundled_index,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        model=None,
        suggestions=["Who coined the term narco-peace?", "How tall is Mount Everest?"],
    )
    service.start()
    app = make_app(service, rules=ChatbotTable(allowed_origins=[host_url]))
    with serving_app(app, bot), serving_app(bare_page(bot_url), host):
        wait_until_ready(service)
        yield Site(url=bot_url, host_page=host_url, app=app)


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose index is not there."""
    from chatbot.server import make_app
    from chatbot.settings import ChatbotTable

    service = Service(
        index=tmp_path, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    listener = listen()
    with serving_app(make_app(service, rules=ChatbotTable()), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without one the tests that need it are skipped, but never in CI."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a Chromium")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=CHROMIUM)
        yield opened
        opened.close()


def widget_tag(bot_url: str, attributes: str = "") -> str:
    """The tag that a site pastes: these very bytes, held to by their hash."""
    from chatbot.embed import widget_file

    file = widget_file()
    return (
        f'<script src="{bot_url}{file.path}" integrity="{file.integrity}" '
        f'crossorigin="anonymous" defer {attributes}></script>'
    )


def bare_page(bot_url: str) -> FastAPI:
    """Pages of another site. What holds the widget is under the strictest policy it can bear.

    At /made, a page with the body, the language and direction asked for, under that policy or none;
    at /frame, with no policy, one that holds the chat page in a frame.
    """
    from fastapi.responses import HTMLResponse, Response

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    policy = (
        f"default-src 'none'; script-src {bot_url}; connect-src {bot_url}; "
        "require-trusted-types-for 'script'"
    )
    strict = {
        "content-security-policy": policy,
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-opener-policy": "same-origin",
    }

    @app.get("/")
    def page() -> HTMLResponse:
        return made(body=f"<h1>A bare page</h1>{widget_tag(bot_url)}")

    @app.get("/made")
    def made(body: str, html: str = 'lang="en"', is_strict: bool = True) -> HTMLResponse:
        head = '<meta name="viewport" content="width=device-width"><title>A page</title>'
        text = f"<!doctype html><html {html}><head>{head}</head><body>{body}</body></html>"
        return HTMLResponse(text, headers=strict if is_strict else {})

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response(status_code=204)

    @app.get("/frame")
    def frame() -> HTMLResponse:
        return HTMLResponse(f'<iframe src="{bot_url}/" width="800" height="600"></iframe>')

    return app


def run(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run it in a thread of its own: Playwright, where it runs, has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def listen() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


@contextmanager
def serving_app(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        thread.join(timeout=10)


def wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if service.scope().suggestions:
                return
        except StillLoading:
            pass
        time.sleep(0.1)
    pytest.fail("the server was not ready in two minutes")


def build(corpus: Corpus, folder: Path, embedder: Embedder) -> None:
    build_index(
        corpus,
        index=folder,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        load_embedder=lambda _: embedder,
    )


def open_index(folder: Path) -> Generation:
    return open_current(folder, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)


@dataclass(frozen=True)
class Served:
    """`footnote serve` as a process of its own: its address, and the file of its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged, but for what it says to whoever starts it."""
        said = self.log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in said if not line.startswith("Starting ")]


@contextmanager
def served(
    index: Path, folder: Path, *arguments: str, port: str = "", **settings: str
) -> Iterator[Served]:
    """Serve an index; `settings` are environment variables less their FOOTNOTE_."""
    with listen() as listener:
        port = port or str(listener.getsockname()[1])
    environment = {**os.environ, **{f"FOOTNOTE_{k}": v for k, v in settings.items()}}
    command = [sys.executable, str(ROOT / "footnote.py"), "serve"]
    command += ["--index", str(index), "--port", port]
    log = folder / "serve.log"
    with (
        log.open("wb") as said,
        subprocess.Popen([*command, *arguments], cwd=ROOT, env=environment, stderr=said) as process,
    ):
        there = Served(f"http://127.0.0.1:{port}", process, log)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                with suppress(httpx.TransportError):
                    if httpx.get(f"{there.url}/readyz").status_code == 200:
                        break
                time.sleep(0.1)
            yield there
        finally:
            process.kill()
