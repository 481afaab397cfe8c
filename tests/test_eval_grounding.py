import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from larkford import LIT, NOT_NEAR, case, documents

from chatbot.models.echo import EchoModel
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from eval.bench import Bench
from eval.findings import Findings, Tally
from eval.grounding import ground_cases, ground_set
from index.embed import Embedder
from index.split import PASSAGE_TOKENS


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def bench(embedder: Embedder, told: list[tuple[int, int]]) -> Bench:
    return Bench(
        embedder=embedder,
        passage_tokens=PASSAGE_TOKENS,
        span_reader=SpanReader(),
        sample=2,
        progress=lambda done, total: told.append((done, total)),
    )


@pytest.fixture(scope="module")
def town(bench: Bench) -> Iterator[Reader]:
    with bench.reading(documents()) as opened:
        yield opened


PARTS = {Path("dev.jsonl"): [case(LIT)], Path("test.jsonl"): [case(NOT_NEAR)]}


@pytest.fixture(scope="module")
def found(bench: Bench, town: Reader) -> Findings:
    return ground_cases(PARTS, town, bench)


def test_every_part_is_told(found: Findings, told: list[tuple[int, int]]) -> None:
    assert all(not tally.wrong for tally in found.tallies["contract"] if tally.is_hard)
    assert found.seconds["p50"] <= found.seconds["p95"]
    assert all(done <= total for done, total in told)
    text = found.as_text()
    for part in ("contract", "lies", "wrong statements", "right statements"):
        assert f"\n{part}" in text
    assert text.startswith("2 questions, 4 passages")


def test_json_holds_what_it_came_to_and_no_nan(found: Findings) -> None:
    value = json.loads(json.dumps(found.as_json(), allow_nan=False))
    first = value["contract"][0]
    assert (first["name"], first["wrong"], first["is_hard"]) == ("a question crashes", [], True)
    assert {"lies", "let_through", "doubted", "seconds", "is_good"} <= value.keys()


@pytest.mark.parametrize("is_hard", [True, False])
def test_what_is_broken_is_named_and_fails_where_it_never_may_be(is_hard: bool) -> None:
    held = Findings(about="x", tallies={"contract": [Tally("a rule", 2, (), is_hard)]})
    assert held.is_good
    broken = replace(held, tallies={"lies": [Tally("a rule", 2, ("es-1: off",), is_hard)]})
    assert broken.is_good is not is_hard
    assert ("BROKEN: a rule: es-1: off" in broken.as_text()) is is_hard
    assert ("BELOW GATE" in broken.as_text()) is is_hard
    assert "a rule: es-1: off" in broken.as_text()


def test_the_contract_is_of_quotes_whatever_model_writes(bench: Bench, town: Reader) -> None:
    found = ground_cases(PARTS, replace(town, model=EchoModel("")), bench)
    assert all(not tally.wrong for tally in found.tallies["contract"] if tally.is_hard)


def test_a_public_set_is_indexed_whole(bench: Bench, tmp_path: Path) -> None:
    for name, chosen in (("answerable", [documents()[0].text[:66]]), ("unanswerable", [])):
        passages = [{"title": d.title, "text": d.text} for d in documents()[:2]]
        row = {"id": name, "input": LIT, "output": [{"selected_sentences": chosen}]}
        lines = [row | {"passages": [passage]} for passage in passages[: 1 + (not chosen)]]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines[-1:])) + "\n")
    found = ground_set(tmp_path, bench)
    assert found.about == "2 questions, 2 passages"
    assert set(found.quality[0].figures) == {"F1 forced", "F1 of all", "AUROC"}


def test_summaries_are_measured_alone(bench: Bench, tmp_path: Path) -> None:
    rows = [{"original_summary": "Ann called Bo.", "summary": "Ann called Bo.", "label": 1}]
    (tmp_path / "samsum.json").write_text(json.dumps(rows))
    found = ground_set(tmp_path, bench)
    assert (found.tallies, found.is_good) == ({}, True)
    assert "samsum" in found.as_text()
