"""`footnote widget snippet`: what a site owner pastes, and whether it would work."""

import base64
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from conftest import Site, listen, serving_app, wait_until_ready
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, expect

from chatbot.embed import widget_file
from chatbot.errors import WrongSetting
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable, Settings
from chatbot.snippet import Snippet, make_snippet, show_snippet
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

SITE, BOT = "https://example.org", "https://bot.example.org"


def snippet(site: str = SITE, bot: str | None = BOT, **chatbot: object) -> Snippet:
    settings = Settings(chatbot=ChatbotTable.model_validate(chatbot))
    return make_snippet(settings, site=site, bot=bot)


def test_the_tag_names_these_bytes() -> None:
    made, file = snippet(), widget_file()
    assert made.tag == (
        f'<script src="{BOT}{file.path}" integrity="{file.integrity}" crossorigin defer></script>'
    )
    digest = base64.b64encode(hashlib.sha384(file.text).digest()).decode()
    assert made.integrity == f"sha384-{digest}"
    assert (made.script_src, made.connect_src) == (BOT, BOT)


def test_what_it_names_is_what_the_server_sends(site: Site) -> None:
    made = snippet(site.host_page, f"{site.url}/", allowed_origins=[site.host_page])
    response = httpx.get(made.src)
    digest = base64.b64encode(hashlib.sha384(response.content).digest()).decode()
    assert made.integrity == f"sha384-{digest}"
    assert response.headers["access-control-allow-origin"] == "*"  # or integrity is not checked
    assert made.allowed


@pytest.mark.browser
def test_a_browser_takes_it_under_the_policy_that_it_prints(
    bundled_index: Path, browser: Browser
) -> None:
    bot, host = listen(), listen()
    bot_url, host_url = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (bot, host))
    made = snippet(host_url, bot_url, allowed_origins=[host_url])
    policy = f"default-src 'none'; script-src {made.script_src}; connect-src {made.connect_src}"
    pasted, refused = FastAPI(), list[str]()

    @pasted.get("/")
    def page_of_a_site() -> HTMLResponse:
        text = f'<!doctype html><html lang="en"><title>A site</title><p>Text</p>{made.tag}'
        return HTMLResponse(text, headers={"content-security-policy": policy})

    service = Service(
        index=bundled_index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    app = make_app(service, rules=ChatbotTable(allowed_origins=[host_url]))
    with serving_app(app, bot), serving_app(pasted, host):
        wait_until_ready(service)
        page = browser.new_page()
        page.on("console", lambda message: refused.append(message.text))
        page.goto(host_url)
        page.get_by_role("button").first.click()
        box = page.get_by_role("textbox").first
        box.fill("Who coined the term narco-peace?")
        box.press("Enter")
        expect(page.get_by_text("Felbab-Brown").first).to_be_visible(timeout=30_000)
        page.close()
    assert [text for text in refused if "favicon" not in text] == []


def test_a_bot_below_a_path_is_loaded_from_there() -> None:
    made = snippet(bot=f"{BOT}/help/")
    assert made.src.startswith(f"{BOT}/help/widget/v")
    assert made.script_src == BOT  # a policy names hosts
    assert snippet(bot="https://BOT.example.org/help/widget.js") == made
    assert snippet(bot=f"{BOT}/widget.js").tag == snippet().tag
    assert snippet(bot=None, root_path="/help").src.startswith("https://your-bot.example/help/")


@pytest.mark.parametrize(
    ("allowed", "good", "says"),
    [
        ([], False, f"are not on the list; set FOOTNOTE_CHATBOT_ALLOWED_ORIGINS={SITE},{BOT}"),
        ([SITE], False, f"{BOT} is not on the list; set FOOTNOTE_CHATBOT_ALLOWED_ORIGINS={SITE},"),
        (["http://example.org", BOT], False, "browsers tell http from https"),
        ([SITE, BOT], True, f"{SITE} may ask; no server answers at 127.0.0.1:9, so only"),
    ],
)
def test_whether_it_would_work_is_said(allowed: list[str], good: bool, says: str) -> None:
    made = snippet(allowed_origins=allowed, port=9)
    assert made.allowed is good
    assert says in made.says[-1]
    assert made.says[-1] in show_snippet(made)


def test_the_server_that_runs_has_the_last_word(site: Site) -> None:
    port = int(site.url.rpartition(":")[2])
    made = snippet(bot=site.url, allowed_origins=[SITE], port=port)
    assert not made.allowed
    assert "start it again" in made.says[-1]
    made = snippet(site.host_page, site.url, port=port)  # these settings name nobody
    assert made.allowed
    assert "lets it, although these settings do not" in made.says[-1]
    made = snippet(site.host_page, BOT, allowed_origins=[site.host_page], port=port)
    assert f"{BOT} is not on the list" in made.says[-1]  # nor does the server go by that name


def test_without_the_bots_address_its_place_is_shown() -> None:
    made = snippet(bot=None)
    assert "--bot" in made.says[0]
    assert "your-bot.example" in made.tag


def test_a_page_over_https_cannot_load_it_over_http() -> None:
    assert any("over http" in said for said in snippet(bot="http://bot.example.org").says)
    assert len(snippet().says) == 1
    for here in ("http://127.0.0.1:7860", "http://localhost", "http://[::1]:7860"):
        assert not any("over http" in said for said in snippet(bot=here, port=9).says)


@pytest.mark.parametrize("site", ["example.org", f"{SITE}/page", "null", "*", "", "ftp://x", "a b"])
def test_a_site_that_is_none_is_refused(site: str) -> None:
    with pytest.raises(WrongSetting, match=r"is no origin; it is written like https?://[\w.]+\.$"):
        snippet(site)


@pytest.mark.parametrize("bot", ["bot.example.org", "ftp://x", f"{BOT}/a?b", 'https://x"><script>'])
def test_a_bot_that_is_none_is_refused(bot: str) -> None:
    with pytest.raises(WrongSetting, match="is no address of a bot; write it like https://bot"):
        snippet(bot=bot)


def test_it_is_text_that_can_be_pasted() -> None:
    lines = show_snippet(snippet()).splitlines()
    assert sum(line.startswith("<script ") for line in lines) == 1
    assert re.search(r"ALLOWED_ORIGINS=\S+[a-z]$", show_snippet(snippet()), re.MULTILINE)
