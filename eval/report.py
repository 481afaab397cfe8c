"""Makes of a run's rows what its report says: figures, gates, plots, slices, each case.

Does not know how it is shown (`report_page`), nor how a figure is computed (`figures`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from math import ceil
from typing import Any

from corpus.document import Span
from corpus.errors import UnknownDocument
from eval.case import Case
from eval.figures import FALLS, SAYS, Table
from eval.metrics import JOINT
from eval.parts import EVERY
from eval.record import say_openings
from eval.report_page import as_html, as_markdown
from eval.result import Read, Result
from eval.run import Row, Run, no_nan, write_json
from eval.statistics import calibration_bins, risk_coverage
from eval.systems import ABSTAINS, BM25, FOOTNOTE, SYSTEMS

Gates = Mapping[str, Mapping[str, float]]
"""By part, or "all": the value that a metric must not be worse than."""
SLICED = (JOINT, "abstention accuracy", "gold-span hit")
HTML, MARKDOWN, REPORT = "report.html", "report.md", "report.json"
AROUND = 160
"""Characters shown before and after what is gold or cited."""
GOLD, CITED, DISTRACTOR = "gold", "cited", "distractor"


def write_report(run: Run, cases: Sequence[Case], read: Read, gates: Gates) -> None:
    """Write the report into the run's folder, for programs, for people and for CI."""
    report = make_report(run, cases, read, gates)
    write_json(run.folder / REPORT, report)
    for file, text in ((HTML, as_html(report)), (MARKDOWN, as_markdown(report))):
        (run.folder / file).write_text(text, encoding="utf-8")


def make_report(run: Run, cases: Sequence[Case], read: Read, gates: Gates) -> dict[str, Any]:
    """Return the report as a JSON object; `cases` are those of the run's rows, in order."""
    every = Table(run.rows)
    parts = {
        part["part"]: Table([r for r in run.rows if r.part == part["part"]])
        for part in run.record["cases"]
    }
    tables = {EVERY: every} | (parts if len(parts) > 1 else {})
    systems = [name for name in SYSTEMS if any(name in row.results for row in run.rows)]
    metrics = [
        {"name": name, "says": SAYS[name], "part": part, "figures": figures}
        for part, table in tables.items()
        for name in SAYS
        if (figures := {s: f for s in systems if (f := table.figure(name, s))})
    ]
    return {
        "title": "Grounding suite",
        "run": _record(run),
        "headline": _headline(metrics, every),
        "gates": _gates(metrics, gates, {EVERY, *parts}),
        "parts": [{"name": name, "count": len(table.rows)} for name, table in parts.items()],
        "systems": systems,
        "metrics": metrics,
        "curves": _curves(every),
        "slices": _slices(run.rows, cases),
        "costs": _costs(run),
        "cases": [_case(row, case, read) for row, case in zip(run.rows, cases, strict=True)],
    }


def _gates(
    metrics: Sequence[dict[str, Any]], gates: Gates, parts: set[str]
) -> list[dict[str, Any]]:
    """Hold figures against the gates of the parts there are; what has no figure is not met."""
    found = {(each["part"], each["name"]): each["figures"].get(FOOTNOTE) for each in metrics}
    held = []
    for part, least in ((p, of) for p, of in gates.items() if p in parts):
        for metric, value in least.items():
            name = EVERY if len(parts) == 2 else part  # of one part alone there is one table
            figure = found.get((name, metric))
            mean = figure["mean"] if figure else None
            met = mean is not None and (mean <= value if metric in FALLS else mean >= value)
            held.append({"metric": metric, "part": part, "least": value, "value": mean, "met": met})
    return held


def _headline(metrics: Sequence[dict[str, Any]], table: Table) -> str:
    joint = next(each["figures"] for each in metrics if each["name"] == JOINT)
    ours, none = joint[FOOTNOTE]["mean"], joint.get(ABSTAINS, {"mean": float("nan")})["mean"]
    answered = [row for row in table.rows if row.results[FOOTNOTE].status == "answered"]
    right = sum(row.scores[FOOTNOTE][JOINT] == 1 for row in answered)
    crashed = sum(row.results[FOOTNOTE].status == "crashed" for row in table.rows)
    return (
        f"Of {len(table.rows)} questions {len(answered)} were answered, {right} of them rightly. "
        f"The joint score is {ours:.2f} on a scale from -1 to 1; "
        f"answering nothing at all gives {none:.2f}." + (f" {crashed} crashed." if crashed else "")
    )


