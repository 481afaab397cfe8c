import json
from dataclasses import replace
from pathlib import Path

import pytest
from larkford import NOT_NEAR, NOT_SAID, case

from chatbot.answer import Answer
from chatbot.ask import answer_question
from chatbot.reading import Reader
from corpus.document import Span
from eval.case import Case
from eval.datasets import load_dataset
from eval.errors import BadCase
from eval.findings import Measured
from eval.quality import measure_set, parts_of
from eval.result import Quote, Result
from eval.systems import answer_anyway


@pytest.fixture(scope="module")
def declined(reader: Reader) -> Answer:
    return answer_question(NOT_NEAR, reader=reader)


@pytest.fixture
def anyway(monkeypatch: pytest.MonkeyPatch) -> dict[str, Result]:
    """What would be answered, by case."""
    results: dict[str, Result] = {}
    monkeypatch.setattr("eval.quality.answer_anyway", lambda case, *_: results[case.id])
    return results


def saying(words: str, *cited: Span) -> Result:
    quotes = tuple(Quote(span, "", "") for span in cited)
    return Result(case_id="", status="answered", words=words, quotes=quotes)


def test_figures_of_a_set_by_hand(
    declined: Answer, reader: Reader, anyway: dict[str, Result]
) -> None:
    asked = [
        (case("right", answerable=True, answers=("Tom Reed", "Reed")), 0.9),
        (case("half", answerable=True, answers=("Tom Reed",)), 0.1),
        (case(NOT_SAID), 0.8),
        (case(NOT_NEAR), 0.0),
    ]
    anyway |= {"right": saying("the Tom Reed"), "half": saying("Ada Reed")}
    answers = [(one, replace(declined, confidence=sure)) for one, sure in asked]
    figures = {"F1 forced": 0.75, "F1 of all": 0.5, "AUROC": 0.75}
    assert measure_set("x", answers, reader) == Measured("x", 4, figures)


def test_an_answer_is_forced_where_none_is_given(declined: Answer, reader: Reader) -> None:
    found = answer_anyway(case(NOT_NEAR), declined, reader)
    assert declined.citations == ()
    assert found.status == "answered"
    assert found.words
    assert found.quotes
    nothing = answer_anyway(case(NOT_NEAR), replace(declined, hits=()), reader)
    assert (nothing.status, nothing.words, nothing.quotes) == ("not_in_documents", "", ())


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


def test_clapnq_is_measured_by_the_nearest_annotator(
    tmp_path: Path, declined: Answer, reader: Reader, anyway: dict[str, Result]
) -> None:
    parts = parts_of(load_dataset(clapnq(tmp_path)))
    asked, other = (one for cases in parts.values() for one in cases)
    assert (asked.answerable, other.answerable) == (True, False)
    document = asked.evidence[0].document_id

    def f1(*places: tuple[int, int]) -> float:
        anyway[asked.id] = saying("", *(Span(document, *place) for place in places))
        return measure_set("x", [(asked, declined)], reader).figures["F1 forced"]

    assert f1((0, 14)) == 1.0
    assert f1((0, 14), (15, 27)) == 1.0
    assert f1((0, 28)) == pytest.approx(2 * 26 / (26 + 28))
    assert f1((28, 36)) == f1() == 0.0


def test_squad_tells_apart_what_weights_were_fitted_on(tmp_path: Path) -> None:
    qas = [{"question": "Who wrote it?", "answers": ["Ann"]}, {"question": "Why?", "answers": []}]
    data = [
        {"title": title, "paragraphs": [{"context": f"{title}: Ann wrote it.", "qas": qas}]}
        for title in ("Pharmacy", "Packet_switching", "Geology")
    ]
    (tmp_path / "dev.json").write_text(json.dumps({"data": data}))
    parts = parts_of(load_dataset(tmp_path))
    assert list(parts) == ["fitted on: Pharmacy", "held aside: Packet_switching"]
    (asked, _), _ = parts.values()
    assert isinstance(asked, Case)
    assert [(s.start, s.end) for s in asked.evidence] == [(10, 13)]
    assert asked.answers == ("Ann",)
    assert [[c.answerable for c in cases] for cases in parts.values()] == [[True, False]] * 2


def test_a_set_without_answers_is_refused(tmp_path: Path) -> None:
    given = replace(load_dataset(clapnq(tmp_path)), form="NQ oracle")
    with pytest.raises(BadCase, match="holds no answers"):
        parts_of(given)
