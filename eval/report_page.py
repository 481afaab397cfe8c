"""The report as a web page, as Markdown, on a terminal. Knows report.json alone, measures nothing.

The page is one file that asks nobody for anything. Its policy lets its own style and script run, by
their hashes, and nothing else: whatever a document or a model wrote stays text.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chatbot.terminal import show_table

TEMPLATES = Path(__file__).with_name("templates")
MARKUP = re.compile(r"[\\`*_{}\[\]<>|#~&:@$!]|(?<=www)\.", re.IGNORECASE)
CONTROLS = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u202c\u202f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""Controls, halves of characters, and marks that turn what follows them round."""


def as_html(report: Mapping[str, Any]) -> str:
    """Return the whole page, as UTF-8 can write it; UndefinedError names a field not there."""
    style, script = (
        (TEMPLATES / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
    )
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = _environment(autoescape=True, finalize=_two_decimals)
    page = environment.get_template("report.html.j2")
    return CONTROLS.sub("\ufffd", page.render(r=report, style=style, script=script, policy=policy))


def as_markdown(report: Mapping[str, Any]) -> str:
    """Return what a job's summary shows: headline, gates, figures, slices, the first failures."""
    environment = _environment(autoescape=False, finalize=_plain)
    page = environment.get_template("report.md.j2")
    return CONTROLS.sub("\ufffd", page.render(r=report))


def as_text(report: Mapping[str, Any], folder: Path) -> str:
    """Return the report in short; the interval is Footnote's, of all parts together."""
    systems = report["systems"]
    head = ["metric", "cases", *systems[:1], "95 %", *systems[1:]]
    rows = []
    for each in report["metrics"]:
        ours = each["figures"].get(systems[0])
        if each["part"] == "all" and ours:
            others = [_three_decimals(each["figures"].get(system)) for system in systems[1:]]
            span = f"{ours['low']:.2f} to {ours['high']:.2f}" if ours["low"] is not None else ""
            rows.append([each["name"], str(ours["count"]), _three_decimals(ours), span, *others])
    gates = [
        f"{'met' if gate['met'] else 'BELOW GATE'}: {gate['metric']} ({gate['part']}) is "
        f"{_three_decimals({'mean': gate['value']})}, gate {gate['least']}"
        for gate in report["gates"]
    ]
    seconds = report["costs"]["seconds"]
    took = (
        f"It took {seconds['total']:.0f} s; an answer takes {seconds['p50']:.2f} s "
        f"(p95 {seconds['p95']:.2f})."
    )
    where = f"Every question and answer: {folder / 'report.html'}"
    return "\n\n".join(
        [report["headline"], show_table([head, *rows]), "\n".join(gates), took, where]
    )


def _environment(*, autoescape: bool, finalize: Callable[[object], object]) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=autoescape,
        finalize=finalize,
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _two_decimals(value: object) -> object:
    """Round what places a line in a drawing, so that the same figures give the same bytes."""
    return f"{value:.2f}" if isinstance(value, float) else value


def _three_decimals(figure: Mapping[str, Any] | None) -> str:
    return "" if figure is None or figure["mean"] is None else f"{figure['mean']:.3f}"


def _plain(value: object) -> str:
    """Return a figure with two decimals, anything else on one line without its markup."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return "–"
    if isinstance(value, float):
        return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
    return MARKUP.sub(r"\\\g<0>", " ".join(str(value).split()))
