"""What `footnote eval` does: runs a suite and says how it went. Reads no settings itself."""

import argparse
import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from chatbot.models import load_model
from chatbot.opening import open_embedder, open_index, open_reader
from chatbot.progress import progress_bar
from chatbot.reading import Reader
from chatbot.settings import Settings
from chatbot.span_reader import SpanReader
from eval.bench import Bench
from eval.case import CASES, CaseLine, load_cases
from eval.check_cases import check_cases
from eval.compare import Comparison, compare_runs
from eval.datasets import load_dataset
from eval.errors import BadCase, BadRun
from eval.figures import SAYS
from eval.findings import Findings
from eval.grounding import ground_cases, ground_set
from eval.metamorphic import run_metamorphic
from eval.parts import EVERY, load_parts
from eval.report import REPORT, Gates
from eval.report_page import as_text
from eval.retrieval import measure_retrieval
from eval.run import load_run
from eval.speed import SpeedReport, measure_speed
from eval.suite import Suite

GATES = Path(__file__).with_name("gates.toml")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, and whether every gate was met."""

    says: str | dict[str, Any]
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the arguments and settings name, opened when a suite needs it."""

    arguments: argparse.Namespace
    settings: Settings

    def run(self) -> Outcome:
        """Run the suite that the arguments name; BadCase if what they give cannot be read."""
        return {
            "cases": self._cases,
            "check": self._check,
            "compare": self._compare,
            "grounding": self._grounding,
            "metamorphic": self._metamorphic,
            "retrieval": self._retrieval,
            "schema": lambda: Outcome(json.dumps(CaseLine.model_json_schema(), indent=2)),
            "speed": self._speed,
        }[self.arguments.suite]()

    def _cases(self) -> Outcome:
        """Ask the cases of each model named; with several, hold the others against the first."""
        with progress_bar("Asking", quiet=self.arguments.json) as progress:
            readers, suite = self._readers(), self._suite(progress)
            runs = [suite.run(load_parts(self._files, r.generation), r) for r in readers]
        reports = [json.loads((run.folder / REPORT).read_text("utf-8")) for run in runs]
        good = all(gate["met"] for report in reports for gate in report["gates"])
        compared = [compare_runs(runs[0], other) for other in runs[1:]]
        folders = [run.folder for run in runs]
        if self.arguments.json:
            told = [{"folder": str(f)} | each for f, each in zip(folders, reports, strict=True)]
            return Outcome({"runs": told, "compared": [asdict(each) for each in compared]}, good)
        texts = [*map(as_text, reports, folders), *(c.as_text() for c in compared)]
        return Outcome("\n\n".join(texts), good)

    def _check(self) -> Outcome:
        count = len(load_cases(self._files))
        if not count:
            raise BadCase("there is no case to check; write one a line.")
        problems = check_cases(self._files, open_index(self.settings).document)
        return Outcome("\n".join(problems) or f"All {count} cases hold.", not problems)

    def _compare(self) -> Outcome:
        if len(self.arguments.paths) != 2:
            raise BadRun("name two runs: footnote eval compare FOLDER FOLDER.")
        return self._told(compare_runs(*map(load_run, self.arguments.paths)))

    def _grounding(self) -> Outcome:
        def measure(bench: Bench) -> Findings:
            if self._folder:
                return ground_set(self._folder, bench)
            reader = self._readers()[0]
            return ground_cases(load_parts(self._files, reader.generation), reader, bench)

        return self._measured(measure)

    def _metamorphic(self) -> Outcome:
        given, folder = self.arguments.cases or (), self._folder
        return self._measured(
            lambda bench: run_metamorphic(given, folder, bench, lambda: self._readers()[0])
        )

    def _retrieval(self) -> Outcome:
        if not self._folder:
            raise BadCase("name the folder of a question set: footnote eval retrieval FOLDER.")
        dataset = load_dataset(self._folder)
        return self._measured(lambda bench: measure_retrieval(dataset, bench))

    def _speed(self) -> Outcome:
        passages = self.arguments.passages or 2_000
        with progress_bar("Measuring", quiet=self.arguments.json) as progress:
            return self._told(measure_speed(passages=passages, progress=progress))

    def _measured(self, measure: Callable[[Bench], Findings]) -> Outcome:
        with progress_bar("Measuring", quiet=self.arguments.json) as progress:
            return self._told(measure(self._bench(progress)))

    def _told(self, report: Findings | SpeedReport | Comparison) -> Outcome:
        is_good = getattr(report, "is_good", True)
        if not self.arguments.json:
            return Outcome(report.as_text(), is_good)
        return Outcome(
            report.as_json() if isinstance(report, Findings) else asdict(report), is_good
        )

    @property
    def _files(self) -> list[Path]:
        return self.arguments.cases or sorted(CASES.glob("*.jsonl"))

    @property
    def _folder(self) -> Path | None:
        return self.arguments.paths[0] if self.arguments.paths else None

    def _readers(self) -> list[Reader]:
        """Open a reader for each model named, or for the one of the settings."""
        named = self.arguments.models or [self.settings.chatbot.model]
        return [open_reader(self.settings.with_model(model)) for model in named]

    def _bench(self, progress: Callable[[int, int], None]) -> Bench:
        settings = self.settings.index
        return Bench(
            embedder=open_embedder(settings.embedding_model),
            passage_tokens=settings.passage_tokens,
            span_reader=SpanReader(),
            sample=self.arguments.sample,
            progress=progress,
        )

    def _suite(self, progress: Callable[[int, int], None]) -> Suite:
        named, arguments = self.arguments.judge, self.arguments
        model = load_model(named, self.settings.chatbot) if named else None
        if named and model is None:
            raise BadCase("quotes: judges nothing; name a model: --judge PROVIDER:NAME.")
        return Suite(
            bench=self._bench(progress),
            runs=arguments.runs or self.settings.index.folder / "runs",
            gates=read_gates(arguments.gates, self._files),
            settings=self.settings,
            jobs=arguments.jobs,
            judge=model,
        )


def read_gates(file: Path | None, cases: Sequence[Path]) -> Gates:
    """Read the gates' file, ours if none is named; of ours, only what holds of these case files.

    BadCase if it cannot be read, or names a metric or a part that there is not.
    """
    try:
        gates = tomllib.loads((file or GATES).read_text(encoding="utf-8"))
        read = {p: {str(m): float(v) for m, v in of.items()} for p, of in gates.items()}
        values = [value for of in read.values() for value in of.values()]
        if not values or not all(map(isfinite, values)):
            raise ValueError("it sets no gate, or one that is no number")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadCase(
            f'the gates in {file} cannot be read ({error}); write [all] and lines like "F1" = 0.9.'
        ) from error
    parts = {EVERY, *(each.stem for each in cases)}
    unknown = {metric for of in read.values() for metric in of} - SAYS.keys()
    unknown |= read.keys() - parts if file else set()
    if unknown:
        raise BadCase(
            f"{file or GATES}: there is no metric or part called {min(unknown)!r}; parts are "
            f"{', '.join(sorted(parts))}, metrics {', '.join(SAYS)}."
        )
    ours = all(each.resolve().parent == CASES for each in cases)
    return {part: of for part, of in read.items() if part == EVERY or file or ours}
