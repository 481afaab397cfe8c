"""Metamorphic checks of any index, with any questions: nobody has to say what is right.

Finds the questions, and tries each change on them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from chatbot.make_questions import make_questions
from chatbot.reading import Reader
from chatbot.suggest import load_questions
from corpus.load import load_corpus
from eval import changes
from eval.bench import Ask, Bench, ask_reader, open_lab, spread
from eval.case import CASES, Case, load_cases, seal_of
from eval.datasets import load_dataset
from eval.errors import BadCase
from eval.findings import Findings
from eval.parts import load_parts

SAMPLE = 40
DISTRACTORS = (0, 10, 100, 1_000)
MORE = 3
"""Times the sample, at most, that questions are asked as they are, to find some with an answer."""


def run_metamorphic(
    files: Sequence[Path], folder: Path | None, bench: Bench, open_reader: Callable[[], Reader]
) -> Findings:
    """Check an index, or a folder with a question set or else with documents.

    Without case files, a set's questions are asked. Without a set, ours that are not sealed are, if
    the index holds what they are about; else those that it is known to answer.
    """
    if folder is None:
        reader = open_reader()
        return check_metamorphic(_questions(files, (), reader, bench), reader, bench)
    cases: Sequence[Case] = ()
    try:
        dataset = load_dataset(folder)
        documents, cases = dataset.documents, dataset.cases
    except BadCase:
        documents = load_corpus([folder]).documents
    with bench.reading(documents) as made:
        return check_metamorphic(_questions(files, cases, made, bench), made, bench)


def check_metamorphic(
    cases: Sequence[Case],
    reader: Reader,
    bench: Bench,
    *,
    ask: Ask = ask_reader,
    distractors: Sequence[int] = DISTRACTORS,
) -> Findings:
    """Try each change; `ask` answers from the reader that it is given.

    As many questions as the sample is large are tried, where they may be answered or not about half
    of each.
    """
    most = bench.sample or SAMPLE
    cases = spread(cases, MORE * most)
    with open_lab(reader, bench, ask) as lab:
        every = lab.answers(cases)
        answered = [one for one in every if one[1].citations]
        cited = spread(answered, most)
        silent = spread([one for one in every if not one[1].citations], most // 2)
        asked = spread(cited, most - len(silent)) + silent
        checks = [
            *changes.delete_evidence(lab, cited),
            *changes.edit_evidence(lab, cited),
            *changes.add_distractors(lab, asked, distractors),
            *changes.reword_question(lab, asked),
            *changes.copy_documents(lab, cited),
            *changes.plant_orders(lab, cited),
            *changes.shuffle_documents(lab, asked),
        ]
    return Findings(
        about=f"{len(cases)} questions, {len(answered)} of them answered; {len(cited)} and "
        f"{len(silent)} others are tried.",
        tallies={"metamorphic": [lab.crashes(), *checks]},
    )


def _questions(
    files: Sequence[Path], cases: Sequence[Case], reader: Reader, bench: Bench
) -> Sequence[Case]:
    """Return what is given; else ours if the index holds what they are about, else known ones."""
    if files:
        return [case for of in load_parts(files, reader.generation).values() for case in of]
    if cases:
        return cases
    ours = load_cases([f for f in sorted(CASES.glob("*.jsonl")) if not seal_of(f).is_file()])
    held = reader.generation.store.titles()
    if {span.document_id for case in ours for span in case.evidence} <= held.keys():
        return ours
    known = load_questions(reader.generation) or make_questions(reader, bench.progress)
    if not known:
        raise BadCase("no question can be made of these documents; give a file with --cases.")
    return [
        Case(id=f"known-{number}", question=one.question, answerable=True, evidence=())
        for number, one in enumerate(known)
    ]
