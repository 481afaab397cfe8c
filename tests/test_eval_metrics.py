"""Every value here was worked out by hand, or by trec_eval."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isnan, log, log2, nan
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import pytest
import pytrec_eval

from corpus.document import Document, Span
from corpus.errors import UnknownDocument
from eval.case import Case
from eval.datasets import load_dataset
from eval.figures import SAYS, TOGETHER
from eval.judge import JUDGED
from eval.metrics import METRICS, OF_PASSAGES, WORST, score
from eval.result import Judged, Quote, Result

TEXT = "0123456789" * 10
GOLD = Span("a", 20, 30)
RIGHT, EDGE, ELSEWHERE = Span("a", 29, 40), Span("a", 30, 40), Span("b", 20, 30)
NAMES = """hit@1 hit@3 hit@10 recall@10 MRR@10 nDCG@10 token_recall token_precision token_IoU
quote_exactness gold-span_hit gold-span_F1 gold-span_IoU exact_match F1 answer_in_quote
abstention_accuracy joint_score"""
BY_ASKING = {"citation recall", "citation precision", "same again", "not leaked"}
STOP_WORDS = set(
    """a an and are as at be by did do does for from how in is it of on or that the to was were what
    when where which who why with""".split()
)
OF_GOLD = [*OF_PASSAGES, "gold-span hit", "gold-span F1", "gold-span IoU"]


def read(document_id: str) -> Document:
    if document_id not in "ab":
        raise UnknownDocument(document_id)
    return Document(
        id=document_id,
        title="T",
        text=TEXT,
        headings=(),
        pages=(),
        source=None,
        published_on=None,
        language=None,
        sha256=f"sha of {document_id}",
        modified_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def make_case(*parts: Sequence[Span], answers: Sequence[str] = (), **changes: Any) -> Case:  # noqa: ANN401
    """A case that one span of each part answers; without a part or an answer, nothing does."""
    fields: dict[str, Any] = {
        "id": "c",
        "question": "Who?",
        "answerable": bool(parts or answers),
        "evidence": tuple(span for part in parts for span in part),
        "parts": tuple(n for n, part in enumerate(parts, start=1) for _ in part),
        "answers": tuple(answers),
    }
    return Case(**(fields | changes))


def quote(span: Span, words: str | None = None, sha256: str | None = None) -> Quote:
    words = TEXT[span.start : span.end] if words is None else words
    return Quote(span, words, f"sha of {span.document_id}" if sha256 is None else sha256)


def cite(*spans: Span, **changes: Any) -> Result:  # noqa: ANN401
    fields = {"quotes": tuple(map(quote, spans)), "text": "S.", "words": "S."}
    return Result(**({"case_id": "c", "status": "answered"} | fields | changes))


def find(*hits: Span) -> Result:
    return Result(case_id="c", status="not_in_documents", hits=hits)


def value(name: str, case: Case, result: Result) -> float:
    return score(Judged(case, result, read))[name]


ONE, NONE = make_case([GOLD]), make_case()
ABSTAINED, CRASHED = find(), Result(case_id="c", status="crashed", error="no luck")


def test_metrics_have_these_names_in_this_order_and_say_a_sentence() -> None:
    assert list(METRICS) == [name.replace("_", " ") for name in NAMES.split()]
    assert list(score(Judged(ONE, ABSTAINED, read))) == list(METRICS)
    assert [*METRICS, *TOGETHER, *JUDGED] == [name for name in SAYS if name not in BY_ASKING]
    for says in SAYS.values():
        assert says[0].isupper() or says[0].isdigit()
        assert says.endswith(".")


@pytest.mark.parametrize(("k", "hit"), [(1, 0.0), (3, 1.0), (10, 1.0)])
def test_hit_is_one_when_the_first_k_hold_the_gold(k: int, hit: float) -> None:
    assert value(f"hit@{k}", ONE, find(EDGE, ELSEWHERE, RIGHT)) == hit


def test_ranks_by_hand() -> None:
    other = Span("b", 0, 10)
    two = make_case([GOLD, Span("a", 60, 70)], [other])
    scores = score(Judged(two, find(EDGE, RIGHT, GOLD, EDGE, other), read))
    assert (scores["hit@1"], scores["hit@3"]) == (0.0, 1.0)
    assert scores["MRR@10"] == 0.5
    assert scores["recall@10"] == 1.0
    # The parts are found at 2 and 5; that one is found again at 3 is nothing new.
    ideal = 1 / log2(2) + 1 / log2(3)
    assert scores["nDCG@10"] == pytest.approx((1 / log2(3) + 1 / log2(6)) / ideal)
    assert value("recall@10", two, find(RIGHT)) == 0.5
    assert value("nDCG@10", two, find(RIGHT)) == pytest.approx(1 / ideal)


def test_any_one_span_of_a_part_finds_it() -> None:
    either = make_case([GOLD, ELSEWHERE])
    for span in (GOLD, ELSEWHERE):
        assert value("recall@10", either, find(span)) == value("nDCG@10", either, find(span)) == 1.0


def test_a_hit_that_holds_two_parts_counts_at_two_ranks_and_1_stays_the_most() -> None:
    both, two = Span("a", 20, 50), make_case([GOLD], [Span("a", 40, 50)])
    assert value("nDCG@10", two, find(both)) == 1.0
    ideal = 1 / log2(2) + 1 / log2(3)
    second = value("nDCG@10", two, find(ELSEWHERE, both))
    assert second == pytest.approx((1 / log2(3) + 1 / log2(4)) / ideal)
    assert value("recall@10", two, find(*[ELSEWHERE] * 9, both)) == 1.0
    three = make_case([GOLD], [Span("a", 40, 50)], [Span("b", 0, 10)])
    assert value("nDCG@10", three, find(both, Span("b", 0, 9))) == 1.0


def test_what_is_not_among_ten_is_not_found() -> None:
    late = find(*[EDGE] * 10, GOLD)
    for name in ("hit@10", "recall@10", "MRR@10", "nDCG@10"):
        assert value(name, ONE, late) == 0.0
    assert value("MRR@10", ONE, find(*[EDGE] * 9, GOLD)) == 0.1


def test_ideal_has_at_most_ten_parts() -> None:
    spans = [Span("a", at, at + 1) for at in range(12)]
    twelve = make_case(*([span] for span in spans))
    assert value("nDCG@10", twelve, find(*spans)) == 1.0
    assert value("recall@10", twelve, find(*spans)) == 10 / 12


def test_1000_random_rankings_are_as_in_trec_eval() -> None:
    """Each passage stands for a document; a part has one, so both mean the same."""
    rng = Random(0)
    spans = {f"d{n}": Span("a", n * 3, n * 3 + 3) for n in range(30)}
    names = {"hit@1": "success_1", "hit@3": "success_3", "hit@10": "success_10"}
    names |= {"recall@10": "recall_10", "MRR@10": "recip_rank", "nDCG@10": "ndcg_cut_10"}
    drawn = {
        str(number): (rng.sample(sorted(spans), rng.randint(1, 14)), rng.sample(sorted(spans), 25))
        for number in range(1_000)
    }
    reference = pytrec_eval.RelevanceEvaluator(
        {number: dict.fromkeys(gold, 1) for number, (gold, _) in drawn.items()},
        {"success.1,3,10", "recall.10", "recip_rank", "ndcg_cut.10"},
    ).evaluate(
        {
            # It knows no cut of the reciprocal rank: it is shown ten.
            number: {document: -float(rank) for rank, document in enumerate(ranked[:10])}
            for number, (_, ranked) in drawn.items()
        }
    )
    for number, (gold, ranked) in drawn.items():
        found = score(
            Judged(
                make_case(*([spans[document]] for document in gold)),
                find(*(spans[document] for document in ranked)),
                read,
            )
        )
        expected = {name: reference[number][theirs] for name, theirs in names.items()}
        assert {name: found[name] for name in names} == pytest.approx(expected), number


def test_token_scores_by_hand() -> None:
    scores = score(Judged(ONE, find(Span("a", 10, 25), Span("a", 20, 25), EDGE), read))
    assert scores["token recall"] == 0.5
    assert scores["token precision"] == pytest.approx(5 / 30)  # found twice counts twice
    assert scores["token IoU"] == pytest.approx(5 / (30 + 5))


def test_token_scores_are_of_five_hits_and_of_the_span_found_most_of_each_part() -> None:
    either = make_case([GOLD, Span("b", 0, 50)], [Span("b", 60, 70), Span("a", 90, 100)])
    scores = score(Judged(either, find(Span("b", 0, 20), *[EDGE] * 4, GOLD), read))
    assert scores["token recall"] == pytest.approx(20 / (50 + 10))
    assert scores["token precision"] == pytest.approx(20 / (20 + 40))
    assert scores["token IoU"] == pytest.approx(20 / (60 + 40))
    assert value("token recall", either, find(EDGE)) == 0.0


def test_exactness_is_the_share_of_exact_quotes() -> None:
    quotes = (quote(RIGHT), quote(EDGE, "made up"), quote(GOLD), quote(EDGE))
    assert value("quote exactness", ONE, cite(quotes=quotes)) == 0.75


@pytest.mark.parametrize(
    "wrong",
    [
        quote(RIGHT, TEXT[RIGHT.start : RIGHT.end - 1]),  # a letter short
        quote(Span("a", 28, 39), TEXT[29:40]),  # one off
        quote(Span("a", 95, 105), TEXT[95:]),  # past the end
        quote(Span("a", -10, -5), TEXT[-10:-5]),
        quote(Span("a", 20, 20), ""),
        quote(GOLD, sha256="sha of b"),  # an equal text, and another document
        quote(Span("no such", 20, 30)),
    ],
)
def test_a_quote_that_is_not_exact_counts_nothing(wrong: Quote) -> None:
    assert value("quote exactness", ONE, cite(quotes=(wrong,))) == 0.0
    assert value("quote exactness", ONE, cite(quotes=(wrong, quote(GOLD)))) == 0.5


def test_exactness_is_zero_where_something_cites_nothing() -> None:
    assert value("quote exactness", ONE, cite(GOLD, uncited=1)) == 0.0
    assert value("quote exactness", ONE, cite()) == 0.0


def test_exactness_is_also_of_answers_that_should_not_be_and_not_of_abstaining() -> None:
    assert value("quote exactness", NONE, cite(EDGE)) == 1.0
    assert isnan(value("quote exactness", NONE, ABSTAINED))
    assert isnan(value("quote exactness", ONE, ABSTAINED))


def test_gold_span_hit_needs_a_citation_of_each_part() -> None:
    two = make_case([GOLD, Span("a", 60, 70)], [ELSEWHERE])
    assert value("gold-span hit", ONE, cite(RIGHT)) == 1.0
    assert value("gold-span hit", ONE, cite(EDGE, ELSEWHERE)) == 0.0
    assert value("gold-span hit", two, cite(RIGHT)) == 0.0
    assert value("gold-span hit", two, cite(Span("a", 65, 66), ELSEWHERE)) == 1.0


def test_gold_span_f1_and_iou_by_hand() -> None:
    scores = score(Judged(ONE, cite(Span("a", 25, 45)), read))
    assert scores["gold-span F1"] == pytest.approx(2 * 5 / (20 + 10))
    assert scores["gold-span IoU"] == pytest.approx(5 / 25)
    twice = score(Judged(ONE, cite(GOLD, GOLD), read))
    assert twice["gold-span F1"] == twice["gold-span IoU"] == 1.0  # no character counts twice
    nothing = score(Judged(ONE, cite(EDGE), read))
    assert nothing["gold-span F1"] == nothing["gold-span IoU"] == 0.0


def test_gold_is_the_span_of_each_part_that_is_cited_most_the_shorter_of_equals() -> None:
    either = make_case([Span("a", 0, 50), GOLD, Span("b", 0, 5)])
    assert value("gold-span F1", either, cite(GOLD)) == 1.0
    assert value("gold-span F1", either, cite(Span("a", 0, 50))) == 1.0
    two = make_case([GOLD], [ELSEWHERE, Span("b", 50, 60)])
    assert value("gold-span F1", two, cite(GOLD)) == pytest.approx(2 * 10 / (10 + 20))
    assert value("gold-span IoU", two, cite(GOLD, Span("b", 50, 55))) == pytest.approx(15 / 20)


@pytest.mark.parametrize(
    ("case", "result", "exact", "f1"),
    [
        (make_case(answers=["Tom Reed", "T. Reed"]), cite(words="the t reed!"), 1.0, 1.0),
        (make_case(answers=["Tom Reed"]), cite(words="Ada Reed"), 0.0, 0.5),
        (make_case(answers=["Tom Reed"]), ABSTAINED, 0.0, 0.0),
        (make_case(answers=["the"]), ABSTAINED, 0.0, 0.0),
        (make_case([GOLD]), cite(words="Tom Reed"), nan, nan),
        (NONE, cite(words="Tom Reed"), 0.0, 0.0),
        (NONE, ABSTAINED, 1.0, 1.0),
    ],
)
def test_words_are_scored_as_squad_does(
    case: Case, result: Result, exact: float, f1: float
) -> None:
    assert value("exact match", case, result) == pytest.approx(exact, nan_ok=True)
    assert value("F1", case, result) == pytest.approx(f1, nan_ok=True)


def test_an_answer_is_looked_for_in_what_is_quoted() -> None:
    asked = make_case([GOLD], answers=["411", "four hundred"])
    said = quote(GOLD, "There were 411 (four dozen).")
    assert value("answer in quote", asked, cite(quotes=(quote(EDGE, "x"), said))) == 1.0
    assert value("answer in quote", asked, cite(quotes=(quote(GOLD, "1411"),))) == 0.0
    assert value("answer in quote", asked, cite(words="411")) == 0.0
    assert value("answer in quote", asked, ABSTAINED) == 0.0
    assert isnan(value("answer in quote", ONE, cite(GOLD)))
    assert isnan(value("answer in quote", make_case(answers=["x"], answerable=False), cite(GOLD)))


@pytest.mark.parametrize(
    ("case", "result", "accuracy", "joint"),
    [
        (ONE, cite(RIGHT), 1.0, 1.0),
        (ONE, cite(EDGE), 1.0, -1.0),
        (ONE, ABSTAINED, 0.0, 0.0),
        (ONE, CRASHED, 0.0, -1.0),
        (NONE, ABSTAINED, 1.0, 1.0),
        (NONE, cite(RIGHT), 0.0, -1.0),
        (NONE, CRASHED, 0.0, -1.0),
        (make_case([GOLD], [ELSEWHERE]), cite(GOLD), 1.0, -1.0),  # half of what was asked
        (make_case([GOLD], answers=["7"]), cite(EDGE, words="7"), 1.0, -1.0),  # words alone
        (make_case(answers=["0123"]), cite(quotes=(quote(GOLD, "It is 0123."),)), 1.0, 1.0),
        (make_case(answers=["0123"]), cite(GOLD), 1.0, -1.0),
        (make_case(answers=["0123"]), ABSTAINED, 0.0, 0.0),
        (make_case(answerable=True), cite(GOLD), 1.0, nan),
    ],
)
def test_abstention_and_joint(case: Case, result: Result, accuracy: float, joint: float) -> None:
    assert value("abstention accuracy", case, result) == accuracy
    assert value("joint score", case, result) == pytest.approx(joint, nan_ok=True)


def test_what_needs_gold_does_not_apply_without() -> None:
    for case in (NONE, make_case(answers=["x"])):
        scores = score(Judged(case, cite(GOLD, hits=(GOLD,)), read))
        assert [name for name in OF_GOLD if not isnan(scores[name])] == []


def test_abstaining_is_zero_where_gold_should_be_cited() -> None:
    for name in ("gold-span hit", "gold-span F1", "gold-span IoU"):
        assert value(name, ONE, ABSTAINED) == 0.0


def test_a_crash_has_the_worst_of_every_metric_that_applies() -> None:
    told = make_case([GOLD], answers=["x"])
    had_found = Result(case_id="c", status="crashed", hits=(GOLD,), quotes=(quote(GOLD),))
    for result in (CRASHED, had_found):
        assert score(Judged(told, result, read)) == WORST
    without = score(Judged(NONE, CRASHED, read))
    applies = {name for name, value in without.items() if not isnan(value)}
    assert applies == {
        *("quote exactness", "exact match", "F1", "abstention accuracy", "joint score")
    }
    assert all(without[name] == WORST[name] for name in applies)


def test_nothing_is_below_its_worst() -> None:
    bad = cite(quotes=(quote(EDGE, "made up"),), uncited=1, hits=(EDGE,))
    for case in (make_case([GOLD], answers=["x"]), NONE):
        for name, found in score(Judged(case, bad, read)).items():
            assert isnan(found) or found >= WORST[name]


def test_chromas_corpora_score_as_characters_counted_one_by_one(test_data: Path) -> None:
    folder = test_data / "data" / "chroma"
    if not folder.is_dir():
        pytest.skip("FOOTNOTE_TEST_DATA holds no Chroma corpora")
    dataset = load_dataset(folder)
    chunks = [
        Span(document.id, start, min(start + 1_600, len(document.text)))
        for document in dataset.documents
        for start in range(0, len(document.text), 1_600)
    ]
    texts = {document.id: document.text for document in dataset.documents}
    bags = [Counter(_stems(texts[c.document_id][c.start : c.end])) for c in chunks]
    totals: dict[str, list[float]] = {}
    for case in dataset.cases:
        hits = [chunks[at] for at in _bm25(_stems(case.question), bags)[:5]]
        scores = score(Judged(make_case(*([s] for s in case.evidence)), find(*hits), read))
        for name, counted in _count_characters(hits, case.evidence).items():
            assert scores[name] == pytest.approx(counted), case.question
            totals.setdefault(name, []).append(counted)
    # Measured here; .92, .04 and .04 are known of all five corpora, of which three are in the set.
    means = {name: fmean(values) for name, values in totals.items()}
    assert means["token recall"] == pytest.approx(0.96, abs=0.01)
    assert means["token precision"] == pytest.approx(0.031, abs=0.005)
    assert means["token IoU"] == pytest.approx(0.031, abs=0.005)


def _count_characters(found: Sequence[Span], gold: Sequence[Span]) -> dict[str, float]:
    wanted = {(s.document_id, at) for s in gold for at in range(s.start, s.end)}
    had = [(s.document_id, at) for s in found for at in range(s.start, s.end)]
    both = len(wanted & set(had))
    return {
        "token recall": both / len(wanted),
        "token precision": both / len(had),
        "token IoU": both / (len(had) + len(wanted - set(had))),
    }


def _stems(text: str) -> list[str]:
    words = re.findall(r"\w+", text.lower())
    return [re.sub(r"(?:ing|ed|es|s|ly)$", "", word) for word in words if word not in STOP_WORDS]


def _bm25(query: Sequence[str], bags: Sequence[Counter[str]]) -> list[int]:
    """Rank the bags by Okapi's formula, k1 1.5 and b 0.75."""
    mean, scores = fmean(bag.total() for bag in bags), [0.0] * len(bags)
    for word in set(query):
        holding = sum(word in bag for bag in bags)
        weight = log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
        for at, bag in enumerate(bags):
            if count := bag[word]:
                room = 1.5 * (0.25 + 0.75 * bag.total() / mean)
                scores[at] += weight * count * 2.5 / (count + room)
    return sorted(range(len(bags)), key=lambda at: -scores[at])


@pytest.mark.parametrize(
    ("said", "joint"), [("It was Tom Reed.", 1.0), ("It was Ada Finch.", -1.0)]
)
def test_model_that_cites_gold_must_say_it_too(said: str, joint: float) -> None:
    case = make_case([GOLD], answers=("Tom Reed",))
    result = Result(
        case_id="c",
        status="answered",
        text=said,
        words=said,
        quotes=(Quote(GOLD, "", ""),),
        model="echo:",
    )
    assert value("joint score", case, result) == joint
