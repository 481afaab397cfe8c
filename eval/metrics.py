"""Every metric of one case: of the passages found, best first, and of the answer. Asks no model.

A value is 0 to 1, the joint score from -1; NaN says that a metric does not apply to the case. What
is measured of passages, or held against gold, is only of cases with evidence: it is by part, and
any one span of a part answers that part. Words are compared in `squad`, spans and rankings in
`ranking`; `says.toml` puts each metric in plain words.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import isnan, nan

from chatbot.models import QUOTES
from corpus.errors import UnknownDocument
from eval import ranking
from eval.ranking import nearest, overlaps
from eval.result import Judged, Quote, Read
from eval.squad import exact_match, stands_in, word_f1

Metrics = dict[str, Callable[[Judged], float]]
JOINT = "joint score"
HITS, TOKEN_HITS = 10, 5
"""How many hits are looked at; and how many where characters are counted, as in Chroma's report."""


def recall_at_10(judged: Judged) -> float:
    """Return recall@10: parts that the first ten hits overlap / parts (trec_eval's, of parts)."""
    return sum(_new_parts(judged)) / len(judged.case.evidence_by_part())


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
    return ranking.ndcg(grades, [1] * len(judged.case.evidence_by_part()))


def token_score(judged: Judged, *, name: str) -> float:
    """Return Chroma's recall, precision or IoU of the first five hits' characters (`score_spans`).

    Gold is one span a part: that of which most was found, the first if nothing was.
    """
    hits = judged.result.hits[:TOKEN_HITS]
    return ranking.score_spans(hits, nearest(judged.case.evidence_by_part(), hits))[name]


def _new_parts(judged: Judged) -> list[int]:
    """Return, for each of the first ten hits, how many parts it is the first to overlap."""
    missing, counts = judged.case.evidence_by_part(), []
    for span in judged.result.hits[:HITS]:
        left = [part for part in missing if not overlaps(span, part)]
        counts.append(len(missing) - len(left))
        missing = left
    return counts


def quote_exactness(judged: Judged) -> float:
    """Return exact citations / citations; 0 for a sentence, or an answer, that cites nothing.

    Exact: quote == text[start:end] of the document with that id, whose sha256 it names; case,
    blanks and Unicode are not folded. It does not apply to abstaining.
    """
    if judged.has_abstained:
        return nan
    quotes = judged.result.quotes
    if judged.result.uncited or not quotes:
        return 0.0
    return sum(is_exact(quote, judged.read) for quote in quotes) / len(quotes)


def is_exact(quote: Quote, read: Read) -> bool:
    """Say whether a quote is its document's words where they are said to stand."""
    span = quote.span
    try:
        document = read(span.document_id)
    except UnknownDocument:
        return False
    is_inside = 0 <= span.start < span.end <= len(document.text)
    is_same = document.text[span.start : span.end] == quote.quote
    return is_inside and is_same and document.sha256 == quote.sha256


def gold_span_hit(judged: Judged) -> float:
    """Return 1 if of each part a citation overlaps a gold span, else 0, as for abstaining."""
    cited, parts = judged.result.cited, judged.case.evidence_by_part()
    return float(all(any(overlaps(span, part) for span in cited) for part in parts))


def gold_span_f1(judged: Judged) -> float:
    """Return F1 = 2 |both| / (|cited| + |gold|) in characters, each counted once.

    It is 2PR / (P + R), the span F1 of RAGTruth (Niu et al. 2024). Gold is one span a part, the
    `nearest` to what is cited; abstaining is 0.
    """
    both, cited, gold = _cited_and_gold(judged)
    return 2 * both / (cited + gold)


def gold_span_iou(judged: Judged) -> float:
    """Return |both| / |either| (Jaccard's index) of the characters that `gold_span_f1` counts."""
    both, cited, gold = _cited_and_gold(judged)
    return both / (cited + gold - both)


def word_score(judged: Judged, *, of: Callable[[str, Sequence[str]], float]) -> float:
    """Return SQuAD 2.0's score of the words that are the answer: `exact_match` or `word_f1`.

    Where nothing answers, abstaining is 1 and anything else 0; abstaining elsewhere is 0. It does
    not apply where there is an answer and the case does not tell it.
    """
    if not judged.case.answerable:
        return float(judged.has_abstained)
    if not judged.case.answers:
        return nan
    return of(judged.result.words, judged.case.answers) if judged.is_answered else 0.0


def answer_in_quote(judged: Judged) -> float:
    """Return 1 if the words of an accepted answer stand in a quote that is cited (`stands_in`)."""
    if not judged.case.answerable or not judged.case.answers:
        return nan
    return stands_in([quote.quote for quote in judged.result.quotes], judged.case.answers)


def abstention(judged: Judged) -> float:
    """Return 1 if the question was answered exactly when it can be (abstention accuracy)."""
    return float(judged.is_answered if judged.case.answerable else judged.has_abstained)


def joint(judged: Judged) -> float:
    """Return the grounded answer score: +1 right, 0 for abstaining needlessly, -1 for the rest.

    Right is to cite gold (`gold_span_hit`; `answer_in_quote` where spans are not told) and, where a
    model wrote, to give an accepted answer; or to abstain where nothing answers. Steps as in CRAG's
    truthfulness (Yang et al. 2024). It does not apply where neither spans nor answers are told.
    """
    if not judged.case.answerable:
        return 1.0 if judged.has_abstained else -1.0
    right = gold_span_hit(judged) if judged.case.evidence else answer_in_quote(judged)
    if isnan(right):
        return nan
    if right and judged.case.answers and judged.result.model not in ("", QUOTES):
        right = stands_in([judged.result.text], judged.case.answers)
    return 0.0 if judged.has_abstained else 2 * right - 1


def _cited_and_gold(judged: Judged) -> tuple[int, int, int]:
    """Return how many characters are in both, cited, and gold."""
    cited = judged.result.cited
    gold = nearest(judged.case.evidence_by_part(), cited)
    return ranking.shared(cited, gold), ranking.covered(cited), ranking.covered(gold)


OF_PASSAGES: Metrics = {
    "hit@1": lambda judged: ranking.hit(_new_parts(judged), k=1),
    "hit@3": lambda judged: ranking.hit(_new_parts(judged), k=3),
    "hit@10": lambda judged: ranking.hit(_new_parts(judged), k=10),
    "recall@10": recall_at_10,
    "MRR@10": lambda judged: ranking.reciprocal_rank(_new_parts(judged)),
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
