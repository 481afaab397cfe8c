"""What `footnote eval` does: runs a suite and says how it went. Reads no settings itself."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.ask import Reader
from chatbot.progress import progress_bar
from chatbot.settings import IndexTable
from chatbot.span_reader import SpanReader
from eval.bench import Bench, spread
from eval.case import CASES, check_cases, load_cases
from eval.datasets import load_dataset
from eval.errors import BadCase
from eval.grounding import Grounding, Suite
from eval.metamorphic import Metamorphic, run_metamorphic
from eval.retrieval import RetrievalReport, measure_retrieval
from eval.side_by_side import SideBySide, compare_models
from eval.speed import SpeedReport, measure_speed
from index.embed import load_embedder
from index.generation import Generation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, and whether every gate was met."""

    says: str | dict[str, Any]
    is_good: bool = True


def run(
    arguments: argparse.Namespace,
    *,
    settings: IndexTable,
    open_index: Callable[[], Generation],
    open_readers: Callable[[], list[Reader]],
) -> Outcome:
    """Run the suite that the arguments name; BadCase if what they give cannot be read."""
    files = arguments.cases or sorted(CASES.glob("*.jsonl"))
    if arguments.suite == "check":
        problems = check_cases(files, open_index().document)
        held = f"All {len(load_cases(files))} cases hold."
        return Outcome("\n".join(problems) or held, not problems)
    folder = arguments.dataset
    if arguments.suite == "retrieval" and folder is None:
        raise BadCase("name the folder of a question set: footnote eval retrieval FOLDER.")
    report: Grounding | Metamorphic | RetrievalReport | SideBySide | SpeedReport
    with progress_bar("Measuring", quiet=arguments.json) as progress:
        if arguments.suite == "speed":
            report = measure_speed(passages=arguments.passages or 2_000, progress=progress)
        else:
            bench = Bench(
                embedder=load_embedder(settings.embedding_model),
                passage_tokens=settings.passage_tokens,
                span_reader=SpanReader(),
                sample=arguments.sample,
                progress=progress,
            )
            suite = Suite(bench=bench, gates_file=arguments.gates)
            if arguments.suite == "retrieval":
                report = measure_retrieval(load_dataset(folder, sample=arguments.sample), bench)
            elif arguments.suite == "metamorphic":
                given = arguments.cases or ()
                report = run_metamorphic(given, folder, bench, lambda: open_readers()[0])
            elif folder:
                report = suite.on_set(folder)
            else:
                report = _ask_cases(files, suite, open_readers())
    says = report.as_json() if arguments.json else report.as_text()
    return Outcome(says, not isinstance(report, Grounding | Metamorphic) or report.is_good)


def _ask_cases(
    files: Sequence[Path], suite: Suite, readers: Sequence[Reader]
) -> Grounding | SideBySide:
    """Run the whole suite with one model; with several, only the cases, side by side."""
    if len(readers) == 1:
        return suite.on_cases(files, readers[0])
    cases, bench = load_cases(files), suite.bench
    return compare_models(spread(cases, bench.at_most(len(cases))), readers, bench.progress)
