"""Faults of a system, planted one at a time: each is caught by the metric that names it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chatbot.answer import Answer, Citation, Sentence
from chatbot.ask import answer_question
from chatbot.reading import Reader
from chatbot.settings import Settings
from corpus.document import Document, Span
from eval.bench import Ask, Bench, ask_reader, documents_of, with_text
from eval.case import CASES, Case, load_cases
from eval.command import read_gates
from eval.report import REPORT
from eval.suite import Suite
from index.split import PASSAGE_TOKENS

Fault = Callable[[Answer], Answer]
ANSWERED = {
    "coined": "Who coined the term narco-peace?",
    "heads": "Which office does Carlos Marroquín head?",
    "drop": "By how much did Brazil's murder rate drop from 2017 to 2018?",
}
DECLINED = ("How tall is Mount Everest?", "Who won the chess world cup in 1998?")


@pytest.fixture(scope="module")
def cases(reader: Reader) -> list[Case]:
    """Questions that Footnote answers, what it rightly quotes being gold; and others."""
    found = []
    for name, question in ANSWERED.items():
        answer = answer_question(question, reader=reader)
        assert answer.status == "answered", question
        gold = tuple(citation.span for citation in answer.citations)
        words = [s.text[a:b] for s in answer.sentences for a, b in s.marks]
        found.append(
            Case(
                id=name,
                question=question,
                answerable=True,
                evidence=gold,
                parts=tuple(range(1, len(gold) + 1)),
                answers=tuple(words),
            )
        )
    none = [
        Case(id=f"none-{number}", question=question, answerable=False, evidence=())
        for number, question in enumerate(DECLINED)
    ]
    return [*found, *none]


@pytest.fixture(scope="module")
def bench(reader: Reader) -> Bench:
    return Bench(
        embedder=reader.embedder,
        passage_tokens=PASSAGE_TOKENS,
        span_reader=reader.span_reader,
    )


def _run(
    cases: list[Case], reader: Reader, bench: Bench, runs: Path, ask: Ask = ask_reader
) -> dict[str, Any]:
    """Return the mean of each of Footnote's metrics."""
    suite = Suite(
        bench=bench, runs=runs, gates=read_gates(None, [runs / "faults.jsonl"]), settings=Settings()
    )
    file = runs / "faults.jsonl"
    file.touch()
    run = suite.run({file: cases}, reader, ask)
    report = json.loads((run.folder / REPORT).read_text("utf-8"))
    means = {
        each["name"]: each["figures"]["Footnote"]["mean"]
        for each in report["metrics"]
        if each["part"] == "all" and "Footnote" in each["figures"]
    }
    return means | {"gates": [g["metric"] for g in report["gates"] if not g["met"]]}


@pytest.fixture(scope="module")
def sound(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    return _run(cases, reader, bench, tmp_path_factory.mktemp("sound"))


def test_sound_system_has_no_fault(sound: dict[str, Any]) -> None:
    perfect = {name: sound[name] for name in ("quote exactness", "same again", "not leaked")}
    assert perfect == dict.fromkeys(perfect, 1.0)
    assert (sound["joint score"], sound["F1"], sound["gold-span hit"]) == (1.0, 1.0, 1.0)
    assert (sound["hallucination rate"], sound["error rate"]) == (0.0, 0.0)
    assert sound["gates"] == []


def _moved(answer: Answer, by: int) -> Answer:
    return replace(
        answer,
        citations=tuple(
            replace(c, span=replace(c.span, start=c.span.start + by, end=c.span.end + by))
            for c in answer.citations
        ),
    )


def _off_by_one(answer: Answer) -> Answer:
    return _moved(answer, 1)


def _wrong_document(answer: Answer) -> Answer:
    other = "mexico/hugs-fentanyl-and-narco-peace.md", "brazil/why-murders-fell.txt"
    return replace(
        answer,
        citations=tuple(
            replace(
                c,
                span=replace(c.span, document_id=next(o for o in other if o != c.span.document_id)),
            )
            for c in answer.citations
        ),
    )


def _from_memory(answer: Answer) -> Answer:
    """The right words, and no citation."""
    sentences = tuple(replace(s, citations=()) for s in answer.sentences)
    return replace(answer, sentences=sentences, citations=())


def _never(answer: Answer) -> Answer:
    return replace(answer, status="not_in_documents", sentences=(), citations=())


@pytest.fixture(scope="module")
def of_fault(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Fault], dict[str, Any]]:
    """Return what a fault comes to; each is run once."""

    @cache
    def found(fault: Fault) -> dict[str, Any]:
        def ask(case: Case, _: Reader) -> Answer:
            return fault(answer_question(case.question, case.history, reader=reader))

        return _run(cases, reader, bench, tmp_path_factory.mktemp("fault"), ask)

    return found


