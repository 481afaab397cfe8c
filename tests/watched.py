"""A page in a real browser, with what it asked of other hosts and what its policy refused."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from conftest import ARTIFACTS
from playwright.sync_api import Browser, Locator, Page, expect

RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
WAIT_MS = 30_000


class Watched:
    def __init__(self, page: Page, own: str) -> None:
        self.page = page
        self.own = own
        self.foreign: list[str] = []
        self.refused: list[str] = []
        page.on("request", lambda r: self._note(r.url))
        page.on("websocket", lambda w: self.foreign.append(w.url))
        page.on("console", lambda m: self._read(m.text))
        page.on("pageerror", lambda error: self.refused.append(str(error)))

    def _note(self, url: str) -> None:
        if not url.startswith((self.own, "data:", "blob:")):
            self.foreign.append(url)

    def _read(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.refused.append(text)

    def open(self) -> None:
        self.page.goto(self.own)
        self.page.wait_for_selector("#fn-opening .fn-ask, .fn-unavailable")

    def box(self) -> Locator:
        return self.page.locator("#fn-question textarea")

    def turn(self) -> Locator:
        return self.page.locator("#fn-log .fn-turn").last

    def type(self, question: str) -> None:
        self.box().fill(question)
        self.box().press("Enter")

    def ask(self, question: str) -> Locator:
        """Ask, and return the finished turn."""
        self.type(question)
        asked = self.page.locator("#fn-log .fn-turn", has_text=question).last
        expect(asked).to_have_attribute("data-state", "done", timeout=WAIT_MS)
        return asked

    def tool(self, name: str) -> Locator:
        return self.page.locator(f"#fn-page .fn-tool[data-open={name}]")

    def said(self) -> Locator:
        return self.page.get_by_role("status").and_(self.page.locator("#fn-announcer"))

    def keep(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", animations="disabled")

    def violations(self) -> list[str]:
        found = Axe().run(self.page, options={"runOnly": RULES})
        return [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    def overflows(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return max(0, int(wide))

    def focused(self) -> str:
        """Return the accessible name, or what stands for it, of what has the focus."""
        name = self.page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
        )
        return re.sub(r"\s+", " ", name or "").strip()


@contextmanager
def watching(browser: Browser, url: str, **how: Any) -> Iterator[Watched]:  # noqa: ANN401
    """Open the page and, in the end, see that nothing foreign was asked and nothing refused."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    watched = Watched(context.new_page(), url)
    watched.open()
    yield watched
    context.close()
    assert watched.foreign == []
    assert watched.refused == []
