"""A report as a terminal shows it: the headline, a table, the gates, where the rest is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatbot.terminal import show_table


def as_text(report: Mapping[str, Any], folder: Path) -> str:
    """Return the report in short; the interval is Footnote's, of all parts together."""
    systems = report["systems"]
    head = ["metric", "cases", *systems[:1], "95 %", *systems[1:]]
    rows = []
    for each in report["metrics"]:
        ours = each["figures"].get(systems[0])
        if each["part"] == "all" and ours:
            others = [_shown(each["figures"].get(system)) for system in systems[1:]]
            span = f"{ours['low']:.2f} to {ours['high']:.2f}" if ours["low"] is not None else ""
            rows.append([each["name"], str(ours["count"]), _shown(ours), span, *others])
    gates = [
        f"{'met' if gate['met'] else 'BELOW GATE'}: {gate['metric']} ({gate['part']}) is "
        f"{_shown({'mean': gate['value']})}, gate {gate['least']}"
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


def _shown(figure: Mapping[str, Any] | None) -> str:
    return "" if figure is None or figure["mean"] is None else f"{figure['mean']:.3f}"
