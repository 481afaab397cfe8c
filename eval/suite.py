"""Asks cases of Footnote and of the systems beside it, and leaves a run's folder with a report.

Puts the parts together; knows no metric and no way to show one.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

from chatbot.models import Model
from chatbot.reading import Reader
from eval.bench import Ask, Bench, ask_reader, documents_of, is_same, spread
from eval.case import Case
from eval.citing import score_citing
from eval.judge import Judge
from eval.metrics import OF_PASSAGES, score
from eval.record import make_record, note_opening
from eval.report import Gates, write_report
from eval.result import Judged, Result, result_of
from eval.run import RECORD, Row, Run, Scores, begin_run, run_cases, write_json
from eval.systems import FOOTNOTE, Baselines
from index.words import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """How to run it: where runs are kept, how many questions at once, who judges (None: nobody).

    `gates` is by part and metric.
    """

    bench: Bench
    runs: Path
    gates: Gates
    settings: Any
    jobs: int = 2
    judge: Model | None = None

    def run(self, parts: dict[Path, list[Case]], reader: Reader, ask: Ask = ask_reader) -> Run:
        """Ask every case, or a sample of each part; `ask` may stand in for the reader."""
        chosen = {f: spread(of, self.bench.sample) for f, of in parts.items()}
        record = make_record(
            settings=self.settings,
            model=reader.model.name if reader.model else "quotes:",
            generation=reader.generation,
            parts=chosen,
        ) | {"judge": self.judge.name if self.judge else ""}
        cases = [case for of in chosen.values() for case in of]
        part = {case.id: file.stem for file, of in chosen.items() for case in of}
        began = time.monotonic()
        with begin_run(self.runs, record) as folder, tempfile.TemporaryDirectory() as scratch:
            one = self._asked_by(reader, folder, Path(scratch), ask, part)
            note_opening(self.runs, record)
            rows = run_cases(folder, cases, one, jobs=self.jobs, progress=self.bench.progress)
            record["seconds"] = round(time.monotonic() - began, 1)
            run = Run(folder=folder, record=record, rows=tuple(rows))
            write_report(run, cases, reader.generation.document, self.gates)
            write_json(folder / RECORD, record)  # last: a run without a report is not finished
        return run

    def _asked_by(
        self, reader: Reader, folder: Path, scratch: Path, ask: Ask, part: dict[str, str]
    ) -> Callable[[Case], Row]:
        """Return a function that asks a case of everyone; one question's crash is a row."""
        quotes, read = replace(reader, model=None), reader.generation.document
        baselines = Baselines(quotes, scratch / "sentences")
        bench = replace(self.bench, progress=lambda _done, _total: None)
        judge = Judge(self.judge, folder) if self.judge else None
        said = " ".join(_folded(document.text) for document in documents_of(reader))

        def measure(case: Case, told: dict[str, Any], scores: Scores) -> Row:
            answer = ask(case, reader)
            again = nan if reader.model else float(is_same(answer, ask(case, reader)))
            results = {FOOTNOTE: result_of(case.id, answer, read)}
            results |= baselines.results(case, answer)
            found = {name: score(Judged(case, other, read)) for name, other in results.items()}
            for name in results.keys() - {FOOTNOTE}:
                found[name] = {m: v for m, v in found[name].items() if m not in OF_PASSAGES}
            scores = scores | {"same again": again, **score_citing(case, answer, quotes, bench)}
            if judge:
                scores |= judge.score(case, results[FOOTNOTE], read)
            found[FOOTNOTE] |= scores
            return Row(
                **told, results=results, scores=found, seconds=answer.seconds, usage=answer.usage
            )

        def one(case: Case) -> Row:
            scores = {"not leaked": float(_folded(case.question) not in said)}
            spans = (*case.evidence, *case.distractors)
            told: dict[str, Any] = {
                "case_id": case.id,
                "part": part[case.id],
                "about": spans[0].document_id if spans else case.id,
                "answerable": case.answerable,
            }
            try:
                return measure(case, told, scores)
            except Exception as error:  # one question must not lose the others
                why = f"{type(error).__name__}: {error}"
                result = Result(case_id=case.id, status="crashed", error=why)
                found = {FOOTNOTE: score(Judged(case, result, read)) | scores}
                return Row(**told, results={FOOTNOTE: result}, scores=found)

        return one


def _folded(text: str) -> str:
    return " ".join(words(text))