def _record(run: Run) -> dict[str, Any]:
    cases = [
        part | {"opened": say_openings(run.folder.parent, part["sha256"]) if part["sealed"] else ""}
        for part in run.record["cases"]
    ]
    return run.record | {"id": run.folder.name, "cases": cases}


def _curves(table: Table) -> dict[str, Any]:
    curves = {}
    for system in (FOOTNOTE, BM25):
        judged = table.judgements(system)
        points = risk_coverage(judged.sure, judged.right)
        curves[system] = [[round(x, 4), round(y, 4)] for x, y in points]
    ours = table.judgements(FOOTNOTE)
    return {"risk_coverage": curves, "calibration": calibration_bins(ours.sure, ours.right)}


def _slices(rows: Sequence[Row], cases: Sequence[Case]) -> list[dict[str, Any]]:
    slices = []
    for tag in sorted({tag for case in cases for tag in case.tags}):
        part = Table([row for row, case in zip(rows, cases, strict=True) if tag in case.tags])
        means = {name: (part.figure(name, FOOTNOTE) or {"mean": None})["mean"] for name in SLICED}
        slices.append({"tag": tag, "count": len(part.rows), **means})
    return slices


def _costs(run: Run) -> dict[str, Any]:
    laps = sorted(row.seconds.get("total", 0.0) for row in run.rows)
    kinds = ("prompt_tokens", "completion_tokens")
    told = {k: [n for row in run.rows if (n := getattr(row.usage, k)) is not None] for k in kinds}
    spent = {kind: sum(counts) if counts else None for kind, counts in told.items()}
    at = {f"p{p}": laps[ceil(len(laps) * p / 100) - 1] for p in (50, 95) if laps}
    return {"seconds": {**at, "total": run.record["seconds"]}, **spent}


def _case(row: Row, case: Case, read: Read) -> dict[str, Any]:
    result, scores = row.results[FOOTNOTE], row.scores[FOOTNOTE]
    return {
        "id": case.id,
        "part": row.part,
        "tags": list(case.tags),
        "question": case.question,
        "history": [{"question": t.question, "answer": t.answer} for t in case.history],
        "answerable": case.answerable,
        "accepted": list(case.answers),
        "right": scores[JOINT] == 1,
        "verdict": _verdict(row, case),
        "status": result.status,
        "confidence": round(result.confidence, 3),
        "answer": result.text,
        "error": result.error,
        "scores": no_nan(scores),
        "passages": make_excerpts(case, result, read),
    }


def make_excerpts(case: Case, result: Result, read: Read) -> list[dict[str, Any]]:
    """Return an excerpt a document: `parts` of text with what each is marked as, in order.

    Of gold, which may stand in many documents, those are shown that are cited, else the first.
    """
    spans = [(s, CITED) for s in result.cited] + [(s, DISTRACTOR) for s in case.distractors]
    cited = {span.document_id for span in result.cited}
    for part in case.evidence_by_part():
        near = [span for span in part if span.document_id in cited]
        spans += [(span, GOLD) for span in near or part[:1]]
    shown = []
    for document_id in dict.fromkeys(span.document_id for span, _ in spans):
        here = [(span, mark) for span, mark in spans if span.document_id == document_id]
        with suppress(UnknownDocument):
            document = read(document_id)
            parts = _parts(document.text, here)
            shown.append({"document_id": document_id, "title": document.title, "parts": parts})
    return shown


def _parts(text: str, spans: list[tuple[Span, str]]) -> list[dict[str, Any]]:
    """Return the text around the spans in pieces, each with the marks of all spans it lies in."""
    edges = {0, len(text)}
    for span, _ in spans:
        edges |= {span.start - AROUND, span.start, span.end, span.end + AROUND}
    cuts = sorted(edge for edge in edges if 0 <= edge <= len(text))
    pieces: list[dict[str, Any]] = []
    for start, end in pairwise(cuts):
        marks = sorted({mark for s, mark in spans if s.start <= start and end <= s.end})
        is_near = any(s.start - AROUND <= start and end <= s.end + AROUND for s, _ in spans)
        shown = text[start:end] if is_near else " … "
        if pieces and pieces[-1]["marks"] == marks:
            pieces[-1]["text"] += shown
        else:
            pieces.append({"text": shown, "marks": marks})
    return pieces


def _verdict(row: Row, case: Case) -> str:
    result, is_right = row.results[FOOTNOTE], row.scores[FOOTNOTE][JOINT] == 1
    if result.error:
        return "crashed"
    if result.status != "answered":
        return "rightly declined" if is_right else "declined, though the documents say"
    if not case.answerable:
        return "answered, though the documents don't say"
    return "answered rightly" if is_right else "answered from other words"
