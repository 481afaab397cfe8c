import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import ARTIFACTS
from jinja2 import UndefinedError
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, expect

from eval.report_page import as_html, as_markdown

Report = dict[str, Any]
SYSTEMS = [
    "Footnote",
    "always abstains",
    "never abstains",
    "random sentence",
    "first three sentences",
    "BM25 sentence",
]
METRICS: dict[str, tuple[str, list[float | None]]] = {
    "hit@10": (
        "How often one of the first ten passages found holds words that answer.",
        [0.96, None, None, None, None, 0.91],
    ),
    "quote exactness": (
        "How many quotes stand in the document, letter for letter.",
        [1.0, None, 1.0, 1.0, 1.0, 1.0],
    ),
    "gold-span hit": (
        "How often the words cited are words that answer.",
        [0.71, 0.0, 0.78, 0.05, 0.12, 0.44],
    ),
    "abstention accuracy": (
        "How often it answers exactly when the documents do.",
        [0.82, 0.5, 0.5, 0.5, 0.5, 0.5],
    ),
    "joint score": (
        "1 for right with the right words, 0 for needless silence, −1 for anything wrong.",
        [0.68, 0.5, -0.11, -0.95, -0.88, -0.56],
    ),
    "hallucination rate": (
        "How often it answers what the documents do not say.",
        [0.12, 0.0, 1.0, 1.0, 1.0, 1.0],
    ),
    "coverage at 5 % risk": (
        "How many questions it can answer with one answer in twenty wrong.",
        [0.61, None, 0.4, 0.01, 0.02, 0.14],
    ),
    "Brier": (
        "How far what it says of its sureness lies from how right it is, squared.",
        [0.14, 0.15, None, None, None, None],
    ),
}
QUESTIONS = [
    ("Which office does Carlos Marroquín head?", "the Social Fabric Reconstruction Unit"),
    ("How many homicides did El Salvador have in January 2012?", "411"),
    ("Who took the photograph of the soldier on patrol?", "Marvin Recinos"),
    ("¿Cuándo se trasladó a los líderes de las pandillas?", "8 y 9 de marzo de 2012"),
    ("What did the bishop earn for his part in the truce?", ""),
]
VERDICTS = {
    True: ["answered rightly", "rightly said that the documents don’t say"],
    False: ["answered from other words", "needless silence", "answered, though nothing is said"],
}
HOSTILE = (
    "<script>window.hacked = 1</script></style></script><img src=x onerror=window.hacked=1>"
    "\"'><a href='javascript:window.hacked=1'>javascript:window.hacked=1</a> {{ 7 * 7 }} "
    "| `code` **bold** [link](https://example.org/) ![i](https://example.org/i.png) \u202e rtl "
    "שלום עולם \x00\ud800 &lt;b&gt; " + "x" * 400
)


def figure(mean: float | None, against: float | None = None) -> dict[str, Any]:
    if mean is None:
        empty = dict.fromkeys(("mean", "standard_error", "low", "high"))
        return {"count": 0, "unscored": 30} | empty
    found = {"count": 28, "mean": mean, "standard_error": 0.04, "unscored": 2}
    found |= {"low": max(mean - 0.09, -1.0), "high": min(mean + 0.08, 1.0)}
    if against is None:
        return found
    by = against - mean
    return found | {"difference": {"mean": by, "low": by - 0.08, "high": by + 0.09}}


def passages(number: int) -> list[dict[str, Any]]:
    cited = [
        {"text": "The transfer was announced at noon. ", "marks": []},
        {"text": "Guards spoke of thirty prisoners", "marks": ["cited"]},
        {"text": ", and a paper printed a list of names.", "marks": ["distractor", "cited"]},
        {"text": " None of it was confirmed.", "marks": ["distractor"]},
    ]
    gold = [
        {"text": "On 8 and 9 March 2012, ", "marks": []},
        {"text": "thirty senior leaders ", "marks": ["gold"]},
        {"text": "of two gangs", "marks": ["gold", "cited"]},
        {"text": " were moved out of a maximum-security prison.\nAfter that…", "marks": []},
    ]
    both = [
        ("el-salvador/truce-of-2012.md", "The truce of 2012", gold),
        ("themes/t.txt", "", cited),
    ]
    return [{"document_id": d, "title": t, "parts": p} for d, t, p in both[: number % 4]]


