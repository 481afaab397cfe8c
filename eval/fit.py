"""Fits the weights in chatbot/evidence.json on a SQuAD 2.0 file: `python -m eval.fit FILE`.

Half of the articles are fitted on, the other half only measured. Knows the features, not their use.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
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
from corpus.blocks import Block, Extract, make_document
from corpus.document import Document, Span
from corpus.load import Corpus
from index.build import build_index
from index.embed import BUNDLED, Embedder, load_embedder
from index.generation import open_current
from index.packed import Vectors
from index.search import search
from index.split import PASSAGE_TOKENS

QUESTIONS_AN_ARTICLE = 60
Article = dict[str, Any]
Floats = NDArray[np.float64]
NEGATIVE = ("names_missing", "year_conflict")
SIGNS = {name: -1 if name in NEGATIVE else 1 for name in FEATURES}
THRESHOLD = 0.29
"""Chosen on eval/cases/dev.jsonl, where it gives the best joint score (eval/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its gold answers (none: unanswerable) and the candidates found for it."""

    gold: tuple[Span, ...]
    candidates: tuple[Candidate, ...]

    def is_right(self, candidate: Candidate) -> bool:
        """Say whether the candidate holds one of the gold answers whole."""
        return any(
            candidate.span.document_id == gold.document_id
            and candidate.span.start <= gold.start
            and gold.end <= candidate.span.end
            for gold in self.gold
        )

    def quotes(self) -> list[Candidate]:
        """Return what the `quotes:` answerer would show."""
        return pick_quotes(self.candidates)

    def is_answered(self) -> bool:
        """Say whether one of the quotes is right."""
        return any(self.is_right(quote) for quote in self.quotes())


class RememberingEmbedder:
    """Embeds each text once: paragraphs come back for many questions."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.name = embedder.name
        self._known: dict[str, Vectors] = {}

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one vector for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self.embedder.embed_queries(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def main(argv: Sequence[str]) -> int:
    """Fit on half of the articles, print what both halves measure, write the weights."""
    articles = json.loads(Path(argv[0]).read_text())["data"]
    embedder = RememberingEmbedder(load_embedder(BUNDLED))
    blank = Weights(
        sentence=(0.0,) * (len(FEATURES) + 1), question=(0.0,) * (len(FEATURES) + 2), threshold=0.0
    )
    fit, aside = (
        [asked for article in part for asked in _ask(article, _names(part), embedder, blank)]
        for part in (articles[::2], articles[1::2])
    )
    sentence = _fit_sentence(fit)
    question = _fit_question([_ranked(asked, sentence) for asked in fit])
    for name, part in (("fitted on", fit), ("held aside", aside)):
        ranked = [_ranked(asked, sentence) for asked in part]
        sys.stdout.write(f"{name}: {_measure(ranked, question)}\n")
    weights = {
        "sentence": [round(float(w), 4) for w in sentence],
        "question": [round(float(w), 4) for w in question],
        "threshold": THRESHOLD,
        "features": list(FEATURES),
        "fitted_on": f"SQuAD 2.0 {Path(argv[0]).name}, articles 0, 2, 4 ... of {len(articles)}; "
        "threshold on eval/cases/dev.jsonl",
    }
    Path("chatbot/evidence.json").write_text(json.dumps(weights, indent=2) + "\n")
    return 0


def _ask(
    article: Article, names: list[str], embedder: RememberingEmbedder, weights: Weights
) -> Iterator[Asked]:
    documents, questions = _documents(article)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(tuple(documents), ())
        build_index(
            corpus,
            index=Path(folder),
            embedding_model=BUNDLED,
            passage_tokens=PASSAGE_TOKENS,
            load_embedder=lambda _: embedder.embedder,
        )
        generation = open_current(
            Path(folder), embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS
        )
        step = max(1, len(questions) // QUESTIONS_AN_ARTICLE)
        chosen = questions[::step]
        strangers = [
            (_swap_name(text, names, number), ())
            for number, (text, gold) in enumerate(chosen)
            if gold and read_question(text).names
        ]
        for text, gold in [*chosen, *strangers[::2]]:
            hits = search(text, generation=generation, embedder=embedder)
            candidates = find_candidates(
                read_question(text), hits, generation=generation, embedder=embedder, weights=weights
            )
            yield Asked(gold, tuple(candidates))
        generation.close()


def _names(articles: list[Article]) -> list[str]:
    """Return a name or number from each question that has one."""
    texts = [q["question"] for a in articles for p in a["paragraphs"] for q in p["qas"]]
    return [word for text in texts for word in list(_named(text))[:1]]


def _named(text: str) -> Iterator[str]:
    question = read_question(text)
    return (word for term, word in question.terms.items() if term in question.names)


def _swap_name(text: str, names: list[str], number: int) -> str:
    """Ask the same of another: a right question with a wrong name has no answer here."""
    mine = next(_named(text))
    alike = [name for name in names if name[0].isdigit() == mine[0].isdigit() and name != mine]
    return text.replace(mine, alike[number * 7919 % len(alike)])


def _documents(article: Article) -> tuple[list[Document], list[tuple[str, tuple[Span, ...]]]]:
    documents, questions = [], []
    for number, paragraph in enumerate(article["paragraphs"]):
        document = make_document(
            Extract(blocks=[Block(paragraph["context"])], title=article["title"].replace("_", " ")),
            document_id=f"{number:04}",
            fallback_title="",
            modified_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        documents.append(document)
        for qa in paragraph["qas"]:
            spans = {
                Span(document.id, match.start(), match.end())
                for text in qa["answers"]
                for match in re.finditer(re.escape(text), document.text)
            }
            questions.append((qa["question"], tuple(spans)))
    return documents, questions


def _fit_sentence(asked: Sequence[Asked]) -> Floats:
    rows = [(c.features, q.is_right(c)) for q in asked if q.gold for c in q.candidates]
    return _fit(rows, [SIGNS[name] for name in FEATURES])


def _fit_question(asked: Sequence[Asked]) -> Floats:
    usable = [q for q in asked if q.candidates]
    rows = [(quote_features(q.quotes()), q.is_answered()) for q in usable]
    return _fit(rows, [*(SIGNS[name] for name in FEATURES), 1])


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

    usable = [q for q in asked if q.candidates]
    confidence = [logistic(quote_features(q.quotes()), weights) for q in usable]
    right = [q.is_answered() for q in usable]
    gold = [bool(q.gold) for q in usable]
    best = [r for r, g in zip(right, gold, strict=True) if g]
    shown = [r for r, c in zip(right, confidence, strict=True) if c >= THRESHOLD]
    return (
        f"{len(usable)} questions, quotes right {np.mean(best):.3f} of answerable, "
        f"AUROC answerable {roc_auc_score(gold, confidence):.3f}, "
        f"right {roc_auc_score(right, confidence):.3f}, "
        f"answered {len(shown) / len(usable):.3f} with {np.mean(shown) if shown else 0:.3f} right"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
