import json
from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest
from larkford import NOT_NEAR, NOT_SAID, case

from chatbot.answer import Answer
from chatbot.ask import Reader, answer_question
from chatbot.evidence import frozen_weights
from corpus.document import Document, Span
from eval.case import CASES, Case, load_cases
from eval.datasets import load_dataset
from eval.errors import BadCase
from eval.judged import Judged
from eval.quality import Forced, force, load_set, measure_cases, measure_set
from eval.result import result_of


@pytest.fixture(scope="module")
def declined(reader: Reader) -> Answer:
    return answer_question(NOT_NEAR, reader=reader)


def forced(declined: Answer, sure: float, words: str, *accepted: str) -> Forced:
    asked = case(NOT_SAID, answerable=bool(accepted), answers=accepted)
    return Forced(judged(asked, replace(declined, confidence=sure)), words, ())


def judged(asked: Case, answer: Answer) -> Judged:
    return Judged(asked, result_of(asked.id, answer, no_document), no_document)


def no_document(document_id: str) -> Document:
    raise AssertionError(document_id)


def test_figures_of_a_set_by_hand(declined: Answer) -> None:
    asked = [
        forced(declined, 0.9, "the Tom Reed", "Tom Reed", "Reed"),  # exact but for an article
        forced(declined, 0.1, "Ada Reed", "Tom Reed"),  # half, and declined
        forced(declined, 0.8, "Ada Finch"),
        forced(declined, 0.0, ""),
    ]
    assert 0.1 < frozen_weights().threshold < 0.8
    assert measure_set("x", asked).figures == {
        "F1": 0.75,
        "exact": 0.5,
        "F1 of all": 0.5,
        "best": 0.75,  # from .8 on
        "AUROC": 0.75,
    }


def test_figures_of_cases(declined: Answer, reader: Reader) -> None:
    (right,) = (c for c in load_cases([CASES / "dev.jsonl"]) if c.id == "es-001")
    answer = answer_question(right.question, reader=reader)
    both = [force(right, answer, reader), force(case(NOT_NEAR), declined, reader)]
    measured = measure_cases("dev", both)
    assert (measured.name, measured.count) == ("dev", 2)
    assert set(measured.figures.values()) == {1.0, 0.5}
    assert measured.figures["coverage, 1% wrong"] == 0.5
    alone = measure_cases("dev", both[1:]).figures
    assert isnan(alone["AUROC"])
    assert isnan(alone["gold-span hit"])


def test_an_answer_is_forced_where_none_is_given(declined: Answer, reader: Reader) -> None:
    found = force(case(NOT_NEAR), declined, reader)
    assert declined.citations == ()
    assert found.words
    assert found.quotes
    assert not found.is_right
    nothing = force(case(NOT_NEAR), replace(declined, hits=()), reader)
    assert (nothing.words, nothing.quotes) == ("", ())


def clapnq(folder: Path) -> Path:
    text = "Ann wrote it . Bo sang it . Cy left ."
    rows: dict[str, list[list[str]]] = {
        "answerable": [["Ann wrote it ."], ["Ann wrote it .", "Bo sang it ."]],
        "unanswerable": [[]],
    }
    for name, chosen in rows.items():
        row = {
            "id": name,
            "input": f"{name}?",
            "passages": [{"title": "Song", "text": text}],
            "output": [{"selected_sentences": said} for said in chosen],
        }
        (folder / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    return folder


def test_clapnq_is_measured_by_the_nearest_annotator(tmp_path: Path, declined: Answer) -> None:
    folder = clapnq(tmp_path)
    asked, other = (
        case for cases in load_set(folder, load_dataset(folder)).values() for case in cases
    )
    assert (asked.answerable, other.answerable) == (True, False)
    document = asked.evidence[0].document_id

    def f1(*quotes: Span) -> float:
        return Forced(judged(asked, declined), "", quotes).f1

    assert f1(Span(document, 0, 14)) == 1.0
    assert f1(Span(document, 0, 14), Span(document, 15, 27)) == 1.0
    assert f1(Span(document, 0, 28)) == pytest.approx(2 * 26 / (26 + 28))
    assert f1(Span(document, 28, 36)) == f1() == 0.0


def test_squad_tells_apart_what_weights_were_fitted_on(tmp_path: Path) -> None:
    folder = tmp_path / "squad2"
    folder.mkdir()
    qas = [{"question": "Who wrote it?", "answers": ["Ann"]}, {"question": "Why?", "answers": []}]
    data = [
        {"title": title, "paragraphs": [{"context": f"{title}: Ann wrote it.", "qas": qas}]}
        for title in ("Pharmacy", "Packet_switching", "Geology")
    ]
    (folder / "dev.json").write_text(json.dumps({"data": data}))
    parts = load_set(folder, load_dataset(folder))
    assert list(parts) == ["fitted on: Pharmacy", "held aside: Packet_switching"]
    (asked, _), _ = parts.values()
    assert [(s.start, s.end) for s in asked.evidence] == [(10, 13)]
    assert asked.answers == ("Ann",)
    assert [[c.answerable for c in cases] for cases in parts.values()] == [[True, False]] * 2
    assert len({c.id for cases in parts.values() for c in cases}) == 4


def test_a_set_without_answers_is_refused(tmp_path: Path) -> None:
    given = replace(load_dataset(clapnq(tmp_path)), form="NQ oracle")
    with pytest.raises(BadCase, match="holds no answers"):
        load_set(tmp_path, given)
