from collections.abc import Iterator
from dataclasses import replace

import pytest
from larkford import BRIDGE, LIT, NOT_SAID, case, documents

from chatbot.ask import Reader
from chatbot.models.echo import EchoModel
from chatbot.span_reader import SpanReader
from eval.bench import Bench
from eval.side_by_side import SideBySide, compare_models
from index.embed import Embedder
from index.split import PASSAGE_TOKENS

CASES = [case(question) for question in (BRIDGE, LIT, NOT_SAID)]
LIE = "The moon is made of cheese."


@pytest.fixture(scope="module")
def town(embedder: Embedder) -> Iterator[Reader]:
    bench = Bench(embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader())
    with bench.reading(documents()) as reader:
        yield reader


@pytest.fixture(scope="module")
def both(town: Reader) -> SideBySide:
    return compare_models(CASES, [town, replace(town, model=EchoModel(LIE))])


def test_each_model_has_a_column_of_the_same_cases(both: SideBySide) -> None:
    shown = both.as_text()
    assert "quotes:" in shown.splitlines()[2]
    assert f"echo:{LIE}" in shown.splitlines()[2]
    assert [len(report.rows) for report in both.reports] == [3, 3]


def test_what_is_withheld_is_counted_and_tokens_are_unknown(both: SideBySide) -> None:
    quotes, liar = both.as_json()["models"]
    assert quotes["something withheld"] == 0 < liar["something withheld"]
    assert (liar["written by it"], liar["prompt tokens"]) == (0, None)
    assert "unknown" in both.as_text()


def test_questions_that_one_did_better_on_are_named(town: Reader) -> None:
    liar = replace(town, model=EchoModel("NOT IN THE DOCUMENTS"))
    shown = compare_models(CASES, [town, liar]).as_text()
    assert "Better by quotes: than by echo:NOT IN THE DOCUMENTS" in shown
    assert LIT in shown


def test_progress_runs_over_all_of_them(town: Reader) -> None:
    told: list[tuple[int, int]] = []
    compare_models(CASES[:1], [town, town], lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
