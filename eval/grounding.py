"""The grounding suite: what must hold of answers, how good they are, what the check lets through.

Puts the parts together and tells people and programs how it went. Measures nothing itself.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import ceil, isnan
from pathlib import Path
from typing import Any

from chatbot.ask import Reader
from chatbot.terminal import show_table
from eval.bench import Bench, Tally, spread
from eval.case import Case, load_cases
from eval.checking import check_right, check_summedits, check_wrong
from eval.contract import check_contract
from eval.datasets import load_dataset
from eval.liars import count_lies
from eval.quality import Measured, force, load_set, measure_cases, measure_set
from eval.report import Report, run_suite

SUMMEDITS = "samsum.json"
"""The file that tells the set."""
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """What a run came to; `seconds` are of one answer in quotes, `report` is of cases alone."""

    about: str
    contract: Sequence[Tally] = ()
    quality: Sequence[Measured] = ()
    report: Report | None = None
    let_through: Sequence[Tally] = ()
    doubted: Sequence[Tally] = ()
    lies: Sequence[Tally] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Say whether the contract held, no lie got through and, of cases, all gates were met."""
        broken = any(tally.wrong for tally in (*self.contract, *self.lies))
        return not broken and not (self.report and self.report.failed_gates)

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        quality = [
            asdict(m) | {"figures": {k: None if isnan(v) else v for k, v in m.figures.items()}}
            for m in self.quality
        ]
        tallies = {
            part: [asdict(tally) for tally in getattr(self, part)]
            for part in ("contract", "let_through", "doubted", "lies")
        }
        report = self.report.as_json() if self.report else {}
        rest = {"about": self.about, "seconds": self.seconds, "is_good": self.is_good}
        return {**report, **rest, **tallies, "quality": quality}

    def as_text(self) -> str:
        """Return a table a part, with what was broken under it."""
        time = ", ".join(f"{name} {value:.3f} s" for name, value in self.seconds.items())
        broken = [
            f"BROKEN: {tally.name}: {line}"
            for tally in (*self.contract, *self.lies)
            for line in tally.wrong[:SHOWN]
        ]
        parts = [
            self.about,
            _show("contract: broken", self.contract),
            _show("lies: reached a reader", self.lies),
            "\n".join(broken),
            _show_figures(self.quality),
            self.report.as_text() if self.report else "",
            _show("wrong statements: let through", self.let_through),
            _show("right statements: doubted", self.doubted),
            f"An answer in quotes takes {time}." if time else "",
        ]
        return "\n\n".join(filter(None, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """How to run it."""

    bench: Bench
    gates_file: Path | None = None

    def on_cases(self, files: Sequence[Path], reader: Reader) -> Grounding:
        """Ask the cases of the files; BadCase if they cannot be read."""
        load_cases(files)  # no id is used twice
        parts = {file.stem: load_cases([file]) for file in files}
        return self._run(parts, reader, is_ours=True)

    def on_set(self, folder: Path) -> Grounding:
        """Ask a public set, with all its documents indexed; BadCase if it holds no answers."""
        if (folder / SUMMEDITS).is_file():
            return Grounding(about="SummEdits", quality=check_summedits(folder, self.bench))
        dataset = load_dataset(folder)
        parts = load_set(folder, dataset)
        with self.bench.reading(dataset.documents) as reader:
            return self._run(parts, reader, is_ours=False)

    def _run(self, every: dict[str, list[Case]], reader: Reader, *, is_ours: bool) -> Grounding:
        bench, quotes = self.bench, replace(reader, model=None)
        parts = {n: spread(cases, bench.at_most(len(cases))) for n, cases in every.items() if cases}
        cases = [case for part in parts.values() for case in part]
        told: Any = {"gates_file": self.gates_file, "progress": bench.progress}
        report = run_suite(cases, reader=reader, **told)
        rows = (run_suite(cases, reader=quotes, **told) if reader.model else report).rows
        crashed = tuple(f"{row.case.id}: {row.error}" for row in rows if row.error)
        asked = [(row.case, row.answer) for row in rows if row.answer]
        contract = check_contract(asked, quotes, bench, is_brief=is_ours)
        forced = [force(case, answer, quotes) for case, answer in asked]
        measure = measure_cases if is_ours else measure_set
        laps = sorted(answer.seconds["total"] for _, answer in asked)
        return Grounding(
            about=f"{len(cases):,} questions, "
            f"{reader.generation.manifest.passage_count:,} passages",
            contract=[Tally("a question never crashes", len(rows), crashed), *contract],
            quality=[
                measure(name, found)
                for name, of in parts.items()
                if (found := [f for f in forced if f.case in of])
            ],
            report=report if is_ours else None,
            let_through=check_wrong(quotes, bench),
            doubted=check_right(quotes, bench),
            lies=count_lies(cases, quotes, bench),
            seconds={f"p{p}": laps[ceil(len(laps) * p / 100) - 1] for p in (50, 95) if laps},
        )


def _show(title: str, tallies: Sequence[Tally]) -> str:
    rows = [
        [t.name, f"{t.tried:,}", f"{len(t.wrong):,}", f"{len(t.wrong) / (t.tried or 1):.3f}"]
        for t in tallies
    ]
    return show_table([[title, "tried", "wrong", "share"], *rows]) if rows else ""


def _show_figures(measured: Sequence[Measured]) -> str:
    rows = [[m.name, f"{m.count:,}", *(f"{f:.3f}" for f in m.figures.values())] for m in measured]
    return show_table([["quality", "n", *measured[0].figures], *rows]) if rows else ""
