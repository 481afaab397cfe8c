"""What is measured of the passages found for a case, best first. Does not know the answer.

The evidence of a case is by part, and any one span of a part answers that part; NaN says that there
is no span to find.
"""

from collections.abc import Sequence
from math import nan

from corpus.document import Span
from eval.case import Case
from eval.ranking import covered, hit, ndcg, overlaps, reciprocal_rank, score_spans, shared

HITS, TOKEN_HITS = 10, 5
"""How many hits are looked at; and how many where characters are counted, as in Chroma's report."""


def has_gold(case: Case) -> bool:
    """Say whether there are spans that should be found and cited."""
    return case.answerable and bool(case.evidence)


def hit_at(case: Case, hits: Sequence[Span], *, k: int) -> float:
    """Return hit@k: 1 if one of the first k hits overlaps a gold span of any part (`hit`)."""
    return hit(_new_parts(case, hits), k=k) if has_gold(case) else nan


def recall_at_10(case: Case, hits: Sequence[Span]) -> float:
    """Return recall@10: parts that the first ten hits overlap / parts (trec_eval's, of parts)."""
    if not has_gold(case):
        return nan
    return sum(_new_parts(case, hits)) / len(case.evidence_by_part())


def mrr_at_10(case: Case, hits: Sequence[Span]) -> float:
    """Return 1 / rank of the first of ten hits that overlaps gold, else 0 (`reciprocal_rank`)."""
    return reciprocal_rank(_new_parts(case, hits)) if has_gold(case) else nan


def ndcg_at_10(case: Case, hits: Sequence[Span]) -> float:
    """Return nDCG@10 (`ndcg`): the sum of 1 / log2(rank + 1) over parts / the most it can be.

    A part counts at the rank of the first hit that overlaps it, or, so that 1 stays the most, at
    the next rank free where one hit is the first for several. The ideal has the parts, at most ten,
    at ranks 1, 2, 3 and so on. Where no hit overlaps two parts it is trec_eval's of documents.
    """
    if not has_gold(case):
        return nan
    grades, waiting = [], 0
    for new in _new_parts(case, hits) + [0] * HITS:
        grades.append(min(waiting + new, 1))
        waiting += new - grades[-1]
    return ndcg(grades, [1] * len(case.evidence_by_part()))


def token_score(case: Case, hits: Sequence[Span], *, name: str) -> float:
    """Return Chroma's recall, precision or IoU of the first five hits' characters (`score_spans`).

    Gold is one span a part: that of which most was found, the first if nothing was.
    """
    if not has_gold(case):
        return nan
    return score_spans(hits[:TOKEN_HITS], nearest(case, hits[:TOKEN_HITS]))[name]


def nearest(case: Case, spans: Sequence[Span]) -> list[Span]:
    """Return of each part the gold span that shares most characters, the shorter of equals.

    Where none shares any it is the part's first.
    """

    def nearness(gold: Span) -> tuple[int, int]:
        both = shared(spans, [gold])
        return both, -covered([gold]) if both else 0

    return [max(part, key=nearness) for part in case.evidence_by_part()]


def _new_parts(case: Case, hits: Sequence[Span]) -> list[int]:
    """Return, for each of the first ten hits, how many parts it is the first to overlap."""
    missing, counts = case.evidence_by_part(), []
    for span in hits[:HITS]:
        left = [part for part in missing if not overlaps(span, part)]
        counts.append(len(missing) - len(left))
        missing = left
    return counts
