"""Measures search on a public question set, beside each of its two searches alone.

Builds a real index for it. Does not know what a metric means (`ranking`) or how a set is stored.
"""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from statistics import fmean
from typing import Any

from chatbot.terminal import show_table
from corpus.document import Span
from corpus.load import Corpus
from eval.datasets import Dataset, Question, load_dataset
from eval.ranking import (
    characters,
    clustered_error,
    hit_at,
    ndcg_at,
    reciprocal_rank,
    token_iou,
    token_precision,
    token_recall,
)
from index.build import build_index
from index.embed import BUNDLED, Embedder, load_embedder
from index.generation import Generation, open_current
from index.search import POOL, Candidate, find_candidates, search
from index.split import PASSAGE_TOKENS

SPANS_AT = 5
"""Passages looked at where the gold is spans, as in Chroma's report."""
SHIPPED, KEYWORD, DENSE = "search as shipped", "keyword alone (BM25)", "dense alone"
Progress = Callable[[int, int], None]
Values = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric's mean; its standard error is clustered by document, None where none is given."""

    metric: str
    mean: float
    standard_error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFigures:
    """One way to search, and what it came to."""

    system: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """What search came to on a question set, and with what settings."""

    form: str
    embedding_model: str
    passage_tokens: int
    questions: int
    documents: int
    passages: int
    notes: tuple[str, ...]
    systems: tuple[SystemFigures, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the table: a row for each way to search, a column for each metric."""
        head = (
            f"{self.form}: {self.questions:,} questions, {self.documents:,} documents, "
            f"{self.passages:,} passages of at most {self.passage_tokens} tokens; "
            f"{self.embedding_model}"
        )
        columns = ["", *(figure.metric for figure in self.systems[0].figures)]
        rows = [[s.system, *map(_show, s.figures)] for s in self.systems]
        return "\n\n".join([head, show_table([columns, *rows]), *self.notes])


def measure_retrieval(
    folder: Path,
    *,
    embedding_model: str = BUNDLED,
    passage_tokens: int = PASSAGE_TOKENS,
    sample: int | None = None,
    load_embedder: Callable[[str], Embedder] = load_embedder,
    progress: Progress = lambda _done, _total: None,
) -> RetrievalReport:
    """Index the question set in `folder` and ask its questions, or `sample` of them.

    `progress` is told of characters indexed, then of questions asked. BadCase if the set cannot be
    read; the index stands in a temporary folder and is removed.
    """
    dataset = load_dataset(folder)
    if sample is not None:
        dataset = dataset.sample(sample)
    embedder = load_embedder(embedding_model)
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch)
        build_index(
            Corpus(documents=dataset.documents, skipped=()),
            index=index,
            embedding_model=embedding_model,
            passage_tokens=passage_tokens,
            load_embedder=lambda _: embedder,
            progress=progress,
        )
        generation = open_current(
            index, embedding_model=embedding_model, passage_tokens=passage_tokens
        )
        try:
            systems = _measure(dataset, generation, embedder, progress)
            passages = generation.manifest.passage_count
        finally:
            generation.close()
    return RetrievalReport(
        form=dataset.form,
        embedding_model=embedding_model,
        passage_tokens=passage_tokens,
        questions=len(dataset.questions),
        documents=len(dataset.documents),
        passages=passages,
        notes=(*dataset.notes, _explain(dataset)),
        systems=systems,
    )


def _measure(
    dataset: Dataset, generation: Generation, embedder: Embedder, progress: Progress
) -> tuple[SystemFigures, ...]:
    measure = _span_values if dataset.has_spans else _document_values
    asked: list[dict[str, Values]] = []
    for question in dataset.questions:
        asked.append(measure(question, generation, embedder))
        progress(len(asked), len(dataset.questions))
    clusters = [min(question.gold) for question in dataset.questions]
    return tuple(
        SystemFigures(system=system, figures=_sum_up([v[system] for v in asked], clusters))
        for system in (SHIPPED, KEYWORD, DENSE)
    )


def _sum_up(values: Sequence[Values], clusters: Sequence[str]) -> tuple[Figure, ...]:
    figures = []
    for metric in values[0]:
        column = [row[metric] for row in values]
        error = clustered_error(column, clusters) if metric in ("Hit@1", "MRR@10") else None
        known = None if error is None or isnan(error) else error
        figures.append(Figure(metric=metric, mean=fmean(column), standard_error=known))
    return tuple(figures)


def _document_values(
    question: Question, generation: Generation, embedder: Embedder
) -> dict[str, Values]:
    hits = search(question.text, generation=generation, embedder=embedder, k=2 * POOL)
    rankings = {
        # Documents that say the same are one hit, and follow it here as others would.
        SHIPPED: (id_ for h in hits for id_ in (h.passage.span.document_id, *h.duplicates))
    } | {
        system: (c.passage.span.document_id for c in candidates)
        for system, candidates in _alone(question, generation, embedder).items()
    }
    return {system: _score_documents(ids, question) for system, ids in rankings.items()}


def _score_documents(ids: Iterable[str], question: Question) -> Values:
    ranked = list(dict.fromkeys(ids))
    return {
        **{f"Hit@{k}": hit_at(ranked, question.gold, k=k) for k in (1, 3, 10)},
        "MRR@10": reciprocal_rank(ranked, question.gold, k=10),
        "nDCG@10": ndcg_at(ranked, question.gold, k=10),
    }


def _span_values(
    question: Question, generation: Generation, embedder: Embedder
) -> dict[str, Values]:
    hits = search(question.text, generation=generation, embedder=embedder, k=SPANS_AT)
    found = {SHIPPED: [hit.passage.span for hit in hits]} | {
        system: [c.passage.span for c in candidates[:SPANS_AT]]
        for system, candidates in _alone(question, generation, embedder).items()
    }
    return {system: _score_spans(spans, question) for system, spans in found.items()}


def _score_spans(spans: Sequence[Span], question: Question) -> Values:
    return {
        "recall": token_recall(spans, question.spans),
        "precision": token_precision(spans, question.spans),
        "IoU": token_iou(spans, question.spans),
        "characters": float(characters(spans)),
    }


def _alone(
    question: Question, generation: Generation, embedder: Embedder
) -> dict[str, list[Candidate]]:
    """Return what each of the two searches found by itself, best first; ties by passage id."""
    pool = find_candidates(question.text, generation=generation, embedder=embedder)
    keyword = [c for c in pool if "keyword" in c.found_by]
    dense = [c for c in pool if "dense" in c.found_by]
    return {
        KEYWORD: sorted(keyword, key=lambda c: (-c.keyword, c.passage.id)),
        DENSE: sorted(dense, key=lambda c: (-c.cosine, c.passage.id)),
    }


def _explain(dataset: Dataset) -> str:
    if dataset.has_spans:
        return (
            f"Means over questions at {SPANS_AT} passages, by characters; hits of the search as "
            "shipped are cut to the sentences that matter, the others are whole passages."
        )
    return "Documents stand where their best passage does; ± is a standard error by document."


def _show(figure: Figure) -> str:
    if figure.metric == "characters":
        return f"{figure.mean:,.0f}"
    error = "" if figure.standard_error is None else f" ± {figure.standard_error:.3f}"
    return f"{figure.mean:.3f}{error}"
