"""Finds passages for a question: by meaning, by words, and by the sentence that says it.

Both searches give a pool; each passage in it gets four figures between 0 and 1 and their weighted
sum is its score (convex fusion, arXiv 2210.11934; rank fusion keeps nothing of what is gained).
Does not know answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.embed import BUNDLED, QueryEmbedder, Reranker
from index.focus import Sketch, focus, sketch
from index.generation import Generation
from index.packed import Vectors
from index.passage import Hit, Passage
from index.query import FOREIGN, WEIGHTS, Query, read_query
from index.store import Filter, Stored

POOL = 50
RERANKED = 20
PHRASE = 0.3
"""Added for words that the question quotes and the passage holds as they are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A passage of the pool and its figures (0-1, higher is better).

    `cosine` is of question and passage, `cosines` of question and sentences; `words` is the share
    of the question's words that stand in it, weighted by rarity, `pairs` of its words that follow
    each other; `keyword` is BM25, 0 where the keyword search did not find it.
    """

    stored: Stored
    cosine: float
    cosines: Vectors
    words: float
    pairs: float
    keyword: float
    score: float
    found_by: tuple[str, ...]

    @property
    def passage(self) -> Passage:
        """Return the whole passage."""
        return self.stored.passage


def search(
    query: str,
    *,
    generation: Generation,
    embedder: QueryEmbedder,
    k: int = 10,
    where: Filter | None = None,
    reranker: Reranker | None = None,
) -> list[Hit]:
    """Return the `k` best passages for `query`, best first, near-duplicates as one.

    A hit's passage is cut down to the sentences that matter. Ties break by passage id. StaleIndex
    if the embedder is not the one that the index was built with.
    """
    asked, vector = _ask(query, generation, embedder)
    found = _find(asked, vector, generation, embedder, where)
    return show(query, found, asked, k=k, reranker=reranker)


def show(
    query: str, found: Iterable[Candidate], asked: Query, *, k: int, reranker: Reranker | None
) -> list[Hit]:
    """Return the `k` best of what was found as hits."""
    ranked = _in_order(found)
    if reranker:
        ranked = rerank(query, ranked, reranker)
    distinct = _distinct(ranked, k)
    focused = focus([(candidate.stored, candidate.cosines) for candidate, _ in distinct], asked)
    return [
        Hit(
            passage=passage,
            context=candidate.passage.span,
            sentences=sentences,
            title=candidate.stored.title,
            score=candidate.score,
            rank=rank,
            found_by=candidate.found_by,
            duplicates=tuple(dict.fromkeys(twins)),
        )
        for rank, ((candidate, twins), (passage, sentences)) in enumerate(
            zip(distinct, focused, strict=True), start=1
        )
    ]


def rerank(query: str, candidates: Sequence[Candidate], reranker: Reranker) -> list[Candidate]:
    """Return the candidates with the first ones in the model's order, best first.

    Theirs is the model's score, as a probability; the others' is scaled to stay below.
    """
    first, rest = candidates[:RERANKED], candidates[RERANKED:]
    if not first:
        return []
    scores = reranker.score(query, [candidate.passage.text for candidate in first])
    ranked = _in_order(
        replace(c, score=round(score, 6)) for c, score in zip(first, scores, strict=True)
    )
    return [*ranked, *(replace(c, score=min(1.0, c.score) * ranked[-1].score) for c in rest)]


def _in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda c: (-c.score, c.passage.id))


def _distinct(ranked: Sequence[Candidate], k: int) -> list[tuple[Candidate, list[str]]]:
    """Return the first `k` that differ, each with the documents of those that are like it."""
    kept: list[tuple[Candidate, Sketch, list[str]]] = []
    for candidate in ranked:
        drawn = sketch(candidate.stored)
        like = next((ids for _, other, ids in kept if drawn.is_like(other)), None)
        if like is not None:
            like.append(candidate.passage.span.document_id)
        elif len(kept) == k:
            break
        else:
            kept.append((candidate, drawn, []))
    return [(candidate, ids) for candidate, _, ids in kept]


def find_candidates(
    query: str, *, generation: Generation, embedder: QueryEmbedder, where: Filter | None = None
) -> list[Candidate]:
    """Return the whole pool for `query`, best first; ties break by passage id."""
    return _in_order(_find(*_ask(query, generation, embedder), generation, embedder, where))


def _ask(query: str, generation: Generation, embedder: QueryEmbedder) -> tuple[Query, Vectors]:
    generation.require(embedder)
    asked = read_query(
        query,
        known=generation.words,
        passage_count=generation.manifest.passage_count,
        languages=generation.languages,
    )
    return asked, embedder.embed_queries([query])[0]


def _find(
    asked: Query,
    vector: Vectors,
    generation: Generation,
    embedder: QueryEmbedder,
    where: Filter | None,
) -> list[Candidate]:
    documents, among = generation.store.allowed(where) if where else (None, None)
    pool = min(POOL, generation.manifest.passage_count)
    nearest = generation.nearest(vector, k=pool, among=among)
    keyword = generation.words.search(asked.stems(), k=pool, documents=documents)
    numbers = sorted(nearest.keys() | keyword.keys())
    pools = {"dense": nearest, "keyword": keyword}
    rows = generation.passage_vectors.vectors(numbers)
    return [
        weigh(
            asked,
            stored,
            row @ vector,  # by itself: among others, its last digits hang on where it stands
            generation.sentence_vectors.vectors(stored.sentence_rows) @ vector,
            embedder,
            keyword=keyword.get(stored.number, 0.0),
            found_by=tuple(name for name, found in pools.items() if stored.number in found),
        )
        for stored, row in zip(generation.store.passages(numbers), rows, strict=True)
    ]


def weigh(
    asked: Query,
    stored: Stored,
    cosine: float,
    cosines: Vectors,
    embedder: QueryEmbedder,
    *,
    keyword: float = 0.0,
    found_by: tuple[str, ...] = ("dense",),
) -> Candidate:
    """Return a passage's figures, from the cosines of the question with it and its sentences."""
    weights = FOREIGN if asked.is_foreign and embedder.name == BUNDLED else WEIGHTS
    share, pairs, phrase = _word_figures(asked, stored)
    score = (
        weights.cosine * float(cosine)
        + weights.closest * float(cosines.max())
        + weights.words * share
        + weights.pairs * pairs
        + PHRASE * phrase
    )
    return Candidate(
        stored=stored,
        cosine=float(cosine),
        cosines=cosines,
        words=share,
        pairs=pairs,
        keyword=keyword,
        score=round(score, 6),  # equal passages tie, whatever row they stand in
        found_by=found_by,
    )


def _word_figures(asked: Query, stored: Stored) -> tuple[float, float, bool]:
    """Return the shares of the question's words and pairs in a passage, and if it is quoted."""
    share = asked.share({*stored.body, *stored.head})
    following = set(pairwise(stored.body))
    pairs = sum(
        weight
        for first, second, weight in asked.pairs
        if any((a, b) in following for a in first for b in second)
    )
    spoken = " ".join(stored.passage.text.split()).casefold() if asked.phrases else ""
    return share, pairs, any(phrase in spoken for phrase in asked.phrases)