def case(number: int) -> dict[str, Any]:
    question, answer = QUESTIONS[number % 5]
    is_right = number % 3 > 0
    status = "answered" if number % 4 else "not_in_documents"
    asked_before = {"question": "Who was moved in March 2012?", "answer": "Thirty gang leaders."}
    return {
        "id": f"es-{number:03}",
        "part": "test" if number > 20 else "dev",
        "tags": [["which", "when", "paraphrase"][number % 3], *(["español"] * (number % 5 == 3))],
        "question": question,
        "history": [asked_before, {"question": "When?"}] if number % 6 == 0 else [],
        "answerable": bool(answer),
        "accepted": [answer] if answer else [],
        "right": is_right,
        "verdict": "crashed"
        if number == 9
        else VERDICTS[is_right][number % len(VERDICTS[is_right])],
        "status": "crashed" if number == 9 else status,
        "confidence": number / 30,
        "answer": "Guards spoke of thirty prisoners." if status == "answered" else "",
        "error": "TimeoutError: the model did not answer" if number == 9 else "",
        "scores": {"hit@10": 1.0, "joint score": 1.0 if is_right else -1.0, "F1": None},
        "passages": passages(number),
    }


def report() -> Report:
    """A made-up run of 30 questions that has everything a report can have."""
    metrics = [
        {
            "name": name,
            "says": says,
            "part": part,
            "figures": {
                system: figure(mean, means[0] if place else None)
                for place, (system, mean) in enumerate(zip(SYSTEMS, means, strict=True))
            },
        }
        for part in ("all", "dev", "test")
        for name, (says, means) in METRICS.items()
    ]
    curve = [(i / 100, round((i / 100) ** 2 * 0.6, 4)) for i in range(1, 101)]
    return {
        "title": "Grounding suite",
        "run": {
            "id": "2026-11-24T00-37-12",
            "started_at": "2026-11-24T00:37:12+00:00",
            "seconds": 171.25,
            "model": "quotes:",
            "commit": "e174dbf2b7",
            "is_dirty": True,
            "python": "3.12.4",
            "packages": {"chromadb": "1.5.9", "torch": "2.13.0"},
            "settings": {"model": "quotes:", "passage_tokens": 220, "index": {"reranker": None}},
            "manifest": {
                "generation": "000003-5f1c",
                "documents": 17,
                "passages": 1311,
                "embedding_model": "bundled",
            },
            "cases": [
                {
                    "file": "dev.jsonl",
                    "count": 20,
                    "sha256": "ab" * 32,
                    "sealed": False,
                    "opened": "",
                },
                {
                    "file": "test.jsonl",
                    "count": 10,
                    "sha256": "cd" * 32,
                    "sealed": True,
                    "opened": "3 times, first 2026-11-20, last 2026-11-24",
                },
            ],
        },
        "headline": "Footnote scores 0.68 of 1; saying nothing would score 0.50. Every quote is "
        "exact, and 12 of 100 questions that the documents do not answer were answered.",
        "gates": [
            {"metric": "quote exactness", "part": "test", "least": 1.0, "value": 1.0, "met": True},
            {"metric": "joint score", "part": "test", "least": 0.7, "value": 0.68, "met": False},
            {"metric": "hit@10", "part": "all", "least": 0.9, "value": None, "met": False},
        ],
        "parts": [{"name": "dev", "count": 20}, {"name": "test", "count": 10}],
        "systems": SYSTEMS,
        "metrics": metrics,
        "curves": {
            "risk_coverage": {
                s: [[x, min(1.0, y + i * 0.07)] for x, y in curve]
                for i, s in enumerate(SYSTEMS)
                if i != 1
            },
            "calibration": [
                {"confidence": i / 10, "right": min(1.0, i / 9 + 0.04), "count": 1 + i % 4}
                for i in range(1, 10)
            ],
        },
        "slices": [
            {
                "tag": tag,
                "count": 6,
                "joint score": s,
                "abstention accuracy": 0.5,
                "gold-span hit": g,
            }
            for tag, s, g in [("which", 0.62, 0.7), ("when", -0.25, 0.3), ("no answer", 0.1, None)]
        ],
        "costs": {
            "seconds": {"p50": 0.31, "p95": 0.94, "total": 12.25},
            "prompt_tokens": None,
            "completion_tokens": None,
        },
        "cases": [case(number) for number in range(30)],
    }


