"""Fits the weights in chatbot/evidence.json: `python -m eval.fit DATA`, the folder of public sets.

What is fitted on stands in that file: SQuAD articles that the reader was not trained on, half of
CLAPNQ, dev, and plain questions on three news articles; the rest of both sets only measures. Picks
and settles quotes as the chatbot does.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatbot.evidence import FEATURES, Candidate, find_candidates
from chatbot.question import make_standalone, read_question
from chatbot.reading import Reader, find_hits, logistic
from chatbot.settle import OF_QUOTES, settle_quotes
from chatbot.settle import quote_features as of_quotes
from chatbot.span_reader import SpanReader
from corpus.load import load_corpus
from eval.bench import Bench
from eval.case import CASES, Case, load_cases
from eval.datasets import load_dataset
from eval.quality import parts_of
from eval.ranking import overlaps
from eval.statistics import auroc
from index.embed import BUNDLED, load_embedder
from index.gloss import in_english
from index.split import PASSAGE_TOKENS

Floats = NDArray[np.float64]
PLAIN = Path(__file__).with_name("plain.jsonl")
"""Asked of the articles in `seeds` beside DATA, of which only places are told, no words."""
AGAINST = ("names_missing", "other_time", "other_place", "against")
"""Their weights cannot be above 0, others' not below."""
AT_LEAST = {"names_missing": 1.2, "words": 0.5}
"""How far from 0 a weight of the quotes' model is, whatever is fitted. By themselves these would
weigh nothing: in a small corpus what lacks a name is of something else, and in other languages than
English the question's words say more than the reader does."""
THRESHOLD = 0.53
"""Chosen below what is best for the joint scores of the sets fitted on, .6 to .7: that costs each
.03, and answers half as many again, among them who heads an office in the news (eval/LOG.md)."""
WEIGHS = {"dev": 2.0}
"""How much a set weighs, where not as much as each other: it has the hardest near misses."""


@dataclass(frozen=True)
class Asked:
    """A case, the candidates found for it, best first, and what can read them again."""

    case: Case
    question: str
    candidates: tuple[Candidate, ...]
    reader: Reader

    @cached_property
    def quotes(self) -> tuple[list[Candidate], list[Candidate]]:
        """Return what would be quoted, and that as found where nothing else stands."""
        return settle_quotes(read_question(self.question), self.candidates, self.reader)

    def is_right(self, candidate: Candidate) -> bool:
        """Say whether the candidate overlaps gold."""
        return overlaps(candidate.span, self.case.evidence)

    def features(self) -> tuple[float, ...]:
        """Return what the `quotes:` answerer would be sure by."""
        return of_quotes(read_question(self.question), self.quotes[1], self.reader.span_reader)

    def is_answered(self) -> bool:
        """Say whether one of the quotes is right."""
        return any(self.is_right(quote) for quote in self.quotes[0])


def main(argv: Sequence[str]) -> int:
    """Fit, write the weights, print what the parts measure."""
    data, fitted, aside = Path(argv[0]), dict[str, list[Asked]](), dict[str, list[Asked]]()
    bench = Bench(
        embedder=load_embedder(BUNDLED), passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader()
    )
    own = {
        "dev": (Path("corpus/documents"), CASES / "dev.jsonl"),
        "news": (data.parent / "seeds", PLAIN),
    }
    with ExitStack() as opened:  # what is asked is read again until all is measured
        for name in ("squad2", "clapnq"):
            dataset = load_dataset(data / name)
            halves = parts_of(dataset).values()
            reader = opened.enter_context(bench.reading(dataset.documents))
            fitted[name], aside[name] = ([_ask(case, reader) for case in of] for of in halves)
        for name, (folder, cases) in own.items():
            reader = opened.enter_context(bench.reading(load_corpus([folder]).documents))
            fitted[name] = [_ask(case, reader) for case in load_cases([cases])]
        sentence = _fit_sentence(fitted)
        ranked = {name: [_ranked(one, sentence) for one in of] for name, of in fitted.items()}
        question = _fit(
            [
                (one.features(), one.is_answered(), WEIGHS.get(name, 1) / len(of))
                for name, of in ranked.items()
                for one in of
                if one.candidates
            ],
            OF_QUOTES,
        )
        _write(sentence, question)
        held = {name: [_ranked(one, sentence) for one in of] for name, of in aside.items()}
        for what, sets in (("fitted on", ranked), ("held aside", held)):
            for name, of in sets.items():
                sys.stdout.write(f"{what} {name}: {_measure(of, question)}\n")
    return 0