@pytest.mark.parametrize(
    ("fault", "metric", "is_gated"),
    [
        (_off_by_one, "quote exactness", True),
        (_wrong_document, "quote exactness", True),
        (_wrong_document, "gold-span hit", False),
        (_from_memory, "quote exactness", True),
        (_from_memory, "joint score", False),
        (_never, "error rate", False),
        (_never, "gold-span hit", False),
    ],
)
def test_fault_is_caught(
    fault: Fault,
    metric: str,
    is_gated: bool,
    of_fault: Callable[[Fault], dict[str, Any]],
    sound: dict[str, Any],
) -> None:
    found = of_fault(fault)
    worse = found[metric] > sound[metric] if "rate" in metric else found[metric] < sound[metric]
    assert worse, found
    assert (metric in found["gates"]) is is_gated


def test_exact_words_of_the_wrong_place_are_caught(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path
) -> None:
    """Quotes are exact and the answer's words right: only where they stand is wrong."""
    document = reader.generation.document("brazil/why-murders-fell.txt")
    words = document.text[-60:]

    def ask(case: Case, _: Reader) -> Answer:
        answer = answer_question(case.question, case.history, reader=reader)
        span = Span(document.id, len(document.text) - 60, len(document.text))
        cited = tuple(replace(c, span=span, quote=words) for c in answer.citations)
        return replace(answer, citations=cited)

    found = _run(cases, reader, bench, tmp_path, ask)
    assert found["quote exactness"] == 1.0
    assert found["F1"] == 1.0
    assert found["gold-span hit"] == 0.0
    assert found["joint score"] < 0
    assert found["citation recall"] == 0.0


def test_system_that_always_answers_is_caught(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path
) -> None:
    document = reader.generation.document("brazil/why-murders-fell.txt")
    sentence = Sentence(text=document.text[:60], citations=(1,), verdict="quoted", support=1.0)
    citation = Citation(
        number=1,
        span=Span(document.id, 0, 60),
        quote=document.text[:60],
        title=document.title,
        page=None,
        source=None,
    )

    def ask(case: Case, _: Reader) -> Answer:
        answer = answer_question(case.question, case.history, reader=reader)
        if answer.status == "answered":
            return answer
        return replace(answer, status="answered", sentences=(sentence,), citations=(citation,))

    found = _run(cases, reader, bench, tmp_path, ask)
    assert found["hallucination rate"] == 1.0
    assert found["joint score"] == pytest.approx((3 - 2) / 5)


def test_order_that_changes_is_caught(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path
) -> None:
    calls = count()

    def ask(case: Case, _: Reader) -> Answer:
        answer = answer_question(case.question, case.history, reader=reader)
        turn = next(calls) % len(answer.hits)
        return replace(answer, hits=(*answer.hits[turn:], *answer.hits[:turn]))

    found = _run(cases, reader, bench, tmp_path, ask)
    assert found["same again"] < 1.0
    assert "same again" in found["gates"]


@contextmanager
def _with_answers_leaked(
    cases: list[Case], reader: Reader, bench: Bench
) -> Iterator[tuple[Reader, Document]]:
    documents = documents_of(reader)
    text = "\n\n".join(f"Q: {case.question}\nA: {' '.join(case.answers)}" for case in cases)
    leak = replace(with_text(documents[0], text), id="leak.txt", headings=(), pages=())
    with bench.reading([*documents, leak]) as leaky:
        yield leaky, leak


def test_test_cases_in_the_documents_are_caught(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path
) -> None:
    with _with_answers_leaked(cases, reader, bench) as (leaky, _):
        found = _run(cases, leaky, bench, tmp_path)
    assert found["not leaked"] == 0.0
    assert "not leaked" in found["gates"]


def test_crash_is_a_row_and_counts_as_the_worst(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path, sound: dict[str, Any]
) -> None:
    def ask(case: Case, _: Reader) -> Answer:
        if case.id == "heads":
            raise ZeroDivisionError("by hand")
        return answer_question(case.question, case.history, reader=reader)

    found = _run(cases, reader, bench, tmp_path, ask)
    assert found["joint score"] == pytest.approx(sound["joint score"] - 2 / 5)


def test_crash_in_what_is_asked_again_is_a_row_too(
    cases: list[Case], reader: Reader, bench: Bench, tmp_path: Path
) -> None:
    seen = set[str]()

    def ask(case: Case, asked: Reader) -> Answer:
        if case.id == "heads" and case.id in seen:
            raise ZeroDivisionError("by hand, the second time")
        seen.add(case.id)
        return answer_question(case.question, case.history, reader=asked)

    assert _run(cases, reader, bench, tmp_path, ask)["joint score"] == pytest.approx(3 / 5)


def test_our_gates_never_ask_for_less() -> None:
    gates = read_gates(None, sorted(CASES.glob("*.jsonl")))
    assert gates["all"]["quote exactness"] == 1.0
    assert gates["test"]["joint score"] >= 0.70


def test_bundled_cases_and_gates_are_of_parts_that_exist() -> None:
    parts = {file.stem for file in CASES.glob("*.jsonl")}
    assert set(read_gates(None, sorted(CASES.glob("*.jsonl")))) <= {"all", *parts}
    assert all(load_cases([file]) for file in CASES.glob("*.jsonl"))
