"""What is measured of the passages found for a case, best first. Does not know the answer.

Only of cases with evidence: it is by part, and any one span of a part answers that part.
"""

from eval.ranking import hit, ndcg, nearest, overlaps, reciprocal_rank, score_spans
from eval.result import Judged

HITS, TOKEN_HITS = 10, 5
"""How many hits are looked at; and how many where characters are counted, as in Chroma's report."""


def hit_at(judged: Judged, *, k: int) -> float:
    """Return hit@k: 1 if one of the first k hits overlaps a gold span of any part (`hit`)."""
    return hit(_new_parts(judged), k=k)


def recall_at_10(judged: Judged) -> float:
    """Return recall@10: parts that the first ten hits overlap / parts (trec_eval's, of parts)."""
    return sum(_new_parts(judged)) / len(judged.case.evidence_by_part())


def mrr_at_10(judged: Judged) -> float:
    """Return 1 / rank of the first of ten hits that overlaps gold, else 0 (`reciprocal_rank`)."""
    return reciprocal_rank(_new_parts(judged))


def ndcg_at_10(judged: Judged) -> float:
    """Return nDCG@10 (`ndcg`): the sum of 1 / log2(rank + 1) over parts / the most it can be.

    A part counts at the rank of the first hit that overlaps it, or, so that 1 stays the most, at
    the next rank free where one hit is the first for several. The ideal has the parts, at most ten,
    at ranks 1, 2, 3 and so on. Where no hit overlaps two parts it is trec_eval's of documents.
    """
    grades, waiting = [], 0
    for new in _new_parts(judged) + [0] * HITS:
        grades.append(min(waiting + new, 1))
        waiting += new - grades[-1]
    return ndcg(grades, [1] * len(judged.case.evidence_by_part()))


def token_score(judged: Judged, *, name: str) -> float:
    """Return Chroma's recall, precision or IoU of the first five hits' characters (`score_spans`).

    Gold is one span a part: that of which most was found, the first if nothing was.
    """
    hits = judged.result.hits[:TOKEN_HITS]
    return score_spans(hits, nearest(judged.case.evidence_by_part(), hits))[name]


def _new_parts(judged: Judged) -> list[int]:
    """Return, for each of the first ten hits, how many parts it is the first to overlap."""
    missing, counts = judged.case.evidence_by_part(), []
    for span in judged.result.hits[:HITS]:
        left = [part for part in missing if not overlaps(span, part)]
        counts.append(len(missing) - len(left))
        missing = left
    return counts
