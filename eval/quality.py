"""How good answers are, on cases of ours and on public sets. Knows no threshold but the frozen."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import inf, isnan, nan
from pathlib import Path
from statistics import fmean

from chatbot.answer import Answer
from chatbot.ask import Reader
from chatbot.evidence import find_candidates, frozen_weights
from chatbot.question import read_question
from chatbot.quotes import pick_quotes
from corpus.blocks import clean
from corpus.document import Span
from eval.case import Case
from eval.datasets import Dataset
from eval.errors import BadCase
from eval.judged import Judged, gold_span_hit, joint
from eval.ranking import score_spans
from eval.reader_examples import ASIDE, load_rows, read_squad
from eval.result import result_of
from eval.squad import word_f1
from eval.statistics import auroc, coverage_at_risk


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of `count` things: 0-1, the joint score from -1; NaN where there is none."""

    name: str
    count: int
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Forced:
    """An answer, and what it would be whatever the confidence: the words, and the quotes."""

    judged: Judged
    words: str
    quotes: tuple[Span, ...]

    @property
    def case(self) -> Case:
        """Return what was asked."""
        return self.judged.case

    @property
    def confidence(self) -> float:
        """Return how sure the answer is."""
        return self.judged.result.confidence

    @property
    def is_right(self) -> bool:
        """Say whether the quotes overlap a gold span of each part."""
        parts = self.case.evidence_by_part()
        return bool(parts) and all(score_spans(self.quotes, gold)["recall"] for gold in parts)

    @property
    def f1(self) -> float:
        """Return SQuAD's F1 of the words; where gold are spans, F1 of the quotes' characters."""
        if self.case.answers:
            return word_f1(self.words, self.case.answers)
        scores = [score_spans(self.quotes, gold) for gold in self.case.evidence_by_part()]
        found = [(each["precision"], each["recall"]) for each in scores]
        return max(2 * p * r / (p + r) if p and r else 0.0 for p, r in found)


def force(case: Case, answer: Answer, reader: Reader) -> Forced:
    """Read the answer's hits again for what would be quoted."""
    candidates = find_candidates(
        read_question(answer.standalone_question),
        answer.hits,
        generation=reader.generation,
        span_reader=reader.span_reader,
        weights=frozen_weights(),
    )
    quotes = tuple(c.span for c in answer.citations or pick_quotes(candidates))
    read = reader.generation.document
    judged = Judged(case, result_of(case.id, answer, read), read)
    if not candidates:
        return Forced(judged, "", quotes)
    best = max(candidates, key=lambda c: c.score)
    start, end = (at - best.span.start for at in (best.answer.start, best.answer.end))
    return Forced(judged, best.text[start:end], quotes)


def measure_cases(name: str, forced: Sequence[Forced]) -> Measured:
    """Return figures of cases with gold spans."""
    sure, right = [f.confidence for f in forced], [f.is_right for f in forced]
    hits = [gold_span_hit(f.judged) for f in forced if f.case.answerable]
    figures = {
        "joint": fmean(joint(f.judged) for f in forced),
        "gold-span hit": fmean(hits or [nan]),
        "coverage, 1% wrong": coverage_at_risk(sure, right, 0.01),
        "coverage, 5% wrong": coverage_at_risk(sure, right, 0.05),
        "AUROC": auroc(sure, [f.case.answerable for f in forced]),
    }
    return Measured(name, len(forced), figures)


def measure_set(name: str, forced: Sequence[Forced]) -> Measured:
    """Return F1 as a set defines it: forced, and of all, where abstaining rightly counts 1.

    "best" is the latter at the threshold that in hindsight is best.
    """
    scored = [(f.confidence, f.f1 if f.case.answerable else nan) for f in forced]
    like = [score for _, score in scored if not isnan(score)] or [nan]

    def of_all(threshold: float) -> float:
        values = [(isnan(f1), 0.0 if isnan(f1) else f1, sure >= threshold) for sure, f1 in scored]
        return fmean(f1 if said else float(nothing) for nothing, f1, said in values)

    figures = {
        "F1": fmean(like),
        "exact": fmean(score == 1 for score in like),
        "F1 of all": of_all(frozen_weights().threshold),
        "best": max(of_all(threshold) for threshold in {inf, *(sure for sure, _ in scored)}),
        "AUROC": auroc([f.confidence for f in forced], [f.case.answerable for f in forced]),
    }
    return Measured(name, len(forced), figures)


def load_set(folder: Path, dataset: Dataset) -> dict[str, list[Case]]:
    """Read a public set's cases, unanswerable ones too; BadCase if it has no answers.

    They are in two parts, those that the evidence weights were fitted on first; one may be empty.
    """
    fitted = json.loads(files("chatbot").joinpath("evidence.json").read_text())["fitted_on"]
    ids = {document.text: document.id for document in dataset.documents}
    if dataset.form == "SQuAD":
        of = [(title, case) for title in sorted(ASIDE) for case in _squad(folder, title, ids)]
        found = [(title in fitted, title, case) for title, case in of]
    elif dataset.form == "CLAPNQ":  # of which every second was
        form, cases = dataset.form, enumerate(_clapnq(folder, ids))
        found = [(form in fitted and number % 2 == 0, form, case) for number, case in cases]
    else:
        raise BadCase(f"{folder} holds no answers; name a set in the form of SQuAD or CLAPNQ.")
    parts = {}
    for name, was in (("fitted on", True), ("held aside", False)):
        titles = dict.fromkeys(title for was_fitted, title, _ in found if was_fitted is was)
        parts[f"{name}: {', '.join(titles)}"] = [case for is_, _, case in found if is_ is was]
    return parts


def _squad(folder: Path, title: str, ids: dict[str, str]) -> list[Case]:
    """Read an article that the reader never saw; gold is wherever the paragraph says it."""
    cases = []
    for number, example in enumerate(read_squad(folder.parent, title.__eq__)):
        text, answers = clean(example.text), dict.fromkeys(example.answers)
        spans = [
            Span(ids[text], match.start(), match.end())
            for answer in answers
            for match in re.finditer(re.escape(answer), text)
        ]
        cases.append(
            Case(
                id=f"{title} {number}",
                question=example.question,
                answerable=example.kind != "unanswerable",
                evidence=tuple(spans),
                answers=tuple(answers),
            )
        )
    return cases


def _clapnq(folder: Path, ids: dict[str, str]) -> list[Case]:
    """Read both files; the sentences that each annotator chose are a part of the evidence."""
    cases = []
    for kind in ("answerable", "unanswerable"):
        for row in load_rows(folder / f"{kind}.jsonl"):
            text = clean(row["passages"][0]["text"])
            gold = [
                (part, Span(ids[text], text.index(said), text.index(said) + len(said)))
                for part, output in enumerate(row["output"])
                for said in map(clean, output["selected_sentences"])
            ]
            cases.append(
                Case(
                    id=row["id"],
                    question=row["input"],
                    answerable=kind == "answerable",
                    evidence=tuple(span for _, span in gold),
                    parts=tuple(part for part, _ in gold),
                )
            )
    return cases
