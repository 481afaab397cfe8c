import shutil
from random import Random

import pytest

from eval.errors import BadCase
from eval.reader_examples import Example
from eval.spanish import in_spanish, translate

QUESTIONS = ["Who built the bridge?", "How many people\nlived  in Larkford in 1801?"]
installed = pytest.mark.skipif(shutil.which("apertium") is None, reason="Apertium is missing")


@installed
def test_each_question_has_its_line() -> None:
    assert translate([]) == []
    built, lived = translate(QUESTIONS)
    assert "puente" in built
    assert "Larkford" in lived
    assert "1801" in lived


@installed
def test_texts_and_answers_stay() -> None:
    examples = [
        Example(question=QUESTIONS[0], text="Ada built it.", kind="x", start=0, end=3)
        for _ in range(40)
    ]
    spanish = in_spanish(examples, Random(0))
    assert {(one.text, one.start, one.end) for one in spanish} == {("Ada built it.", 0, 3)}
    assert {one.question.startswith("¿") for one in spanish} == {True, False}
    assert in_spanish(examples, Random(0)) == spanish


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadCase, match="install the packages apertium and apertium-eng-spa"):
        translate(QUESTIONS)
