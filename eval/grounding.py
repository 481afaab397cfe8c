"""The grounding suite: what must hold of answers, how good they are, what the check lets through.

Puts the parts together. Measures nothing itself.
"""

from dataclasses import replace
from math import ceil
from pathlib import Path

from chatbot.ask import Reader
from eval.bench import Bench, spread
from eval.case import Case
from eval.checking import check_right, check_summedits, check_wrong
from eval.contract import check_contract
from eval.datasets import load_dataset
from eval.findings import Findings
from eval.lab import open_lab
from eval.liars import count_lies
from eval.quality import measure_set, parts_of

SUMMEDITS = "samsum.json"
"""The file that tells the set."""


def ground_cases(parts: dict[Path, list[Case]], reader: Reader, bench: Bench) -> Findings:
    """Ask the cases of the files."""
    every = [case for cases in parts.values() for case in cases]
    chosen = spread(every, bench.at_most(len(every)))
    return _ground({"": chosen}, reader, bench, is_ours=True)


def ground_set(folder: Path, bench: Bench) -> Findings:
    """Ask a public set, with all its documents indexed; BadCase if it holds no answers."""
    if (folder / SUMMEDITS).is_file():
        return Findings(about="SummEdits", quality=check_summedits(folder, bench))
    dataset = load_dataset(folder)
    parts = parts_of(dataset)
    chosen = {name: spread(cases, bench.at_most(len(cases))) for name, cases in parts.items()}
    with bench.reading(dataset.documents) as reader:
        return _ground(chosen, reader, bench, is_ours=False)


def _ground(
    parts: dict[str, list[Case]], reader: Reader, bench: Bench, *, is_ours: bool
) -> Findings:
    quotes = replace(reader, model=None)
    cases = [case for part in parts.values() for case in part]
    with open_lab(quotes, bench) as lab:
        asked = lab.answers(cases)
        contract = check_contract(lab, asked, is_brief=is_ours)
    laps = sorted(answer.seconds["total"] for _, answer in asked)
    quality = [
        measure_set(name, [one for one in asked if one[0].id in ids], quotes)
        for name, part in parts.items()
        if (ids := {case.id for case in part}) and not is_ours
    ]
    return Findings(
        about=f"{len(cases):,} questions, {reader.generation.manifest.passage_count:,} passages",
        tallies={
            "contract": [lab.crashes(), *contract],
            "lies": count_lies(cases, quotes, bench),
            "let_through": check_wrong(quotes, bench),
            "doubted": check_right(quotes, bench),
        },
        quality=quality,
        seconds={f"p{p}": laps[ceil(len(laps) * p / 100) - 1] for p in (50, 95) if laps},
    )
