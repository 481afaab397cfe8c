import json
from dataclasses import replace
from math import isnan, log2
from pathlib import Path
from random import Random

import pytest
import pytrec_eval

from chatbot.span_reader import SpanReader
from corpus.document import Span
from eval.bench import Bench
from eval.datasets import load_dataset
from eval.findings import Findings
from eval.ranking import score_spans
from eval.retrieval import (
    DENSE,
    KEYWORD,
    SHIPPED,
    measure_retrieval,
    score_documents,
)
from index.embed import BUNDLED, Embedder
from index.split import PASSAGE_TOKENS

RANKED = ["a", "b", "c", "d"]


def test_hit_and_reciprocal_rank_are_of_the_first_gold_document() -> None:
    scores = score_documents(RANKED, {"b": 1, "d": 1})
    assert (scores["Hit@1"], scores["Hit@3"], scores["Hit@10"]) == (0.0, 1.0, 1.0)
    assert scores["MRR@10"] == 0.5


def test_what_is_not_among_ten_counts_nothing() -> None:
    eleven = [*"abcdefghij", "gold"]
    assert set(score_documents(eleven, {"gold": 1}).values()) == {0.0}
    assert set(score_documents([], {"gold": 1}).values()) == {0.0}
    assert score_documents(eleven[1:], {"gold": 1})["MRR@10"] == 0.1


def test_a_document_stands_where_it_first_does() -> None:
    again = ["a", "a", "a", "b", "a"]
    assert score_documents(again, {"b": 1}) == score_documents(["a", "b"], {"b": 1})


def test_ndcg_by_hand() -> None:
    assert score_documents(RANKED, {"a": 1})["nDCG@10"] == 1.0
    assert score_documents(RANKED, {"c": 1})["nDCG@10"] == pytest.approx(0.5)  # 1 / log2(4)
    graded = (1 / log2(2) + 2 / log2(4)) / (2 / log2(2) + 1 / log2(3))
    assert score_documents(RANKED, {"a": 1, "c": 2})["nDCG@10"] == pytest.approx(graded)


def test_ndcg_is_1_when_ten_documents_are_gold_of_more() -> None:
    assert score_documents("abcdefghij", dict.fromkeys("abcdefghijklm", 1))["nDCG@10"] == 1.0


def test_1000_random_rankings_are_as_in_trec_eval() -> None:
    rng, documents = Random(0), [f"d{n:02}" for n in range(30)]
    names = {"Hit@1": "success_1", "Hit@3": "success_3", "Hit@10": "success_10"}
    names |= {"MRR@10": "recip_rank", "nDCG@10": "ndcg_cut_10"}
    drawn = {
        str(number): (
            {document: rng.randint(1, 3) for document in rng.sample(documents, rng.randint(1, 14))},
            rng.sample(documents, rng.randint(1, 25)),
        )
        for number in range(1_000)
    }
    reference = pytrec_eval.RelevanceEvaluator(
        {number: gold for number, (gold, _) in drawn.items()},
        {"success.1,3,10", "recip_rank", "ndcg_cut.10"},
    ).evaluate(
        {
            # It knows no cut of the reciprocal rank: it is shown ten.
            number: {document: -float(rank) for rank, document in enumerate(ranked[:10])}
            for number, (_, ranked) in drawn.items()
        }
    )
    for number, (gold, ranked) in drawn.items():
        expected = {name: reference[number][theirs] for name, theirs in names.items()}
        assert score_documents(ranked, gold) == pytest.approx(expected), number


def test_span_metrics_by_hand() -> None:
    gold = [Span("a", 10, 30)]
    found = [Span("a", 0, 20), Span("a", 15, 25)]  # 15 of 20 in 30 characters, 5 of them twice
    assert score_spans(found, gold) == {
        "recall": 0.75,
        "precision": 0.5,
        "IoU": pytest.approx(15 / 35),  # 30 found and 5 missed
        "characters": 30.0,
    }


def test_spans_of_another_document_are_not_shared() -> None:
    gold, found = [Span("a", 0, 10), Span("b", 0, 10)], [Span("b", 5, 15)]
    scores = score_spans(found, gold)
    assert (scores["recall"], scores["precision"], scores["IoU"]) == (0.25, 0.5, 0.2)


def test_span_metrics_of_nothing_found_are_0() -> None:
    assert set(score_spans([], [Span("a", 0, 10)]).values()) == {0.0}


def test_gold_spans_that_overlap_count_once() -> None:
    gold = [Span("a", 0, 10), Span("a", 5, 10)]
    assert score_spans([Span("a", 0, 5)], gold)["recall"] == 0.5


