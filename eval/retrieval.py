"""Measures search on a public question set, beside each of its two searches alone.

Does not know what a metric means (`ranking`) or how a set is stored.
"""

from collections.abc import Mapping, Sequence
from math import nan
from statistics import fmean

from chatbot.reading import Reader, find_hits
from corpus.document import Span
from eval.bench import Bench, spread
from eval.datasets import CHROMA, Dataset
from eval.findings import Findings, Measured
from eval.ranking import hit, ndcg, reciprocal_rank, score_spans
from eval.statistics import clustered_error
from index.search import POOL, find_candidates

SPANS_AT = 5
"""Passages looked at where the gold is spans, as in Chroma's report."""
WAYS = SHIPPED, KEYWORD, DENSE = "search as shipped", "keyword alone (BM25)", "dense alone"
ON_SPANS = (
    f"Means over questions at {SPANS_AT} passages, by characters; hits of the search as shipped "
    "are cut to the sentences that matter, the others are whole passages."
)
ON_DOCUMENTS = "Documents stand where their best passage does; ± is a standard error by document."
WITH_ERROR = ("Hit@1", "MRR@10")


def measure_retrieval(dataset: Dataset, bench: Bench) -> Findings:
    """Index a question set in a temporary folder and ask its questions, or a sample of them."""
    by_span = {c.question: c.evidence for c in dataset.cases} if dataset.form == CHROMA else {}
    every = list(dataset.gold().items())
    chosen, asked = spread(every, bench.sample), []
    with bench.reading(dataset.documents) as reader:
        for question, gold in chosen:
            asked.append(_ask(question, gold, by_span.get(question, ()), reader))
            bench.progress(len(asked), len(chosen))
        passages = reader.generation.manifest.passage_count
    clusters = [min(gold) for _, gold in chosen]
    about = (
        f"{dataset.form}: {len(chosen):,} of {len(every):,} questions, "
        f"{len(dataset.documents):,} documents, {passages:,} passages of at most "
        f"{bench.passage_tokens} tokens; {bench.embedder.name}"
    )
    return Findings(
        about="\n\n".join([about, *dataset.notes, ON_SPANS if by_span else ON_DOCUMENTS]),
        quality=[
            Measured(way, len(chosen), _figures([scores[way] for scores in asked], clusters))
            for way in WAYS
        ],
    )


def _ask(
    question: str, gold: Mapping[str, int], gold_spans: Sequence[Span], reader: Reader
) -> dict[str, dict[str, float]]:
    """Return the scores of each way to search; ties of the two alone break by passage id."""
    hits = find_hits(question, reader, SPANS_AT if gold_spans else 2 * POOL)
    pool = find_candidates(question, generation=reader.generation, embedder=reader.embedder)
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


def _figures(scores: Sequence[Mapping[str, float]], clusters: Sequence[str]) -> dict[str, float]:
    """Return means; also standard errors, NaN where there is one cluster."""
    figures = {}
    for metric in scores[0]:
        values = [each[metric] for each in scores]
        figures[metric] = fmean(values)
        if metric in WITH_ERROR:
            error = clustered_error(values, clusters)
            figures[f"± {metric}"] = nan if error is None else error
    return figures
