"""Every metric of one case, by its name. Sums nothing up.

Definitions, formulas and sources are at the functions: of passages in `found`, of the answer in
`judged`, of words in `squad`; `says.toml` puts each in plain words. None asks a model.
"""

from collections.abc import Callable
from functools import partial
from math import isnan, nan

from eval.found import hit_at, mrr_at_10, ndcg_at_10, recall_at_10, token_score
from eval.judged import (
    abstention,
    answer_in_quote,
    gold_span_f1,
    gold_span_hit,
    gold_span_iou,
    joint,
    quote_exactness,
    word_score,
)
from eval.result import Judged
from eval.squad import exact_match, word_f1

Metrics = dict[str, Callable[[Judged], float]]
JOINT = "joint score"
OF_PASSAGES: Metrics = {
    "hit@1": partial(hit_at, k=1),
    "hit@3": partial(hit_at, k=3),
    "hit@10": partial(hit_at, k=10),
    "recall@10": recall_at_10,
    "MRR@10": mrr_at_10,
    "nDCG@10": ndcg_at_10,
    "token recall": partial(token_score, name="recall"),
    "token precision": partial(token_score, name="precision"),
    "token IoU": partial(token_score, name="IoU"),
}
"""Those of what was found; a system that finds nothing of its own has none."""
BESIDE_GOLD: Metrics = {
    "gold-span hit": gold_span_hit,
    "gold-span F1": gold_span_f1,
    "gold-span IoU": gold_span_iou,
}
METRICS: Metrics = {
    **OF_PASSAGES,
    "quote exactness": quote_exactness,
    **BESIDE_GOLD,
    "exact match": partial(word_score, of=exact_match),
    "F1": partial(word_score, of=word_f1),
    "answer in quote": answer_in_quote,
    "abstention accuracy": abstention,
    JOINT: joint,
}
"""Every metric, in the order in which it is shown."""
WORST = dict.fromkeys(METRICS, 0.0) | {JOINT: -1.0}


def score(judged: Judged) -> dict[str, float]:
    """Return every metric's value, of a crash the worst; NaN where it does not apply."""
    has_gold = judged.case.answerable and bool(judged.case.evidence)
    needs_gold = OF_PASSAGES | BESIDE_GOLD
    values = {
        name: metric(judged) if has_gold or name not in needs_gold else nan
        for name, metric in METRICS.items()
    }
    if judged.result.status == "crashed":
        return {name: v if isnan(v) else WORST[name] for name, v in values.items()}
    return values
