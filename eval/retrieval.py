"""Measures search on a public question set, beside each of its two searches alone.

Does not know what a metric means (`ranking`) or how a set is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from chatbot.ask import Reader
from chatbot.terminal import show_table
from corpus.document import Span
from eval.bench import Bench, spread
from eval.datasets import CHROMA, Dataset
from eval.error_bars import clustered_error
from eval.ranking import hit, ndcg, reciprocal_rank, score_spans
from index.search import POOL, find_candidates, search

SPANS_AT = 5
"""Passages looked at where the gold is spans, as in Chroma's report."""
WAYS = SHIPPED, KEYWORD, DENSE = "search as shipped", "keyword alone (BM25)", "dense alone"
ON_SPANS = (
    f"Means over questions at {SPANS_AT} passages, by characters; hits of the search as shipped "
    "are cut to the sentences that matter, the others are whole passages."
)
ON_DOCUMENTS = "Documents stand where their best passage does; ± is a standard error by document."
WITH_ERROR = ("Hit@1", "MRR@10")
Figure = tuple[float, float | None]
"""A metric's mean, and its standard error clustered by document where one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """What each way to search came to on a question set, by metric, and with what settings."""

    form: str
    embedding_model: str
    passage_tokens: int
    questions: int
    documents: int
    passages: int
    notes: tuple[str, ...]
    systems: dict[str, dict[str, Figure]]

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        return asdict(self) | {
            "systems": {
                way: {m: {"mean": mean, "standard_error": error} for m, (mean, error) in of.items()}
                for way, of in self.systems.items()
            }
        }

    def as_text(self) -> str:
        """Return the table: a row for each way to search, a column for each metric."""
        head = (
            f"{self.form}: {self.questions:,} questions, {self.documents:,} documents, "
            f"{self.passages:,} passages of at most {self.passage_tokens} tokens; "
            f"{self.embedding_model}"
        )
        columns = ["", *self.systems[SHIPPED]]
        rows = [[way, *map(_show, of, of.values())] for way, of in self.systems.items()]
        return "\n\n".join([head, show_table([columns, *rows]), *self.notes])


def measure_retrieval(dataset: Dataset, bench: Bench) -> RetrievalReport:
    """Index a question set in a temporary folder and ask its questions, or a sample of them."""
    by_span = {c.question: c.evidence for c in dataset.cases} if dataset.form == CHROMA else {}
    every, notes = list(dataset.gold().items()), list(dataset.notes)
    chosen, asked = spread(every, bench.at_most(len(every))), []
    if len(chosen) < len(every):
        notes.append(f"{len(chosen):,} of {len(every):,} questions, evenly spread")
    with bench.reading(dataset.documents) as reader:
        for question, gold in chosen:
            asked.append(_ask(question, gold, by_span.get(question, ()), reader))
            bench.progress(len(asked), len(chosen))
        passages = reader.generation.manifest.passage_count
    clusters = [min(gold) for _, gold in chosen]
    systems = {
        way: {m: _figure(m, [scores[way][m] for scores in asked], clusters) for m in asked[0][way]}
        for way in WAYS
    }
    return RetrievalReport(
        form=dataset.form,
        embedding_model=bench.embedder.name,
        passage_tokens=bench.passage_tokens,
        questions=len(chosen),
        documents=len(dataset.documents),
        passages=passages,
        notes=(*notes, ON_SPANS if by_span else ON_DOCUMENTS),
        systems=systems,
    )


def _ask(
    question: str, gold: Mapping[str, int], gold_spans: Sequence[Span], reader: Reader
) -> dict[str, dict[str, float]]:
    """Return the scores of each way to search; ties of the two alone break by passage id."""
    of: Any = {"generation": reader.generation, "embedder": reader.embedder}
    hits = search(question, k=SPANS_AT if gold_spans else 2 * POOL, **of)
    pool = find_candidates(question, **of)
    keyword = sorted(pool, key=lambda c: (-c.keyword, c.passage.id))
    dense = sorted(pool, key=lambda c: (-c.cosine, c.passage.id))
    spans = {
        SHIPPED: [hit.passage.span for hit in hits],
        KEYWORD: [c.passage.span for c in keyword if "keyword" in c.found_by],
        DENSE: [c.passage.span for c in dense if "dense" in c.found_by],
    }
    if gold_spans:
        return {way: score_spans(spans[way][:SPANS_AT], gold_spans) for way in WAYS}
    documents = {way: [span.document_id for span in spans[way]] for way in WAYS}
    # Documents that say the same are one hit, and follow it here as others would.
    documents[SHIPPED] = [d for h in hits for d in (h.passage.span.document_id, *h.duplicates)]
    return {way: score_documents(documents[way], gold) for way in WAYS}


def score_documents(ranked: Sequence[str], gold: Mapping[str, int]) -> dict[str, float]:
    """Return Hit@1, 3 and 10, MRR@10 and nDCG@10 of documents, best first, where each first stands.

    `gold` holds grades of 1 or more.
    """
    grades = [gold.get(document, 0) for document in dict.fromkeys(ranked)]
    hits = {f"Hit@{k}": hit(grades, k=k) for k in (1, 3, 10)}
    return hits | {"MRR@10": reciprocal_rank(grades), "nDCG@10": ndcg(grades, gold.values())}


def _figure(metric: str, values: Sequence[float], clusters: Sequence[str]) -> Figure:
    return fmean(values), clustered_error(values, clusters) if metric in WITH_ERROR else None


def _show(metric: str, figure: Figure) -> str:
    mean, error = figure
    if metric == "characters":
        return f"{mean:,.0f}"
    return f"{mean:.3f}" if error is None else f"{mean:.3f} ± {error:.3f}"
