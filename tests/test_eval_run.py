from math import isnan, nan, sqrt

import pytest

from chatbot.answer import Answer
from chatbot.ask import Reader, answer_question
from corpus.document import Document
from eval.case import Case
from eval.metrics import WORST
from eval.run import Row, Summary, below_gates, run_cases, summarise


def _case(id_: str = "c", question: str = "How tall is Mount Everest?") -> Case:
    return Case(id=id_, question=question, answerable=False, evidence=())


def _rows(**values: list[float]) -> list[Row]:
    return [
        Row(
            case=_case(str(number)),
            answer=None,
            scores=dict(zip(values, column, strict=True)),
        )
        for number, column in enumerate(zip(*values.values(), strict=True))
    ]


def _no_document(document_id: str) -> Document:
    raise AssertionError(document_id)


def test_mean_and_standard_error_are_those_of_the_textbook() -> None:
    (summary,) = summarise(_rows(hit=[1.0, 0.0, 1.0, 1.0]))
    assert summary.count == 4
    assert summary.mean == 0.75
    assert summary.standard_error == pytest.approx(0.5 / sqrt(4))


def test_nan_is_kept_out() -> None:
    (summary,) = summarise(_rows(hit=[1.0, nan, 0.0]))
    assert (summary.count, summary.mean) == (2, 0.5)


def test_metric_without_a_value_has_no_mean() -> None:
    (summary,) = summarise(_rows(hit=[nan, nan]))
    assert summary.count == 0
    assert isnan(summary.mean)


def test_one_value_has_no_standard_error() -> None:
    assert summarise(_rows(hit=[1.0]))[0].standard_error == 0.0


def test_metrics_keep_their_order() -> None:
    names = [summary.metric for summary in summarise(_rows(b=[1.0], a=[0.0]))]
    assert names == ["b", "a"]
    assert summarise([]) == []


def _summary(metric: str, mean: float) -> Summary:
    return Summary(metric=metric, count=1, mean=mean, standard_error=0.0)


@pytest.mark.parametrize(("mean", "missed"), [(0.9, False), (0.8999, True), (1.0, False)])
def test_gate_is_met_at_its_value(mean: float, missed: bool) -> None:
    assert bool(below_gates([_summary("hit", mean)], {"hit": 0.9})) is missed


def test_gate_without_a_score_is_missed() -> None:
    assert len(below_gates([_summary("hit", nan)], {"hit": 0.0, "none": 0.0})) == 2


def test_missed_gate_is_a_sentence_with_both_numbers() -> None:
    (said,) = below_gates([_summary("hit", 0.25)], {"hit": 0.5})
    assert said == "hit is 0.250, below its gate of 0.5"


def test_metric_without_a_gate_fails_nothing() -> None:
    assert below_gates([_summary("hit", 0.0)], {}) == []


def test_crash_is_a_row_with_the_worst_scores_and_the_rest_runs(reader: Reader) -> None:
    def ask(case: Case) -> Answer:
        if case.id == "bad":
            raise ZeroDivisionError("no luck")
        return answer_question(case.question, reader=reader)

    rows = list(run_cases([_case("bad"), _case("good")], ask=ask, read_document=_no_document))
    assert [row.case.id for row in rows] == ["bad", "good"]
    assert rows[0].answer is None
    assert rows[0].error == "ZeroDivisionError: no luck"
    assert rows[0].scores == WORST
    assert rows[1].answer is not None
    assert rows[1].error == ""


def test_crash_in_scoring_is_a_row_too(reader: Reader) -> None:
    case = _case("c", "Who coined the term narco-peace?")
    rows = list(
        run_cases(
            [case],
            ask=lambda case: answer_question(case.question, reader=reader),
            read_document=_no_document,
        )
    )
    assert rows[0].error