def _write(sentence: Floats, question: Floats) -> None:
    """Put the weights into the frozen file, which says itself what is fitted on."""
    file = Path("chatbot/evidence.json")
    kept = json.loads(file.read_text())
    fitted = {"sentence": sentence, "question": question}
    rounded = {name: [round(float(w), 4) for w in weights] for name, weights in fitted.items()}
    said = {**kept, **rounded, "threshold": THRESHOLD, "features": list(OF_QUOTES)}
    file.write_text(json.dumps(said, indent=2) + "\n")


def _ask(case: Case, reader: Reader) -> Asked:
    question = in_english(make_standalone(case.question, case.history), reader.generation)
    found = find_candidates(read_question(question), find_hits(question, reader), reader)
    return Asked(case, question, tuple(found), reader)


def _fit_sentence(fitted: dict[str, list[Asked]]) -> Floats:
    rows = [
        (candidate.features, one.is_right(candidate), 1 / len(of))
        for of in fitted.values()
        for one in of
        if one.case.answerable
        for candidate in one.candidates
    ]
    return _fit(rows, FEATURES)


def _fit(rows: Sequence[tuple[tuple[float, ...], bool, float]], names: Sequence[str]) -> Floats:
    """Logistic regression in which a weight cannot have the sign that makes no sense.

    Rows are features, which have these names, label and how much the row counts.
    """
    from scipy.optimize import minimize

    features = np.array([[*row, 1.0] for row, _, _ in rows])
    labels = np.array([label for _, label, _ in rows], dtype=float)
    counts = np.array([count for _, _, count in rows])
    counts *= len(rows) / counts.sum()

    def loss(weights: Floats) -> tuple[float, Floats]:
        total = features @ weights
        penalty = 0.05 * weights[:-1] @ weights[:-1]
        gradient = features.T @ (counts * (1 / (1 + np.exp(-total)) - labels))
        gradient[:-1] += 0.1 * weights[:-1]
        return float(counts @ (np.logaddexp(0, total) - labels * total) + penalty), gradient

    least = [AT_LEAST.get(name, 0.0) if names == OF_QUOTES else 0.0 for name in names]
    bounds = [
        (None, -far) if name in AGAINST else (far, None)
        for name, far in zip(names, least, strict=True)
    ]
    start = np.array([*(low if low is not None else high for low, high in bounds), 0.0])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x, dtype=np.float64)


def _ranked(asked: Asked, weights: Floats) -> Asked:
    scored = [replace(c, score=logistic(c.features, weights)) for c in asked.candidates]
    ranked = tuple(sorted(scored, key=lambda c: -c.score))
    own = replace(asked.reader.weights, sentence=tuple(weights))
    return replace(asked, candidates=ranked, reader=replace(asked.reader, weights=own))


def _measure(asked: Sequence[Asked], weights: Floats) -> str:
    sure = [logistic(one.features(), weights) if one.candidates else 0.0 for one in asked]
    right = [one.is_answered() for one in asked]
    gold = [one.case.answerable for one in asked]
    best = [any(map(one.is_right, one.candidates[:1])) for one in asked if one.case.answerable]
    shown = [r for r, c in zip(right, sure, strict=True) if c >= THRESHOLD]
    return (
        f"{len(asked)} questions, best sentence right {np.mean(best):.3f} of answerable, "
        f"AUROC answerable {auroc(sure, gold):.3f}, "
        f"right {auroc(sure, right):.3f}, "
        f"answered {len(shown) / len(asked):.3f} with {np.mean(shown) if shown else 0:.3f} right"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
