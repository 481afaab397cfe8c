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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from chatbot.terminal import show_table
from corpus.errors import FootnoteError
from eval.made_up import made_up_questions
from eval.speed_tasks import Job

PLAIN = {"llama-index-embeddings-huggingface": "0.8.0", "llama-index-vector-stores-chroma": "0.6.0"}
"""What the plain pipeline needs beyond Footnote's own libraries; nothing else needs it."""
LIBRARIES = ("chromadb", "llama-index-core", "onnxruntime", "sentence-transformers", "torch")
MOST_EMBEDDED = 10_000
"""Passages; from more of them, passages get random vectors, as embedding them takes hours."""
QUESTIONS = 200
ENVIRONMENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin while they wait made the plain pipeline up to 40 times slower where another
    # process had one of two cores: 480 ms a question instead of 12.
    "OMP_WAIT_POLICY": "PASSIVE",
}
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For the plain pipeline's questions: on one short text torch is fastest so (12 ms, else 15)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Range:
    """What one figure came to over several repeats."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of both in `unit`; less is better. `ratio` is the plain pipeline's in ours."""

    name: str
    unit: str
    footnote: Range
    plain: Range

    @property
    def ratio(self) -> float:
        """Return how many times the plain pipeline's median holds Footnote's."""
        return self.plain.median / self.footnote.median


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedReport:
    """All figures, what they were measured on, and on what machine."""

    documents: int
    passages: int
    repeats: int
    made_up_vectors: bool
    machine: dict[str, str]
    measures: tuple[Measure, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        measures = [asdict(m) | {"ratio": m.ratio} for m in self.measures]
        return asdict(self) | {"measures": measures}

    def as_text(self) -> str:
        """Return the table of both and their ratios, and how they were measured."""
        rows = [
            [f"{m.name}, {m.unit}", _show(m.footnote), _show(m.plain), f"{m.ratio:.2g}"]
            for m in self.measures
        ]
        head = ["median (lowest to highest)", "Footnote", "plain", "plain / Footnote"]
        how = (
            "Passages have random vectors, put in through the real build; questions are embedded."
            if self.made_up_vectors
            else "Models are loaded before the clock of indexing starts."
        )
        return "\n\n".join(
            [
                f"{self.passages:,} passages of {self.documents:,} made-up documents (Zipf's law), "
                f"runs of each in turn: {self.repeats}",
                show_table([head, *rows]),
                "The plain pipeline is llama-index, its Chroma store and HuggingFaceEmbedding with "
                f"the same model. {how}",
                ", ".join(f"{name} {value}" for name, value in self.machine.items()),
            ]
        )


def measure_speed(
    *,
    passages: int = 2_000,
    repeats: int = 3,
    progress: Progress = lambda _done, _total: None,
) -> SpeedReport:
    """Measure indexing, asking, memory and disk at about `passages` passages, two a document.

    `progress` is told of processes run. FootnoteError if the plain pipeline's packages are missing,
    or a process fails.
    """
    _require_plain()
    documents = max(2, passages // 2)
    made_up = passages > MOST_EMBEDDED
    steps = _steps(made_up=made_up, repeats=repeats)
    results: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for done, step in enumerate(steps):
            progress(done, len(steps))
            results.setdefault(step, []).append(_run(step, Path(scratch), documents, made_up))
    progress(len(steps), len(steps))
    return SpeedReport(
        documents=documents,
        passages=documents * 2,
        repeats=repeats,
        made_up_vectors=made_up,
        machine=_machine(),
        measures=_measures(results, documents, made_up=made_up),
    )


def _steps(*, made_up: bool, repeats: int) -> list[str]:
    """Return the tasks in order, ours and theirs in turn; a made-up index is built once."""
    if made_up:
        builds = ["index_footnote", "index_plain"]
    else:
        builds = ["index_footnote", "index_plain", "split_plain"] * repeats
    return builds + ["ask_footnote", "ask_plain", "query_footnote", "query_plain"] * repeats


def _run(step: str, scratch: Path, documents: int, made_up: bool) -> dict[str, Any]:
    """Run one task in a process of its own; `printed_seconds` is from start to its first line."""
    kind, name = step.split("_")
    folder = scratch / f"{kind if kind == 'split' else name}-index"
    if kind in ("index", "split"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    if step == "ask_footnote":
        question = made_up_questions(1)[0]
        command = ["footnote", "ask", question, "--json", "--index", str(folder)]
    else:
        job = Job(
            folder=str(folder), documents=documents, questions=QUESTIONS, made_up_vectors=made_up
        )
        command = ["eval.speed_tasks", step, json.dumps(asdict(job))]
    one_thread = ONE_THREAD if step in ("ask_plain", "query_plain") else {}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=scratch,
            env=kept | ENVIRONMENT | one_thread,
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
            said = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
            reason = f"exit code {process.returncode}: {said}"
            raise FootnoteError(f"{step} could not be measured ({reason}); mend it and run again.")
    return {**json.loads(line), "printed_seconds": seconds}


def _measures(
    results: dict[str, list[dict[str, Any]]], documents: int, *, made_up: bool
) -> tuple[Measure, ...]:
    def column(step: str, key: str, scale: float = 1.0) -> list[float]:
        return [result[key] * scale for result in results[step]]

    def percentile(step: str, percent: int) -> list[float]:
        rows = [quantiles(result["seconds"], n=100)[percent - 1] for result in results[step]]
        return [seconds * 1e3 for seconds in rows]

    def both(kind: str, key: str, scale: float = 1.0) -> tuple[list[float], list[float]]:
        return column(f"{kind}_footnote", key, scale), column(f"{kind}_plain", key, scale)

    indexing: list[Measure] = []
    if not made_up:
        cut, changed = column("split_plain", "seconds"), column("split_plain", "changed_seconds")
        ours, ours_changed = (column("index_footnote", k) for k in ("seconds", "changed_seconds"))
        one = f"one of {documents:,} documents changed"
        indexing = [
            _measure("index, plain given the same passages", "s", *both("index", "seconds")),
            _measure("index, plain cutting its own", "s", ours, cut),
            _measure(one, "s", ours_changed, changed),
            _measure(
                f"{one}, of indexing all", "%", _share(ours_changed, ours), _share(changed, cut)
            ),
        ]
    return (
        *indexing,
        _measure("cold ask, start to printed", "s", *both("ask", "printed_seconds")),
        *(
            _measure(
                f"warm question, p{p}",
                "ms",
                percentile("query_footnote", p),
                percentile("query_plain", p),
            )
            for p in (50, 95)
        ),
        _measure("memory of that process", "MB", *both("query", "resident_bytes", 1e-6)),
        _measure("disk a passage", "KB", *both("index", "bytes", 1e-3 / (2 * documents))),
    )


def _share(parts: Sequence[float], wholes: Sequence[float]) -> list[float]:
    return [100 * part / whole for part, whole in zip(parts, wholes, strict=True)]


def _measure(name: str, unit: str, footnote: Sequence[float], plain: Sequence[float]) -> Measure:
    ours, theirs = (Range(median(v), min(v), max(v)) for v in (footnote, plain))
    return Measure(name=name, unit=unit, footnote=ours, plain=theirs)


def _require_plain() -> None:
    wanted = " ".join(f"{name}=={number}" for name, number in PLAIN.items())
    for name in PLAIN:
        try:
            version(name)
        except PackageNotFoundError as error:
            raise FootnoteError(
                f"the plain pipeline needs {name}; install it with `pip install {wanted}`."
            ) from error


def _machine() -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": str(cores),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in (*LIBRARIES, *PLAIN)},
    }


def _show(value: Range) -> str:
    return " ".join((_round(value.median), f"({_round(value.low)} to {_round(value.high)})"))


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
