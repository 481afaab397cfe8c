"""What is measured of the answer to a case. Asks no model.

A value is 0 to 1, the joint score from -1; NaN says that a metric does not apply to the case. Words
are compared in `squad`; what is measured of the passages is in `found`. Where citations are held
against gold, the case has some.
"""

from collections.abc import Callable, Sequence
from math import isnan, nan

from chatbot.models import QUOTES
from corpus.errors import UnknownDocument
from eval.ranking import covered, nearest, overlaps, shared
from eval.result import Judged, Quote, Read
from eval.squad import stands_in


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
    return shared(cited, gold), covered(cited), covered(gold)
