"""Every metric of one case, by its name, and what each says in plain words. Sums nothing up.

Definitions, formulas and sources are at the functions: of passages in `found`, of the answer in
`judged`, of words in `squad`. None asks a model; NaN is kept out of means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan

from corpus.document import Span
from eval.case import Case
from eval.found import hit_at, mrr_at_10, ndcg_at_10, recall_at_10, token_score
from eval.judged import (
    Judged,
    abstention,
    answer_in_quote,
    gold_span_f1,
    gold_span_hit,
    gold_span_iou,
    joint,
    quote_exactness,
    word_score,
)
from eval.squad import exact_match, word_f1

__all__ = ["METRICS", "RETRIEVAL", "Judged", "Metric", "score"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, what it says in plain words, and the value that a crashed question gets."""

    name: str
    says: str
    of: Callable[[Judged], float]
    worst: float = 0.0


def score(judged: Judged) -> dict[str, float]:
    """Return every metric's value, of a crash the worst; NaN where it does not apply."""
    values = {name: metric.of(judged) for name, metric in METRICS.items()}
    if judged.result.status == "crashed":
        return {name: v if isnan(v) else METRICS[name].worst for name, v in values.items()}
    return values


def _hits(of: Callable[[Case, Sequence[Span]], float]) -> Callable[[Judged], float]:
    return lambda judged: of(judged.case, judged.result.hits)


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "hit@1",
            "The first passage found holds words that answer.",
            _hits(partial(hit_at, k=1)),
        ),
        Metric(
            "hit@3",
            "One of the first three passages found holds words that answer.",
            _hits(partial(hit_at, k=3)),
        ),
        Metric(
            "hit@10",
            "One of the first ten passages found holds words that answer.",
            _hits(partial(hit_at, k=10)),
        ),
        Metric(
            "recall@10",
            "How many of the things that the answer needs are in the first ten passages.",
            _hits(recall_at_10),
        ),
        Metric(
            "MRR@10",
            "How high the first passage that answers stands: 1 if first, 1/2 if second.",
            _hits(mrr_at_10),
        ),
        Metric(
            "nDCG@10",
            "How high everything that the answer needs stands among ten passages; 1 is best.",
            _hits(ndcg_at_10),
        ),
        Metric(
            "token recall",
            "How much of the text that answers is in the first five passages.",
            _hits(partial(token_score, name="recall")),
        ),
        Metric(
            "token precision",
            "How much of the first five passages is text that answers.",
            _hits(partial(token_score, name="precision")),
        ),
        Metric(
            "token IoU",
            "How far the first five passages are the text that answers, no less and no more.",
            _hits(partial(token_score, name="IoU")),
        ),
        Metric(
            "quote exactness",
            "How many quotes stand in their document, letter by letter, where they are said to.",
            quote_exactness,
        ),
        Metric(
            "gold-span hit",
            "The answer cites words that answer, for everything that was asked.",
            gold_span_hit,
        ),
        Metric(
            "gold-span F1",
            "How closely what is cited is the text that answers; too much and too little cost.",
            gold_span_f1,
        ),
        Metric(
            "gold-span IoU",
            "The text both cited and answering, as a share of what is either.",
            gold_span_iou,
        ),
        Metric(
            "exact match",
            "The answer's own words are an accepted answer, or it rightly gives none.",
            partial(word_score, of=exact_match),
        ),
        Metric(
            "F1",
            "How many words the answer shares with the nearest accepted answer.",
            partial(word_score, of=word_f1),
        ),
        Metric(
            "answer in quote",
            "An accepted answer can be read in the words quoted.",
            answer_in_quote,
        ),
        Metric(
            "abstention accuracy",
            "It answers when the documents hold an answer and says so when they do not.",
            abstention,
        ),
        Metric(
            "joint score",
            "1 for a right answer from the right words or for rightly giving none, 0 for giving "
            "none needlessly, -1 for anything else.",
            joint,
            worst=-1.0,
        ),
    )
}
"""Every metric, in the order in which it is shown."""

RETRIEVAL = tuple(
    name for name in METRICS if name.startswith(("hit@", "recall@", "MRR", "nDCG", "token"))
)
"""Those of what was found; a system that finds nothing of its own has none."""
