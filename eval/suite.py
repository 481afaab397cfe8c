"""Asks cases of Footnote and of the systems beside it, and leaves a run's folder with a report.

Puts the parts together; knows no metric and no way to show one.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

from chatbot.answer import Answer, as_json
from chatbot.ask import Reader
from chatbot.models import Model
from eval.bench import Bench, documents_of, spread
from eval.case import Case
from eval.citing import score_citing
from eval.judge import Judge
from eval.lab import Ask, ask_reader
from eval.metrics import OF_PASSAGES, score
from eval.record import make_record, note_opening
from eval.report import Gates, write_report
from eval.result import Judged, Result, result_of
from eval.run import RECORD, Cost, Row, Run, Scores, begin_run, run_cases, write_json
from eval.systems import FOOTNOTE, Baselines
from index.words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """How to run it: where runs are kept, how many questions at once, who judges (None: nobody).

    `gates` is by part and metric; `usd` what a million tokens of a prompt and of a reply cost.
    """

    bench: Bench
    runs: Path
    gates: Gates
    settings: Any
    jobs: int = 2
    judge: Model | None = None
    usd: tuple[float, float] | None = None

    def run(self, parts: dict[Path, list[Case]], reader: Reader, ask: Ask = ask_reader) -> Run:
        """Ask every case, or a sample of each part; `ask` may stand in for the reader."""
        chosen = {f: spread(of, self.bench.at_most(len(of))) for f, of in parts.items()}
        record = make_record(
            settings=self.settings,
            model=reader.model.name if reader.model else "quotes:",
            generation=reader.generation,
            parts=chosen,
        ) | {"usd": self.usd, "judge": self.judge.name if self.judge else ""}
        cases = [case for of in chosen.values() for case in of]
        part = {case.id: file.stem for file, of in chosen.items() for case in of}
        began = time.monotonic()
        with (
            begin_run(self.runs, record) as folder,
            self._asked_by(reader, folder, ask) as one,
        ):
            note_opening(self.runs, record)
            rows = run_cases(
                folder,
                cases,
                lambda case: one(case, part[case.id]),
                jobs=self.jobs,
                progress=self.bench.progress,
            )
            record["seconds"] = round(time.monotonic() - began, 1)
            run = Run(folder=folder, record=record, rows=tuple(rows))
            write_report(run, cases, reader.generation.document, self.gates)
            write_json(folder / RECORD, record)  # last: a run without a report is not finished
        return run

    @contextmanager
    def _asked_by(
        self, reader: Reader, folder: Path, ask: Ask
    ) -> Iterator[Callable[[Case, str], Row]]:
        """Give a function that asks a case of everyone; one question's crash is a row."""
        quotes, read = replace(reader, model=None), reader.generation.document
        judge = Judge(self.judge, folder) if self.judge else None
        said = " ".join(_folded(document.text) for document in documents_of(reader))

        def measure(case: Case, told: dict[str, Any], scores: Scores) -> Row:
            answer = ask(case, reader)
            again = nan if reader.model else float(_is_same(answer, ask(case, reader)))
            results = {FOOTNOTE: result_of(case.id, answer, read)}
            results |= baselines.results(case, answer)
            found = {name: score(Judged(case, other, read)) for name, other in results.items()}
            for name in results.keys() - {FOOTNOTE}:
                found[name] = {m: v for m, v in found[name].items() if m not in OF_PASSAGES}
            scores = scores | {"same again": again, **score_citing(case, answer, quotes, bench)}
            if judge:
                scores |= judge.score(case, results[FOOTNOTE], read)
            found[FOOTNOTE] |= scores
            return Row(**told, results=results, scores=found, cost=_cost(answer))

        def one(case: Case, part: str) -> Row:
            scores = {"not leaked": float(_folded(case.question) not in said)}
            told: dict[str, Any] = {"case_id": case.id, "part": part, "about": _about(case)}
            told["answerable"] = case.answerable
            try:
                return measure(case, told, scores)
            except Exception as error:  # one question must not lose the others
                why = f"{type(error).__name__}: {error}"
                result = Result(case_id=case.id, status="crashed", error=why)
                found = {FOOTNOTE: score(Judged(case, result, read)) | scores}
                return Row(**told, results={FOOTNOTE: result}, scores=found)

        bench = replace(self.bench, progress=lambda _done, _total: None)
        with tempfile.TemporaryDirectory() as scratch:
            baselines = Baselines(quotes, Path(scratch) / "sentences")
            yield one


def _about(case: Case) -> str:
    spans = (*case.evidence, *case.distractors)
    return spans[0].document_id if spans else case.id


def _folded(text: str) -> str:
    return " ".join(words(text))


def _is_same(first: Answer, other: Answer) -> bool:
    """Say whether two answers are the same, but for the time they took."""
    left = {"seconds": None}
    return as_json(first) | left == as_json(other) | left


def _cost(answer: Answer) -> Cost:
    usage = answer.usage
    return Cost(
        seconds=answer.seconds,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
