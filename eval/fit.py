"""Fits the weights in chatbot/evidence.json: `python -m eval.fit DATA`, a folder with SQuAD 2.0.

All paragraphs are indexed; questions are asked of articles that the reader was not trained on, some
to fit, the others only to measure. Knows the features, not their use.
"""

import json
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatbot.evidence import (
    FEATURES,
    Candidate,
    Weights,
    find_candidates,
    logistic,
    quote_features,
)
from chatbot.question import read_question
from chatbot.quotes import pick_quotes
from chatbot.span_reader import SpanReader
from corpus.blocks import clean
from corpus.document import Span
from corpus.load import Corpus
from eval.datasets import load_dataset
from eval.reader_examples import ASIDE, Example, read_squad, twist
from index.build import build_index
from index.embed import BUNDLED, load_embedder
from index.generation import open_current
from index.search import search
from index.split import PASSAGE_TOKENS

Floats = NDArray[np.float64]
FITTED_ON = {"Imperialism", "Pharmacy", "Prime_number"}
MEASURED_ON = ASIDE - FITTED_ON
TWISTED = 0.25
"""Share of answerable questions that are also asked of another name or number: to fit on only."""
NEGATIVE = ("names_missing", "names_apart", "year_conflict")
SIGNS = [-1 if name in NEGATIVE else 1 for name in FEATURES]
BLANK = Weights(
    sentence=(0.0,) * (len(FEATURES) + 1), question=(0.0,) * (len(FEATURES) + 1), threshold=0.0
)
THRESHOLD = 0.47
"""Chosen on eval/cases/dev.jsonl, where it gives the best joint score (eval/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its gold answers (none: unanswerable) and the candidates found for it."""

    gold: frozenset[Span]
    candidates: tuple[Candidate, ...]

    def is_right(self, candidate: Candidate) -> bool:
        """Say whether the candidate holds one of the gold answers whole."""
        span = candidate.span
        return any(
            span.document_id == gold.document_id
            and span.start <= gold.start
            and gold.end <= span.end
            for gold in self.gold
        )

    def features(self) -> tuple[float, ...]:
        """Return what the `quotes:` answerer would be sure by."""
        return quote_features(pick_quotes(self.candidates))

    def is_answered(self) -> bool:
        """Say whether one of the quotes is right."""
        return any(self.is_right(quote) for quote in pick_quotes(self.candidates))


def main(argv: Sequence[str]) -> int:
    """Fit, print what the articles of both parts measure, write the weights."""
    data = Path(argv[0])
    fit = read_squad(data, FITTED_ON.__contains__)
    fit += twist(fit, Random(0), TWISTED)
    asked = _ask(data, [*fit, *read_squad(data, MEASURED_ON.__contains__)])
    sentence = _fit_sentence(asked[: len(fit)])
    ranked = [_ranked(one, sentence) for one in asked if one.candidates]
    question = _fit([(one.features(), one.is_answered()) for one in ranked[: len(fit)]], SIGNS)
    for name, part in (("fitted on", ranked[: len(fit)]), ("held aside", ranked[len(fit) :])):
        sys.stdout.write(f"{name}: {_measure(part, question)}\n")
    weights = {
        "sentence": [round(float(w), 4) for w in sentence],
        "question": [round(float(w), 4) for w in question],
        "threshold": THRESHOLD,
        "features": list(FEATURES),
        "fitted_on": f"SQuAD 2.0 development set: {', '.join(sorted(FITTED_ON))}; "
        "threshold on eval/cases/dev.jsonl",
    }
    Path("chatbot/evidence.json").write_text(json.dumps(weights, indent=2) + "\n")
    return 0


def _ask(data: Path, examples: Sequence[Example]) -> list[Asked]:
    """Index every paragraph and return what is found for each question."""
    made_with: Any = {"embedding_model": BUNDLED, "passage_tokens": PASSAGE_TOKENS}
    documents = load_dataset(data / "squad2").documents
    ids = {document.text: document.id for document in documents}
    embedder, span_reader, asked = load_embedder(BUNDLED), SpanReader(), []
    with tempfile.TemporaryDirectory() as folder:
        corpus, load = Corpus(documents, ()), lambda _: embedder
        build_index(corpus, index=Path(folder), load_embedder=load, **made_with)
        with closing(open_current(Path(folder), **made_with)) as generation:
            for example in examples:
                text = clean(example.text)
                gold = {
                    Span(ids[text], match.start(), match.end())
                    for answer in example.answers
                    for match in re.finditer(re.escape(answer), text)
                }
                found = find_candidates(
                    read_question(example.question),
                    search(example.question, generation=generation, embedder=embedder),
                    generation=generation,
                    span_reader=span_reader,
                    weights=BLANK,
                )
                asked.append(Asked(frozenset(gold), tuple(found)))
    return asked


def _fit_sentence(asked: Sequence[Asked]) -> Floats:
    rows = [(c.features, one.is_right(c)) for one in asked if one.gold for c in one.candidates]
    return _fit(rows, SIGNS)


def _fit(rows: Sequence[tuple[tuple[float, ...], bool]], signs: Sequence[int]) -> Floats:
    """Logistic regression in which a weight cannot have the sign that makes no sense."""
    from scipy.optimize import minimize

    features = np.array([[*row, 1.0] for row, _ in rows])
    labels = np.array([label for _, label in rows], dtype=float)

    def loss(weights: Floats) -> tuple[float, Floats]:
        total = features @ weights
        penalty = 0.05 * weights[:-1] @ weights[:-1]
        gradient = features.T @ (1 / (1 + np.exp(-total)) - labels)
        gradient[:-1] += 0.1 * weights[:-1]
        return float(np.sum(np.logaddexp(0, total) - labels * total) + penalty), gradient

    bounds = [(0, None) if sign > 0 else (None, 0) for sign in signs]
    start = np.zeros(features.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x, dtype=np.float64)


def _ranked(asked: Asked, weights: Floats) -> Asked:
    scored = [replace(c, score=logistic(c.features, weights)) for c in asked.candidates]
    return Asked(asked.gold, tuple(sorted(scored, key=lambda c: -c.score)))


def _measure(asked: Sequence[Asked], weights: Floats) -> str:
    from sklearn.metrics import roc_auc_score

    confidence = [logistic(one.features(), weights) for one in asked]
    right = [one.is_answered() for one in asked]
    gold = [bool(one.gold) for one in asked]
    best = [one.is_right(one.candidates[0]) for one in asked if one.gold]
    shown = [r for r, c in zip(right, confidence, strict=True) if c >= THRESHOLD]
    return (
        f"{len(asked)} questions, best sentence right {np.mean(best):.3f} of answerable, "
        f"AUROC answerable {roc_auc_score(gold, confidence):.3f}, "
        f"right {roc_auc_score(right, confidence):.3f}, "
        f"answered {len(shown) / len(asked):.3f} with {np.mean(shown) if shown else 0:.3f} right"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
