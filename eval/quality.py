"""How good answers are on public sets, as each defines it. Knows no threshold but the frozen."""

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from math import nan
from statistics import fmean

from chatbot.reading import Reader
from eval.bench import Asked
from eval.case import Case
from eval.datasets import CLAPNQ, SQUAD, Dataset
from eval.errors import BadCase
from eval.findings import Measured
from eval.metrics import gold_span_f1, word_score
from eval.reader_examples import ASIDE
from eval.result import Judged
from eval.squad import word_f1
from eval.statistics import auroc
from eval.systems import answer_anyway


def measure_set(name: str, asked: Sequence[Asked], reader: Reader) -> Measured:
    """Return F1 when forced to answer what can be, F1 of all, and the AUROC of what can be.

    F1 is SQuAD's, or of the characters cited where sentences are gold and no words; of all, where
    nothing answers, to abstain is 1. What answers in several quotes is taken at its surest.
    """
    read, f1 = reader.generation.document, dict[str, float]()
    for case, answer in asked:
        if case.answerable:
            forced = answer_anyway(case, replace(answer, status="not_in_documents"), reader)
            f1[case.id] = _f1(Judged(case, forced, read))
    of_all = [
        f1.get(case.id, 0.0) if answer.status == "answered" else float(not case.answerable)
        for case, answer in asked
    ]
    sure = [answer.confidence for _, answer in asked]
    figures = {
        "F1 forced": fmean(f1.values() or [nan]),
        "F1 of all": fmean(of_all),
        "AUROC": auroc(sure, [case.answerable for case, _ in asked]),
    }
    return Measured(name, len(asked), figures)


def _f1(judged: Judged) -> float:
    """Return F1 of the words, or of the characters beside the annotator who chose most alike."""
    case = judged.case
    if case.answers:
        return word_score(judged, of=word_f1)
    each = (
        replace(case, evidence=tuple(part), parts=tuple(range(len(part))))
        for part in case.evidence_by_part()
    )
    return max(gold_span_f1(replace(judged, case=one)) for one in each)


def parts_of(dataset: Dataset) -> dict[str, list[Case]]:
    """Return the cases that the reader never saw; BadCase if the set has no answers.

    They are in two parts, those that the evidence weights were fitted on first; one may be empty.
    """
    fitted_on = json.loads(files("chatbot").joinpath("evidence.json").read_text())["fitted_on"]
    if dataset.form == SQUAD:
        cases = [case for case in dataset.cases if ASIDE.issuperset(case.tags)]
        found = [(case.tags[0] in fitted_on, case.tags[0], case) for case in cases]
    elif dataset.form == CLAPNQ:  # of which every second was
        found = [(number % 2 == 0, CLAPNQ, case) for number, case in enumerate(dataset.cases)]
    else:
        raise BadCase("this set holds no answers; name one in the form of SQuAD or CLAPNQ.")
    parts = {}
    for name, was in (("fitted on", True), ("held aside", False)):
        titles = sorted({title for was_fitted, title, _ in found if was_fitted is was})
        parts[f"{name}: {', '.join(titles)}"] = [case for is_, _, case in found if is_ is was]
    return parts
