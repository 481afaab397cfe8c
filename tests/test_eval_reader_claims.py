from pathlib import Path
from random import Random

import pytest
from test_eval_reader_examples import write_sets

from eval.reader_claims import CARRIED, CHANGES, WRONG, make_claims, reword, shorten, spoil, state
from eval.reader_examples import Example, read_squad

TEXT = (
    "On 4 March, Ada Finch said the bridge of Millbrook was not ready, while Tom Reed denied it. "
    "The first of its 12 arches was built before the flood."
)
NAMES = ["Zeno Pratt", "Umbria", "Kestrel"]


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Who built the old mill?", "ada Finch", "Ada Finch built the old mill."),
        ("Which town has two mills?", "Ostley", "Ostley has two mills."),
        ("What did Ada build there?", "a mill", None),
        ("When was the mill built?", "1801", None),
        ("Who was she married to?", "Tom", None),
        ("Who left?", "Tom", None),
        ("Who built the old mill?", "x" * 61, None),
    ],
)
def test_a_question_for_its_subject_becomes_a_statement(
    question: str, answer: str, statement: str | None
) -> None:
    assert state(question, answer) == statement


@pytest.mark.parametrize(
    ("sentence", "shorter"),
    [
        ("In the spring, the mill of Ostley burnt down.", "The mill of Ostley burnt down."),
        ("The mill of Ostley, an old one, burnt down.", "The mill of Ostley burnt down."),
        ("The mill of Ostley has burnt down, which all saw.", "The mill of Ostley has burnt down."),
        ("In the spring, it did not burn at all in Ostley.", None),
        ("Hens lay eggs.", None),
    ],
)
def test_what_is_left_of_a_sentence_is_still_said(sentence: str, shorter: str | None) -> None:
    assert shorten(sentence, Random(0)) == shorter


def test_other_words_are_other_words() -> None:
    sentence = "The town bought nearly three mills on 4 March."
    said = {reword(sentence, Random(seed)) for seed in range(20)}
    assert all(text and text != sentence and text.endswith("on March 4.") for text in said)
    assert any("purchased almost" in text for text in said if text)
    assert reword("Hens lay eggs.", Random(0)) is None


@pytest.mark.parametrize("kind", CHANGES)
def test_every_kind_of_wrong_statement_differs(kind: str) -> None:
    first, second = TEXT[:91], TEXT[92:]
    for seed in range(20):
        wrong = [
            text
            for said in (first, second)
            for text in CHANGES[kind](said, TEXT, NAMES, Random(seed))
        ]
        assert wrong
        assert not {first, second} & set(wrong)


def test_a_spoilt_statement_says_how_it_was_spoilt() -> None:
    claim = Example(question=TEXT[:91], text=TEXT, kind=f"{CARRIED}: same")
    spoilt = [spoil(claim, NAMES, Random(seed)) for seed in range(60)]
    kinds = {wrong.kind.removeprefix(f"{WRONG}: ") for wrong in spoilt if wrong}
    assert kinds == {*CHANGES}
    hens = Example(question="Hens lay eggs.", text="Hens lay eggs.", kind=CARRIED)
    assert spoil(hens, NAMES, Random(0)) is None


def test_claims_come_in_both_sorts_and_by_seed_the_same(tmp_path: Path) -> None:
    examples = read_squad(write_sets(tmp_path), aside=False)
    claims = [c for seed in range(40) for c in make_claims(examples, Random(seed), 10)]
    assert claims[: len(make_claims(examples, Random(0), 10))] == make_claims(
        examples, Random(0), 10
    )
    kinds = {claim.kind for claim in claims}
    assert {f"{CARRIED}: {kind}" for kind in ("question", "shortened", "same")} <= kinds
    assert {f"{WRONG}: {kind}" for kind in ("answer", "added", "unsaid", "name")} <= kinds
    carried = {(c.question, c.text) for c in claims if c.kind == f"{CARRIED}: same"}
    assert all(statement in text for statement, text in carried)
    assert all(claim.start == claim.end == -1 for claim in claims)