def one_system() -> Report:
    """As a stranger's first run may be: one system, nothing wrong, nothing sealed, no gates."""
    bare = report()
    bare["cases"] = [c | {"right": True, "tags": []} for c in bare["cases"]]
    bare["systems"], bare["gates"], bare["slices"] = ["Footnote"], [], []
    bare["metrics"] = [
        m | {"figures": {"Footnote": figure(None)}} for m in bare["metrics"][: len(METRICS)]
    ]
    bare["curves"] = {"risk_coverage": {}, "calibration": []}
    bare["parts"], bare["run"]["cases"] = [{"name": "all", "count": 30}], []
    bare["costs"] |= {"seconds": dict.fromkeys(("p50", "p95", "total"))}
    return bare


def hostile(value: Any, keep: str = "") -> Any:  # noqa: ANN401 - any JSON in, the same out
    """Put words that would break out of a page wherever a report has words of its own."""
    if isinstance(value, dict):
        return {k: hostile(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(v, keep) for v in value]
    told = ("part", "status", "marks", "systems", "started_at", "name")
    return f"{value} {HOSTILE}" if isinstance(value, str) and keep not in told else value


class Opened:
    """A report in a browser, from a file as anyone would open it; what it asked for and said."""

    def __init__(self, page: Page, folder: Path, made: Report) -> None:
        self.page, self.asked, self.said = page, list[str](), list[str]()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        file = folder / "report.html"
        file.write_text(as_html(made), encoding="utf-8")
        page.goto(file.as_uri())
        assert self.asked == [file.as_uri()]

    def keep(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"report-{name}.png", full_page=True)

    def violations(self) -> list[str]:
        only = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
        found = Axe().run(self.page, options={"runOnly": only}).response["violations"]
        return [f"{v['id']}: {n['html'][:200]}" for v in found for n in v["nodes"]]

    def open_everything(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")

    def overflow(self) -> int:
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return int(wide)


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (320, "light"), (360, "dark")])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=False
    )
    yield context.new_page()
    context.close()


def name_of(page: Page) -> str:
    assert page.viewport_size
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return f"{page.viewport_size['width']}-{'dark' if is_dark else 'light'}"


@pytest.mark.browser
@pytest.mark.parametrize("make", [report, one_system])
def test_report_is_whole_quiet_and_accessible(
    page: Page, tmp_path: Path, make: Callable[[], Report]
) -> None:
    opened = Opened(page, tmp_path, make())
    assert opened.overflow() <= 0
    if make is report:
        page.locator("details.case summary").nth(2).click()
    opened.keep(f"{make.__name__}-{name_of(page)}")
    opened.open_everything()
    assert opened.violations() == []
    assert opened.overflow() <= 0
    assert opened.said == []


@pytest.mark.browser
@pytest.mark.parametrize("page", [(320, "light")], indirect=True)
def test_words_of_others_stay_words(page: Page, tmp_path: Path) -> None:
    opened = Opened(page, tmp_path, hostile(report()))
    opened.open_everything()
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("img, iframe, a[href^=javascript], base, link").count() == 0
    assert page.locator("script, style").count() == 2
    assert "<script>window.hacked" in page.locator(".question").first.inner_text()
    assert "{{ 7 * 7 }}" in page.locator(".headline").inner_text()
    assert opened.overflow() <= 0
    opened.keep(f"hostile-{name_of(page)}")
    assert opened.violations() == []
    assert len(opened.asked) == 1
    assert opened.said == []


@pytest.mark.browser
def test_a_script_that_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    html = as_html(report()).replace(
        "</body>",
        "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'></body>",
    )
    (tmp_path / "broken.html").write_text(html, encoding="utf-8")
    page.goto((tmp_path / "broken.html").as_uri())
    assert page.evaluate("window.hacked === undefined")
    page.close()


