import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from eval.edits import EDITS, Claim, names_in
from eval.errors import BadCase
from eval.reader_claims import LEARNED_DOMAINS, make_claims, read_summedits, state
from eval.reader_examples import Example
from eval.reword import reword, shorten

SENTENCE = "In May 1871 the engineer Ada Finch opened the iron bridge of Larkford, 212 metres long."
CLAIM = Claim(said=SENTENCE, text=f"It rained. {SENTENCE}", sentence=SENTENCE)
STRANGERS = ["Tom Reed", "Skerry Point"]


@pytest.fixture
def summedits(tmp_path: Path) -> Path:
    folder = tmp_path / "summedits"
    folder.mkdir()
    old = "The bridge is long and old. The keeper rescued nine sailors."
    rows = [
        {"label": 1, "original_summary": old, "summary": old.replace("nine", "9")},
        {"label": 0, "original_summary": old, "summary": old.replace("nine", "two")},
        {"label": 0, "original_summary": old, "summary": "A bridge is new. A keeper drowned."},
    ]
    for domain in LEARNED_DOMAINS:
        (folder / f"{domain}.json").write_text(json.dumps(rows))
    return tmp_path


def _examples() -> list[Example]:
    names = ["Ada Finch", "Tom Reed", "Eva Stone", "Leo Marsh", "Ida Frost", "Max Bell"]
    return [
        Example(
            question=f"Who did not visit Harwick in {1900 + i}?",
            text=f"The report of {year} is long and dull. {name} did not visit Harwick in {year}, "
            f"because {other} had closed the market. No one was there in March {year}.",
            kind="test",
            start=len(f"The report of {year} is long and dull. "),
            end=len(f"The report of {year} is long and dull. {name}"),
        )
        for i in range(60)
        for year, name, other in [(1900 + i, names[i % 6], names[(i + 1) % 6])]
    ]


@pytest.mark.parametrize("kind", EDITS)
def test_each_edit_changes_the_claim_and_its_sentence_alike(kind: str) -> None:
    claim = CLAIM
    if kind in {"negation", "opposite"}:
        said = "The old bridge was opened by Ada Finch."
        claim = Claim(said=said, text=said, sentence=said)
    edit = EDITS[kind](claim, STRANGERS, Random(1))
    assert edit is not None
    assert edit(claim.said) != claim.said
    assert edit(claim.said) == edit(claim.sentence)


def test_no_word_gives_away_what_is_carried(summedits: Path) -> None:
    claims = make_claims(_examples(), summedits, Random(2), 4_000)
    for word in (" not ", ", and ", "because"):
        labels = [claim.start >= 0 for claim in claims if word in claim.question]
        assert len(labels) > 50, word
        assert 0.3 < sum(labels) / len(labels) < 0.75, word
    kinds = Counter(claim.kind for claim in claims)
    assert {"carried", "wrong: unsaid", "wrong: name", "wrong: negation"} <= kinds.keys()


def test_what_is_carried_is_where_it_says(summedits: Path) -> None:
    for claim in make_claims(_examples(), summedits, Random(3), 500):
        assert (claim.start >= 0) == (claim.kind == "carried")
        assert 0 <= claim.end - claim.start < len(claim.text) + 1


def test_edited_summaries_tell_of_a_sentence_if_one_was_edited(summedits: Path) -> None:
    found = list(read_summedits(summedits, LEARNED_DOMAINS[:1]))
    assert [(e.question, e.kind) for e in found] == [
        ("The keeper rescued 9 sailors.", "carried"),
        ("The keeper rescued two sailors.", "wrong: edited"),
    ]


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match="sales_call"):
        list(read_summedits(tmp_path, LEARNED_DOMAINS))


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        (
            "Who opened the bridge of Larkford?",
            "Ada Finch",
            "Ada Finch opened the bridge of Larkford.",
        ),
        (
            "When was the bridge of Larkford opened?",
            "1871",
            "The bridge of Larkford was opened in 1871.",
        ),
        ("When did Ada Finch open it?", "in May", "Ada Finch did open it in May."),
        ("What year did the war end?", "1990", None),
        ("Why is it so?", "because", None),
    ],
)
def test_a_question_with_its_answer_is_a_statement(
    question: str, answer: str, said: str | None
) -> None:
    assert state(question, answer) == said


def test_names_are_found_without_what_opens_a_sentence() -> None:
    assert names_in("In March the keeper Ida Frost saw Harwick. The town of Larkford slept.") == [
        "Ida Frost",
        "Harwick",
        "Larkford",
    ]


def test_rewording_changes_words_and_keeps_numbers_and_names() -> None:
    said = reword("Ada Finch said the large bridge was located near Larkford in 1871.", Random(1))
    assert said
    assert {"Ada", "Finch", "Larkford"} <= set(said.split())
    assert "1871" in said


def test_what_is_unsure_is_not_shortened() -> None:
    assert shorten("Ada Finch, who was an engineer, opened the bridge.", Random(1)) == (
        "Ada Finch opened the bridge."
    )
    assert shorten("Ada Finch, who was an engineer, allegedly opened it.", Random(1)) is None
