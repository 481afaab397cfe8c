import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from larkford import LIT, NOT_NEAR, case, documents

from chatbot.ask import Reader
from chatbot.models.echo import EchoModel
from chatbot.span_reader import SpanReader
from eval.bench import Bench, Tally
from eval.grounding import Grounding, Suite
from index.embed import Embedder
from index.split import PASSAGE_TOKENS


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def suite(
    embedder: Embedder, told: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> Suite:
    gates = tmp_path_factory.mktemp("gates") / "gates.toml"
    gates.write_text('"joint score" = 1.0\n')
    bench = Bench(
        embedder=embedder,
        passage_tokens=PASSAGE_TOKENS,
        span_reader=SpanReader(),
        sample=2,
        progress=lambda done, total: told.append((done, total)),
    )
    return Suite(bench=bench, gates_file=gates)


@pytest.fixture(scope="module")
def town(suite: Suite) -> Iterator[Reader]:
    with suite.bench.reading(documents()) as opened:
        yield opened


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("cases")
    for name, question in (("dev", LIT), ("test", NOT_NEAR)):
        asked = case(question)
        line = {"id": name, "question": question, "answerable": asked.answerable}
        evidence = [{**asdict(span), "quote": "x"} for span in asked.evidence]
        (folder / f"{name}.jsonl").write_text(json.dumps(line | {"evidence": evidence}) + "\n")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def found(suite: Suite, cases: list[Path], town: Reader) -> Grounding:
    return suite.on_cases(cases, town)


def test_every_part_is_told(found: Grounding, told: list[tuple[int, int]]) -> None:
    assert [(m.name, m.count) for m in found.quality] == [("dev", 1), ("test", 1)]
    assert all(not tally.wrong for tally in found.contract)
    assert found.seconds["p50"] <= found.seconds["p95"]
    assert all(done <= total for done, total in told)
    text = found.as_text()
    for part in ("contract", "lies", "quality", "wrong statements", "right statements"):
        assert f"\n{part}" in text
    assert text.startswith("2 questions, 4 passages")
    assert "All gates met." in text


def test_json_holds_what_the_cases_came_to_and_no_nan(found: Grounding) -> None:
    value = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert value["cases"] == 2
    assert value["quality"][1]["figures"]["gold-span hit"] is None
    assert value["contract"][0] == {"name": "a question never crashes", "tried": 2, "wrong": []}
    assert {"lies", "let_through", "doubted", "seconds", "failed_gates"} <= value.keys()


@pytest.mark.parametrize("part", ["contract", "lies"])
def test_what_is_broken_fails_and_is_named(found: Grounding, part: str) -> None:
    held = replace(found, lies=(), contract=())
    assert held.is_good
    rules = {part: [Tally("a rule", 2, ("es-1: off",))]}
    broken = replace(held, contract=rules.get("contract", ()), lies=rules.get("lies", ()))
    assert not broken.is_good
    assert "BROKEN: a rule: es-1: off" in broken.as_text()


def test_a_gate_that_is_missed_fails(found: Grounding) -> None:
    assert found.report
    missed = replace(found.report, failed_gates=("joint",))
    assert not replace(found, lies=(), contract=(), report=missed).is_good


def test_the_contract_is_of_quotes_whatever_model_writes(
    suite: Suite, cases: list[Path], town: Reader
) -> None:
    found = suite.on_cases(cases, replace(town, model=EchoModel("")))
    assert found.report
    assert found.report.model == "echo:"
    assert all(not tally.wrong for tally in found.contract)


def test_a_public_set_is_indexed_whole(suite: Suite, tmp_path: Path) -> None:
    for name, chosen in (("answerable", [documents()[0].text[:66]]), ("unanswerable", [])):
        passages = [{"title": d.title, "text": d.text} for d in documents()[:2]]
        row = {"id": name, "input": LIT, "output": [{"selected_sentences": chosen}]}
        lines = [row | {"passages": [passage]} for passage in passages[: 1 + (not chosen)]]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines[-1:])) + "\n")
    found = suite.on_set(tmp_path)
    assert found.about == "2 questions, 2 passages"
    assert found.report is None
    assert set(found.quality[0].figures) == {"F1", "exact", "F1 of all", "best", "AUROC"}


def test_summaries_are_measured_alone(suite: Suite, tmp_path: Path) -> None:
    rows = [{"original_summary": "Ann called Bo.", "summary": "Ann called Bo.", "label": 1}]
    (tmp_path / "samsum.json").write_text(json.dumps(rows))
    found = suite.on_set(tmp_path)
    assert (found.contract, found.lies, found.is_good) == ((), (), True)
    assert "samsum" in found.as_text()