@pytest.mark.browser
def test_failures_are_filtered(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    opened = Opened(page, tmp_path, report())
    shown = page.locator("details.case:visible")
    expect(shown).to_have_count(10)
    page.select_option("#tag", "español")
    expect(shown).to_have_count(2)
    expect(page.locator("#shown")).to_have_text("2 of 10 shown")
    page.select_option("#tag", "")
    page.select_option("#outcome", "crashed")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("TimeoutError")
    page.select_option("#outcome", "")
    page.fill("#words", "MARVIN")
    expect(shown).to_have_count(2)
    page.fill("#words", "no such words")
    expect(shown).to_have_count(0)
    page.fill("#words", "")
    page.click("#toggle")
    expect(page.locator("details.case[open]")).to_have_count(10)
    expect(page.locator("#toggle")).to_have_text("Close all")
    assert opened.said == []
    page.close()


@pytest.mark.browser
def test_spans_are_told_apart_without_colour(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    Opened(page, tmp_path, report()).open_everything()
    styles = {
        mark: page.locator(f".case mark[class='{mark}']").first.evaluate(
            "mark => getComputedStyle(mark).textDecorationStyle"
        )
        for mark in ("gold", "cited", "gold cited", "distractor")
    }
    assert len(set(styles.values())) == 4
    chips = page.locator(".case mark[class='gold cited'] .chip")
    assert set(chips.all_inner_texts()) == {"right words + cited"}
    page.close()


@pytest.mark.browser
def test_print_opens_the_failures(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    Opened(page, tmp_path, report())
    inside = page.locator("details.case blockquote").first
    expect(inside).to_be_hidden()
    page.emulate_media(media="print")
    assert inside.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    ARTIFACTS.mkdir(exist_ok=True)
    page.pdf(path=ARTIFACTS / "report.pdf", print_background=True, format="A4")
    page.close()


def test_verdict_comes_first_in_words() -> None:
    html = as_html(report())
    text = re.sub(r"<[^>]+>|\s+", " ", html[html.index("<body>") :])
    assert text.index("2 of 3 gates not met") < text.index("The numbers that matter")
    assert "Every gate is met" in as_html(report() | {"gates": report()["gates"][:1] * 2})
    assert "No gates were set" in as_html(one_system())


def test_same_report_gives_the_same_bytes() -> None:
    again = json.loads(json.dumps(report()))
    assert as_html(report()).encode() == as_html(again).encode()
    assert as_markdown(report()) == as_markdown(again)


def test_report_is_left_as_it_was() -> None:
    given = report()
    before = copy.deepcopy(given)
    as_html(given), as_markdown(given)
    assert given == before


def test_a_difference_counts_the_right_way_round() -> None:
    """Fewer hallucinations are better, so a difference below zero is."""
    one = report()
    one["systems"] = SYSTEMS[:2]
    one["metrics"] = [
        m for m in one["metrics"][: len(METRICS)] if m["name"] in ("hallucination rate", "hit@10")
    ]
    for metric in one["metrics"]:
        metric["figures"]["always abstains"]["difference"] = {
            "mean": -0.2,
            "low": -0.3,
            "high": -0.1,
        }
    hit, hallucination = re.findall(r"(▲|▼)</span><span[^>]*>[a-z ]+</span> −0.20", as_html(one))
    assert (hit, hallucination) == ("▼", "▲")


def test_no_value_is_a_dash_and_nought_has_no_sign() -> None:
    one = report()
    one["slices"] = [
        {
            "tag": "t",
            "count": 1,
            "joint score": -0.001,
            "abstention accuracy": None,
            "gold-span hit": float("nan"),
        }
    ]
    row = as_html(one).split('<th scope="row">t</th>')[1].split("</tr>")[0]
    assert re.findall(r">(–|[-−]?\d\.\d\d)<", row) == ["0.00", "–", "–"]
    assert "| t | 1 | 0.00 | – | – |" in as_markdown(one)


def test_a_field_not_there_is_named() -> None:
    broken = report()
    del broken["run"]["commit"]
    with pytest.raises(UndefinedError, match="commit"):
        as_html(broken)


def test_markdown_says_the_same() -> None:
    text = as_markdown(report())
    assert "❌ not met | joint score | test | 0.68 | 0.70 |" in text
    assert "| joint score | 28 | 0.68 (0.59 to 0.76) |" in text
    assert "10 of 30 questions did not go right" in text


@pytest.mark.parametrize("make", [report, one_system, lambda: hostile(report())])
def test_markdown_holds_tables_and_no_markup_of_others(make: Callable[[], Report]) -> None:
    text = as_markdown(make())
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert not re.search(r"<(script|img|a|b|code|style)\b", html)
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        cells = {len(re.findall(r"<t[hd]\b", row)) for row in table.split("</tr>")[:-1]}
        assert len(cells) == 1
    assert html.count("<table>") == sum(line.startswith("|--") for line in text.splitlines())
    assert len(text.encode()) < 100_000
