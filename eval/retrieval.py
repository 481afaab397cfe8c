"""Measures search on a public question set, beside each of its two searches alone.

Does not know what a metric means (`ranking`) or how a set is stored.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from chatbot.ask import Reader
from chatbot.terminal import show_table
from eval.bench import Bench
from eval.datasets import Dataset, Question
from eval.error_bars import clustered_error
from eval.ranking import score_documents, score_spans
from index.search import POOL, find_candidates, search

SPANS_AT = 5
"""Passages looked at where the gold is spans, as in Chroma's report."""
WAYS = SHIPPED, KEYWORD, DENSE = "search as shipped", "keyword alone (BM25)", "dense alone"
ON_SPANS = (
    f"Means over questions at {SPANS_AT} passages, by characters; hits of the search as shipped "
    "are cut to the sentences that matter, the others are whole passages."
)
ON_DOCUMENTS = "Documents stand where their best passage does; ± is a standard error by document."


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric's mean; its standard error is clustered by document, None where none is given."""

    metric: str
    mean: float
    standard_error: float | None


@dataclass(frozen=True, slots=True)
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


def measure_retrieval(dataset: Dataset, bench: Bench) -> RetrievalReport:
    """Index a question set in a temporary folder and ask its questions."""
    asked = []
    with bench.reading(dataset.documents) as reader:
        for question in dataset.questions:
            asked.append(_ask(question, reader))
            bench.progress(len(asked), len(dataset.questions))
        passages = reader.generation.manifest.passage_count
    clusters = [min(question.gold) for question in dataset.questions]
    systems = {
        way: [_figure(m, [scores[way][m] for scores in asked], clusters) for m in asked[0][way]]
        for way in WAYS
    }
    return RetrievalReport(
        form=dataset.form,
        embedding_model=bench.embedder.name,
        passage_tokens=bench.passage_tokens,
        questions=len(dataset.questions),
        documents=len(dataset.documents),
        passages=passages,
        notes=(*dataset.notes, ON_SPANS if dataset.questions[0].spans else ON_DOCUMENTS),
        systems=tuple(SystemFigures(way, tuple(figures)) for way, figures in systems.items()),
    )


def _ask(question: Question, reader: Reader) -> dict[str, dict[str, float]]:
    """Return the scores of each way to search; ties of the two alone break by passage id."""
    of: Any = {"generation": reader.generation, "embedder": reader.embedder}
    hits = search(question.text, k=SPANS_AT if question.spans else 2 * POOL, **of)
    pool = find_candidates(question.text, **of)
    keyword = sorted(pool, key=lambda c: (-c.keyword, c.passage.id))
    dense = sorted(pool, key=lambda c: (-c.cosine, c.passage.id))
    spans = {
        SHIPPED: [hit.passage.span for hit in hits],
        KEYWORD: [c.passage.span for c in keyword if "keyword" in c.found_by],
        DENSE: [c.passage.span for c in dense if "dense" in c.found_by],
    }
    if question.spans:
        return {way: score_spans(spans[way][:SPANS_AT], question.spans) for way in WAYS}
    documents = {way: [span.document_id for span in spans[way]] for way in WAYS}
    # Documents that say the same are one hit, and follow it here as others would.
    documents[SHIPPED] = [d for h in hits for d in (h.passage.span.document_id, *h.duplicates)]
    return {way: score_documents(documents[way], question.gold) for way in WAYS}


def _figure(metric: str, values: Sequence[float], clusters: Sequence[str]) -> Figure:
    error = clustered_error(values, clusters) if metric in ("Hit@1", "MRR@10") else None
    return Figure(metric=metric, mean=fmean(values), standard_error=error)


def _show(figure: Figure) -> str:
    if figure.metric == "characters":
        return f"{figure.mean:,.0f}"
    error = "" if figure.standard_error is None else f" ± {figure.standard_error:.3f}"
    return f"{figure.mean:.3f}{error}"
