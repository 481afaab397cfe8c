"""Behind a real nginx on a sub-path, and in frames of other sites."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from threading import Event

import httpx
import pytest
from conftest import Site, bare_page, listen, serving_app, wait_until_ready
from playwright.sync_api import Browser, expect
from scripted import read_stream, serving

from chatbot.models import ModelSettings, load_model
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /help/desk/ {{
      proxy_pass {backend};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, backend: str) -> Iterator[str]:
    """Serve `backend` below /help/desk/ of an nginx on a free port."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have nginx")
        pytest.skip("no nginx on this machine")
    with listen() as listener:
        port = listener.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, backend=backend))
    with subprocess.Popen([found, "-e", "stderr", "-p", folder, "-c", config]) as process:
        try:
            url = f"http://127.0.0.1:{port}/help/desk/"
            until = time.monotonic() + 10
            while time.monotonic() < until:
                try:
                    httpx.get(url)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield url
        finally:
            process.terminate()


@dataclass(frozen=True)
class Behind:
    """Where the server is; its model goes on once what it began with is `shown`."""

    url: str
    shown: Event


@pytest.fixture(scope="module", params=["cut off", "kept"])
def behind(
    bundled_index: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Behind]:
    """A server behind nginx, which cuts the sub-path off or keeps it; its model pauses midway."""
    with serving("openai-compatible") as script:
        dialect, shown = script.dialect, Event()
        first, rest = dialect.text(f"{COUNTED} There were"), dialect.text(" 411 homicides.")
        script.steps = [dialect.begin(), first, shown, rest, dialect.end(), dialect.last]
        service = Service(
            index=bundled_index,
            embedding_model=BUNDLED,
            passage_tokens=PASSAGE_TOKENS,
            model=load_model("openai-compatible:tiny", ModelSettings(base_url=script.base_url)),
        )
        service.start()
        app = make_app(
            service,
            rules=ChatbotTable(
                title="Help desk",
                trusted_proxies=[ip_network("127.0.0.1")],
                root_path="/help/desk",
            ),
        )
        listener = listen()
        backend = f"http://127.0.0.1:{listener.getsockname()[1]}"
        backend += "/" if request.param == "cut off" else ""
        with (
            serving_app(app, listener),
            nginx(tmp_path_factory.mktemp("nginx"), backend) as proxied,
        ):
            wait_until_ready(service)
            yield Behind(proxied, shown)


def test_an_answer_streams_through_nginx(behind: Behind) -> None:
    headers = {"accept": "text/event-stream"}
    body, url = {"question": QUESTION}, f"{behind.url}api/ask"
    behind.shown.clear()
    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
        assert not read_stream(answer, behind.shown)[
            "notices"
        ]  # it failed, if its words were gathered


def test_only_the_sub_path_is_there(behind: Behind) -> None:
    url = behind.url
    assert httpx.get(f"{url}readyz").json() == {"status": "ready"}
    assert len(httpx.get(f"{url}api/documents").json()["documents"]) == 17
    assert httpx.get(f"{url}config").status_code == 404
    said = httpx.post(f"{url}api/feedback", json={}).json()["error"]
    assert "answer_id" in said
    assert httpx.get(f"{url}", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.browser
def test_the_page_works_below_a_sub_path(behind: Behind, browser: Browser) -> None:
    page, url = browser.new_page(), behind.url
    behind.shown.clear()
    bad: list[str] = []
    page.on("response", lambda r: bad.append(r.url) if r.status >= 400 else None)
    page.on("request", lambda r: None if r.url.startswith((url, "data:")) else bad.append(r.url))
    page.goto(url)
    page.get_by_role("textbox").first.fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#fn-conversation")).to_contain_text("411 homicides", timeout=30_000)
    assert page.locator('.fn-turn[data-state="done"]').count() == 0
    behind.shown.set()
    expect(page.locator('.fn-turn[data-state="done"]')).to_be_visible(timeout=30_000)
    page.locator(".fn-marker").first.click()
    expect(page.locator("#fn-mark")).to_contain_text("411 homicides")
    assert bad == []
    page.close()


@pytest.mark.browser
def test_frames_only_in_sites_that_are_allowed(site: Site, browser: Browser) -> None:
    refused: list[str] = []
    page, other = browser.new_page(), listen()
    page.on("console", lambda message: refused.append(message.text))
    with serving_app(
        bare_page(site.url), other
    ):  # a site like the allowed one, but not on the list
        page.goto(f"http://127.0.0.1:{other.getsockname()[1]}/frame")
        page.wait_for_timeout(1000)
        assert any("frame-ancestors" in text for text in refused)
        assert page.frame_locator("iframe").locator("#fn-question").count() == 0
    page.goto(f"{site.host_page}/frame")
    box = page.frame_locator("iframe").locator("#fn-question textarea")
    box.fill("Which office does Carlos Marroquín head?")
    box.press("Enter")
    inside = page.frame_locator("iframe").locator("#fn-conversation")
    expect(inside).to_contain_text("Social Fabric", timeout=30_000)
    page.close()
