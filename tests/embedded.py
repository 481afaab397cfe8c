"""The widget in a page of another site, in a real browser, with what was asked and refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from axe_playwright_python.sync_playwright import Axe
from conftest import ARTIFACTS, widget_tag
from playwright.sync_api import Browser, Locator, Page, expect
from watched import RULES, WAIT_MS

STRICT: dict[str, Any] = {}
FREE = {"is_strict": False}  # no policy, so that a test may run script and style of its own
NOTED = """
    addEventListener("securitypolicyviolation", (event) =>
        console.error("Refused by policy: " + event.violatedDirective + " " + event.blockedURI));
"""


class Embedded:
    """One page with the widget; what its parts are called is what a site calls them too."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page, self.kind = page, kind
        self.urls: list[str] = []
        self.refused: list[str] = []
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("requestfailed", self._fail)
        page.on("console", lambda m: self.refused.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.refused.append(str(error)))

    def _fail(self, request: Any) -> None:  # noqa: ANN401
        if "ERR_ABORTED" not in (request.failure or ""):  # a stopped answer
            self.refused.append(f"{request.url} {request.failure}")

    def part(self, name: str) -> Locator:
        return self.page.locator(f'{self.kind} [part~="{name}"]')

    def open(self) -> None:
        self.part("launcher").click()
        expect(self.part("input")).to_be_focused()

    def type(self, question: str) -> None:
        self.part("input").fill(question)
        self.part("input").press("Enter")

    def ask(self, question: str) -> Locator:
        """Ask, and return the turn once it has ended, however."""
        self.type(question)
        turn = self.page.locator(f"{self.kind} article", has_text=question).last
        expect(turn).to_have_attribute("aria-busy", "false", timeout=WAIT_MS)
        return turn

    def focused(self) -> str:
        """Return the part that has the focus, or the element of the page around."""
        name = self.page.evaluate(
            "() => { const at = document.activeElement, within = at.shadowRoot?.activeElement;"
            " return within ? within.part.value : at.id || at.localName; }"
        )
        return str(name)

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


@contextmanager
def embedding(
    browser: Browser,
    host: str,
    bot: str,
    *,
    body: str = "<h1>A page</h1>",
    attributes: str = "",
    kind: str = "footnote-widget",
    made: Mapping[str, Any] = STRICT,
    **how: Any,  # noqa: ANN401
) -> Iterator[Embedded]:
    """Open a page of `host` with the tag of `bot` after its body; whatever is refused fails."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **how})
    page = context.new_page()
    page.add_init_script(NOTED)
    there = Embedded(page, kind)
    whole = body + widget_tag(bot, attributes)
    page.goto(f"{host}/made?{urlencode({'body': whole, **made})}")
    yield there
    context.close()
    assert there.refused == []
    assert {url for url in there.urls if not url.startswith((host, bot))} == set()
