"""Metamorphic checks of any index, with any questions: nobody has to say what is right.

Finds the questions, tries each change, and tells people and programs how it went.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chatbot.ask import Reader
from chatbot.make_questions import make_questions
from chatbot.suggest import load_questions
from chatbot.terminal import show_table
from corpus.load import load_corpus
from eval.bench import Bench, Tally, documents_of, spread
from eval.case import CASES, Case, load_cases
from eval.changes import (
    Ask,
    Check,
    Lab,
    add_distractors,
    ask_reader,
    copy_documents,
    delete_evidence,
    edit_evidence,
    misspell_question,
    plant_orders,
    plant_questions,
    reword_question,
    shuffle_documents,
)
from eval.datasets import load_dataset
from eval.errors import BadCase

SAMPLE = 40
DISTRACTORS = (0, 10, 100, 1_000)
MORE = 3
"""Times the sample, at most, that questions are asked as they are, to find some with an answer."""
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Metamorphic:
    """What a run came to."""

    about: str
    checks: Sequence[Check]

    @property
    def is_good(self) -> bool:
        """Say whether nothing went wrong in the hard checks; the others only are to be known."""
        return not any(check.tally.wrong for check in self.checks if check.is_hard)

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        rows = [
            asdict(each.tally)
            | {"answered": each.answered, "abstained": each.abstained, "is_hard": each.is_hard}
            for each in self.checks
        ]
        return {"about": self.about, "is_good": self.is_good, "metamorphic": rows}

    def as_text(self) -> str:
        """Return a table, with examples of what went wrong under it."""
        rows = [["metamorphic", "tried", "wrong", "share", "answered", "abstained", "gate"]]
        examples = []
        for check in self.checks:
            name, tried, wrong = check.tally.name, check.tally.tried, check.tally.wrong
            counts = [f"{tried:,}", f"{len(wrong):,}", f"{len(wrong) / (tried or 1):.3f}"]
            counts += [f"{check.answered:,}", f"{check.abstained:,}", "0" if check.is_hard else "-"]
            rows.append([name, *counts])
            kind = "BROKEN" if check.is_hard else "example"
            examples += [f"{kind}: {name}: {line}" for line in wrong[:SHOWN]]
        ends = (
            "Nothing went wrong where the gate is 0."
            if self.is_good
            else "BELOW GATE: something went wrong where the gate is 0."
        )
        ends += " Others have no gate. Answered: before the change; abstained: of these, after it."
        parts = [self.about, show_table(rows), "\n".join(examples), ends]
        return "\n\n".join(filter(None, parts))


def run_metamorphic(
    files: Sequence[Path], folder: Path | None, bench: Bench, open_reader: Callable[[], Reader]
) -> Metamorphic:
    """Check an index, or a folder with a question set or else with documents.

    Without case files, a set's questions are asked. Without a set, ours that are not sealed are, if
    the index holds what they are about; else those that it is known to answer.
    """
    if folder is None:
        reader = open_reader()
        return check_metamorphic(load_cases(files) or _questions(reader, bench), reader, bench)
    cases = load_cases(files)
    try:
        dataset = load_dataset(folder)
        documents = dataset.documents
        asked = [_case(f"{number}", q.text) for number, q in enumerate(dataset.questions)]
    except BadCase:
        documents, asked = load_corpus([folder]).documents, []
    with bench.reading(documents) as made:
        return check_metamorphic(cases or asked or _questions(made, bench), made, bench)


def check_metamorphic(
    cases: Sequence[Case],
    reader: Reader,
    bench: Bench,
    *,
    ask: Ask = ask_reader,
    distractors: Sequence[int] = DISTRACTORS,
) -> Metamorphic:
    """Try each change; `ask` answers from the reader that it is given.

    As many questions as the sample is large are tried, where they may be answered or not about half
    of each.
    """
    most = bench.sample or SAMPLE
    cases = spread(cases, MORE * most)
    with tempfile.TemporaryDirectory() as scratch:
        documents = documents_of(reader)
        lab = Lab(reader=reader, documents=documents, bench=bench, scratch=Path(scratch), ask=ask)
        every = [(case, answer) for case in cases if (answer := lab.answer(case, reader))]
        cited = spread([one for one in every if one[1].citations], most)
        silent = spread([one for one in every if not one[1].citations], most // 2)
        asked = spread(cited, most - len(silent)) + silent
        answered = sum(bool(answer.citations) for _, answer in every)
        checks = [
            *delete_evidence(lab, cited),
            *edit_evidence(lab, cited),
            *add_distractors(lab, asked, distractors),
            *reword_question(lab, asked),
            *misspell_question(lab, asked),
            *copy_documents(lab, cited),
            *plant_questions(lab, cited),
            *plant_orders(lab, cited),
            *shuffle_documents(lab, asked),
        ]
    crashed = Tally("a question crashes", len(lab.tried), tuple(lab.crashed))
    return Metamorphic(
        about=f"{len(cases)} questions, {answered} of them answered; {len(cited)} and "
        f"{len(silent)} others are tried.",
        checks=[Check(crashed, answered, abstained=0, is_hard=True), *checks],
    )


def _questions(reader: Reader, bench: Bench) -> list[Case]:
    """Return ours if the index holds what they are about, else what it is known to answer."""
    files = [f for f in sorted(CASES.glob("*.jsonl")) if not f.with_suffix(".sha256").is_file()]
    ours, held = load_cases(files), reader.generation.store.titles()
    if {span.document_id for case in ours for span in case.evidence} <= held.keys():
        return ours
    known = load_questions(reader.generation) or make_questions(reader, bench.progress)
    if not known:
        raise BadCase("no question can be made of these documents; give a file with --cases.")
    return [_case(f"known-{number}", one.question) for number, one in enumerate(known)]


def _case(id_: str, question: str) -> Case:
    return Case(id=id_, question=question, answerable=True, evidence=())