BIRDS = {
    "Owls hunt mice at night. They hear them under the snow.": "When do owls hunt?",
    "Larks sing while they climb. Their nests are on the ground.": "Where are the nests of larks?",
    "Storks winter in Africa. They come back in March.": "In which month do storks come back?",
    "Penguins cannot fly. They swim after fish.": "What do penguins swim after?",
}


@pytest.fixture(scope="module")
def bench(embedder: Embedder) -> Bench:
    return Bench(embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader())


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def report(
    tmp_path_factory: pytest.TempPathFactory, bench: Bench, told: list[tuple[int, int]]
) -> Findings:
    def tell(done: int, total: int) -> None:
        told.append((done, total))

    folder = tmp_path_factory.mktemp("squad")
    paragraphs = [
        {"context": text, "qas": [{"question": question, "answers": [text.split()[0]]}]}
        for text, question in BIRDS.items()
    ]
    (folder / "dev.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    return measure_retrieval(load_dataset(folder), replace(bench, progress=tell))


def test_documents_are_found_by_each_way_to_search(report: Findings) -> None:
    assert [measured.name for measured in report.quality] == [SHIPPED, KEYWORD, DENSE]
    for measured in report.quality:
        errors = {"± Hit@1": 0.0, "± MRR@10": 0.0}
        means = dict.fromkeys(["Hit@1", "Hit@3", "Hit@10", "MRR@10", "nDCG@10"], 1.0)
        assert (measured.count, measured.figures) == (4, means | errors)


def test_report_says_what_was_asked_of_what(report: Findings, told: list[tuple[int, int]]) -> None:
    text = report.as_text()
    assert text.startswith("SQuAD: 4 of 4 questions, 4 documents, 4 passages of at most")
    assert f"tokens; {BUNDLED}" in text
    assert told[-4:] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    (row,) = [line for line in text.splitlines() if line.startswith(SHIPPED)]
    assert row.split()[3:6] == ["4", "1.000", "0.000"]


def test_json_is_whole(report: Findings) -> None:
    found = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert found["quality"][1]["name"] == KEYWORD
    assert found["quality"][1]["figures"]["Hit@1"] == 1.0


def test_spans_are_measured_of_cut_hits_and_of_whole_passages(tmp_path: Path, bench: Bench) -> None:
    gold = "Storks come back to their nests in March."
    text = f"{gold} The council met to vote on taxes. Copper is traded in London by the tonne."
    reference = {"content": gold, "start_index": 0, "end_index": len(gold)}
    question = "In which month do storks come back to their nests?"
    row = {"corpus": "birds", "question": question, "references": [reference]}
    (tmp_path / "birds.md").write_text(text)
    (tmp_path / "questions.jsonl").write_text(json.dumps(row))
    report = measure_retrieval(load_dataset(tmp_path), bench)
    shipped, *alone = (measured.figures for measured in report.quality)
    assert ", 1 passages of at most" in report.about
    for whole in alone:
        assert whole["characters"] == len(text)
        assert whole["recall"] == 1.0
        assert whole["precision"] == whole["IoU"] == pytest.approx(len(gold) / len(text))
    assert shipped["recall"] == 1.0
    assert shipped["characters"] < len(text)
    assert shipped["IoU"] > alone[0]["IoU"]
    assert "0 of 1 gold spans had other words" in report.as_text()


def test_a_sample_is_spread_evenly_and_said_to_be_one(tmp_path: Path, bench: Bench) -> None:
    rows = [
        {"question": question, "answers": [], "ctxs": [{"title": "", "text": text}]}
        for text, question in BIRDS.items()
    ]
    (tmp_path / "nq.jsonl").write_text("\n".join(map(json.dumps, rows)))
    report = measure_retrieval(load_dataset(tmp_path), replace(bench, sample=2))
    assert report.about.startswith("NQ oracle: 2 of 4 questions, 4 documents")
    assert {measured.count for measured in report.quality} == {2}


def test_other_passage_sizes_can_be_compared(tmp_path: Path, bench: Bench) -> None:
    text = " ".join(BIRDS)
    row = {"question": "When do owls hunt?", "ctxs": [{"title": "Birds", "text": text}]}
    (tmp_path / "nq.jsonl").write_text(json.dumps(row))
    report = measure_retrieval(load_dataset(tmp_path), replace(bench, passage_tokens=32))
    assert "1 of 1 questions, 1 documents, " in report.about
    assert "1 passages" not in report.about
    assert "passages of at most 32 tokens" in report.about
    figures = report.quality[0].figures
    assert figures["Hit@1"] == 1.0
    assert isnan(figures["± Hit@1"])  # one document: no cluster beside it
