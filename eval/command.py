"""What `footnote eval` does: runs a suite and says how it went. Reads no settings itself."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatbot.progress import progress_bar
from eval.errors import BadCase

if TYPE_CHECKING:
    from chatbot.ask import Reader
    from chatbot.settings import IndexTable
    from index.generation import Generation

MADE_UP_PASSAGES = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to print, and whether every gate was met."""

    says: str | dict[str, Any]
    is_good: bool = True


def run(
    arguments: argparse.Namespace,
    *,
    settings: "IndexTable",
    open_index: Callable[[], "Generation"],
    open_reader: Callable[[], "Reader"],
) -> Outcome:
    """Run the suite that the arguments name; BadCase if what they give cannot be read."""
    if arguments.suite == "retrieval":
        return _retrieval(arguments, settings)
    if arguments.suite == "speed":
        return _speed(arguments)
    from eval.case import CASES, check_cases, load_cases

    files = arguments.cases or sorted(CASES.glob("*.jsonl"))
    if arguments.suite == "check":
        problems = check_cases(files, open_index().document)
        held = f"All {len(load_cases(files))} cases hold."
        return Outcome("\n".join(problems) or held, not problems)
    from eval.report import run_suite

    cases = load_cases(files)
    reader = open_reader()
    with progress_bar("Asking", quiet=arguments.json) as progress:
        report = run_suite(cases, reader=reader, gates_file=arguments.gates, progress=progress)
    says = report.as_json() if arguments.json else report.as_text()
    return Outcome(says, not report.failed_gates)


def _retrieval(arguments: argparse.Namespace, settings: "IndexTable") -> Outcome:
    from eval.retrieval import measure_retrieval

    if arguments.dataset is None:
        raise BadCase("name the folder of a question set: footnote eval retrieval FOLDER.")
    with progress_bar("Measuring", quiet=arguments.json) as progress:
        report = measure_retrieval(
            arguments.dataset,
            embedding_model=settings.embedding_model,
            passage_tokens=settings.passage_tokens,
            sample=arguments.sample,
            progress=progress,
        )
    return Outcome(report.as_json() if arguments.json else report.as_text())


def _speed(arguments: argparse.Namespace) -> Outcome:
    from eval.speed import measure_speed

    with progress_bar("Timing", quiet=arguments.json) as progress:
        report = measure_speed(passages=arguments.passages or MADE_UP_PASSAGES, progress=progress)
    return Outcome(report.as_json() if arguments.json else report.as_text())
