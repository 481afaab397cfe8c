"""The grounding suite: what must hold of answers, how good they are, what the check lets through.

Puts the parts together and tells people and programs how it went. Measures nothing itself.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import ceil, isnan
from pathlib import Path
from typing import Any

from chatbot.ask import Reader, answer_question
from chatbot.terminal import show_table
from eval.bench import Bench, Tally, spread
from eval.case import Case
from eval.checking import check_right, check_summedits, check_wrong
from eval.contract import check_contract
from eval.datasets import load_dataset
from eval.liars import count_lies
from eval.quality import Measured, force, load_set, measure_set

SUMMEDITS = "samsum.json"
"""The file that tells the set."""
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """What a run came to; `seconds` are of one answer in quotes."""

    about: str
    contract: Sequence[Tally] = ()
    quality: Sequence[Measured] = ()
    let_through: Sequence[Tally] = ()
    doubted: Sequence[Tally] = ()
    lies: Sequence[Tally] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Say whether the contract held and no lie got through."""
        return not any(tally.wrong for tally in (*self.contract, *self.lies))

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
        rest = {"about": self.about, "seconds": self.seconds, "is_good": self.is_good}
        return {**rest, **tallies, "quality": quality}

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
            _show("wrong statements: let through", self.let_through),
            _show("right statements: doubted", self.doubted),
            f"An answer in quotes takes {time}." if time else "",
        ]
        return "\n\n".join(filter(None, parts))


def ground_cases(parts: dict[Path, list[Case]], reader: Reader, bench: Bench) -> Grounding:
    """Ask the cases of the files."""
    every = [case for cases in parts.values() for case in cases]
    chosen = spread(every, bench.at_most(len(every)))
    return _ground({"": chosen}, reader, bench, is_ours=True)


def ground_set(folder: Path, bench: Bench) -> Grounding:
    """Ask a public set, with all its documents indexed; BadCase if it holds no answers."""
    if (folder / SUMMEDITS).is_file():
        return Grounding(about="SummEdits", quality=check_summedits(folder, bench))
    dataset = load_dataset(folder)
    parts = load_set(folder, dataset)
    chosen = {name: spread(cases, bench.at_most(len(cases))) for name, cases in parts.items()}
    with bench.reading(dataset.documents) as reader:
        return _ground(chosen, reader, bench, is_ours=False)


def _ground(
    parts: dict[str, list[Case]], reader: Reader, bench: Bench, *, is_ours: bool
) -> Grounding:
    quotes, asked, crashed = replace(reader, model=None), [], []
    cases = [case for part in parts.values() for case in part]
    for done, case in enumerate(cases, start=1):
        try:
            asked.append((case, answer_question(case.question, case.history, reader=quotes)))
        except Exception as error:  # one question must not lose the others
            crashed.append(f"{case.id}: {type(error).__name__}: {error}")
        bench.progress(done, len(cases))
    contract = check_contract(asked, quotes, bench, is_brief=is_ours)
    forced = {} if is_ours else {case.id: force(case, answer, quotes) for case, answer in asked}
    quality = [
        measure_set(name, found)
        for name, of in parts.items()
        if (found := [forced[case.id] for case in of if case.id in forced])
    ]
    laps = sorted(answer.seconds["total"] for _, answer in asked)
    return Grounding(
        about=f"{len(cases):,} questions, {reader.generation.manifest.passage_count:,} passages",
        contract=[Tally("a question never crashes", len(cases), tuple(crashed)), *contract],
        quality=quality,
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
