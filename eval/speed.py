"""Measures Footnote beside a plain pipeline of the same libraries, in turn and in one run.

Ratios are what counts: both see the same machine in the same minutes. What a measured process does
stands in `speed_tasks`.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from operator import truediv
from pathlib import Path
from statistics import median

from chatbot.terminal import show_table
from eval.errors import NotMeasured
from eval.made_up import made_up_questions
from eval.speed_tasks import MOST_EMBEDDED

PLAIN = ("llama-index-embeddings-huggingface", "llama-index-vector-stores-chroma")
"""What the plain pipeline needs beyond Footnote's own libraries; nothing else needs it."""
PIPELINES = ("footnote", "plain")
KINDS = ("index", "ask", "query")
MEASURES = {
    "index_s": "index the same passages, s",
    "ask_s": "cold ask, start to printed, s",
    "p50_ms": "warm question, p50, ms",
    "p95_ms": "warm question, p95, ms",
    "memory_mb": "memory of that process, MB",
    "disk_kb": "disk a passage, KB",
}
QUESTIONS = 200
ENVIRONMENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin while they wait made the plain pipeline up to 40 times slower where another
    # process had one of two cores: 480 ms a question instead of 12.
    "OMP_WAIT_POLICY": "PASSIVE",
}


@dataclass(frozen=True, slots=True)
class Range:
    """What one figure came to over several runs."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        values = (self.median, self.low, self.high)
        return "{} ({} to {})".format(*(f"{v:,.0f}" if v >= 100 else f"{v:.3g}" for v in values))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedReport:
    """What each of `MEASURES` came to, on what: of `footnote`, of `plain`, and their `ratio`.

    Less is better, and a ratio how often the plain pipeline's figure holds that of Footnote's run
    before it. `changed` is how many times as fast Footnote indexes one changed document as all.
    """

    documents: int
    passages: int
    repeats: int
    measures: dict[str, dict[str, Range]]
    changed: Range
    notes: tuple[str, ...]

    def as_text(self) -> str:
        """Return the table of both and their ratios, and how they were measured."""
        head = ["median (lowest to highest)", "Footnote", "plain", "plain / Footnote"]
        rows = [[MEASURES[name], *map(str, of.values())] for name, of in self.measures.items()]
        made_up = f"{self.passages:,} passages of {self.documents:,} made-up documents"
        about = f"{made_up} (Zipf's law), runs of each in turn: {self.repeats}"
        changed = f"Footnote indexes one changed document {self.changed} times as fast as all."
        return "\n\n".join([about, show_table([head, *rows]), changed, *self.notes])


def measure_speed(
    *,
    passages: int = 2_000,
    repeats: int = 3,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> SpeedReport:
    """Measure indexing, asking, memory and disk at about `passages` passages, two a document.

    `progress` is told of processes run. NotMeasured if packages are missing or a
    process fails.
    """
    try:
        plain = ", ".join(f"{name} {version(name)}" for name in PLAIN)
    except PackageNotFoundError as error:
        raise NotMeasured(
            f"the plain pipeline needs {error.name}; install it with `pip install -e '.[speed]'`."
        ) from error
    documents = max(2, passages // 2)
    notes = [
        f"The plain pipeline is llama-index with {plain} and the same model, which is loaded "
        "before the clock of indexing starts.",
        f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
    ]
    kinds = KINDS * repeats
    if documents > MOST_EMBEDDED:
        kinds = KINDS + KINDS[1:] * (repeats - 1)  # indexing so many takes too long
        notes.append("Passages have random vectors: indexing is without the model, asking with it.")
    runs: dict[str, dict[str, list[float]]] = {whose: defaultdict(list) for whose in PIPELINES}
    with tempfile.TemporaryDirectory() as scratch:
        for done, kind in enumerate(kinds, start=1):
            for whose in PIPELINES:
                for name, value in _run(kind, whose, Path(scratch), documents).items():
                    runs[whose][name].append(value)
            progress(done, len(kinds))
    ours, theirs = (runs[whose] for whose in PIPELINES)
    return SpeedReport(
        documents=documents,
        passages=documents * 2,
        repeats=repeats,
        measures={
            name: {
                "footnote": _range(ours[name]),
                "plain": _range(theirs[name]),
                "ratio": _range(map(truediv, theirs[name], ours[name])),
            }
            for name in MEASURES
        },
        changed=_range(map(truediv, ours["index_s"], ours["changed_s"])),
        notes=tuple(notes),
    )


def _range(values: Iterable[float]) -> Range:
    ordered = sorted(values)
    return Range(median(ordered), ordered[0], ordered[-1])


def _run(kind: str, whose: str, scratch: Path, documents: int) -> dict[str, float]:
    """Run a task in a process of its own; `ask_s` is from its start to its first line."""
    task = f"{kind}_{whose}"
    folder, question = scratch / f"{whose}-index", made_up_questions(1)[0]
    if kind == "index":
        shutil.rmtree(folder, ignore_errors=True)
    argument = {"index": documents, "ask": question, "query": QUESTIONS}[kind]
    command = ["eval.speed_tasks", task, str(folder), json.dumps(argument)]
    if task == "ask_footnote":
        command = ["footnote", "ask", question, "--json", "--index", str(folder)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=scratch,
            env=kept | ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        if process.wait():
            errors.seek(0)
            said = " ".join(errors.read().split())[-500:] or "nothing"
            raise NotMeasured(
                f"{task} could not be measured (exit code {process.returncode}, having said: "
                f"{said}); mend it and run again."
            )
    return {"ask_s": seconds} if kind == "ask" else json.loads(line)
