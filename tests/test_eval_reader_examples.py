import json
from pathlib import Path
from random import Random

import pytest

from eval.errors import BadCase
from eval.reader_claims import LEARNED_DOMAINS
from eval.reader_examples import ASIDE, CROPPED, Example, crop, locate, read_squad, read_training

TOWNS = ("Millbrook", "Harwick", "Ostley", "Dunmere", "Felsham", "Quarrow")
BUILDERS = ("Ada Finch", "Tom Reed", "Eva Stone", "Max Bell", "Ida Frost", "Leo Marsh")
PAPER = (
    "A paper on ducks. Its sample was small. We found that wet feet do them no harm. More follows."
)


def write_sets(folder: Path) -> Path:
    """A few sentences of our own in each set's layout."""
    articles = []
    for number, (town, builder) in enumerate(zip(TOWNS, BUILDERS, strict=True)):
        year = 1801 + 11 * number
        asked = [
            (f"Who built the first bridge in {town} in {year}?", [builder, builder, "the builder"]),
            (f"What crosses the river near {town} today?", ["A railway"]),
            (f"Who burnt the mill of {town}?", []),
        ]
        text = (
            f"The town of {town} lies north of Larkford. In {year}, {builder} built the first "
            f"bridge in {town}, after a flood. A railway crosses the river near {town} today."
        )
        qas = [{"question": question, "answers": answers} for question, answers in asked]
        title = "Pharmacy" if number % 2 else town
        articles.append({"title": title, "paragraphs": [{"context": text, "qas": qas}]})
    _write(folder / "squad2" / "dev.json", {"data": articles})
    context = {"title": "Owls", "text": "Barn owls hunt voles at night over the fields of Norfolk."}
    row = {"question": "what do barn owls hunt", "answers": ["voles", "field mice"]}
    other = {"question": "where do herons nest", "answers": ["in trees"]}
    herons = {"title": "Herons", "text": "Herons nest in trees. Owls and herons hunt field mice."}
    _write(
        folder / "nq_oracle" / "nq-open-oracle.jsonl",
        {**row, "ctxs": [context]},
        {**other, "ctxs": [herons]},
    )
    sentence = "`` Come in -LRB- now -RRB- , '' said Mary , who did n't wait ."
    said = {"question": "Who said it?", "sentence": sentence, "answer_tokens": [9]}
    asked_in = {"question": "What did she say?", "sentence": sentence, "answer_tokens": [1, 2]}
    _write(folder / "qamr" / "qa.jsonl", said, asked_in)
    harm = {"text": " wet feet do them no harm", "answer_start": PAPER.index("wet")}
    ducks = {"question": "What of wet feet?", "answers": [harm]}
    _write(
        folder / "covidqa" / "covidqa.json",
        {"data": [{"paragraphs": [{"context": PAPER, "qas": [ducks]}]}]},
    )
    policy = "We keep your name for a year. You may ask us to delete it."
    kept = {"question": "How long?", "answers": [{"text": "a year", "answer_start": 22}]}
    for name in ("dev.json", "test.json"):
        paragraphs = [{"context": policy, "qas": [kept]}]
        _write(folder / "policyqa" / name, {"data": [{"title": "x", "paragraphs": paragraphs}]})
    edited = {"label": 1, "original_summary": "It rained a lot.", "summary": "It poured a lot."}
    for domain in LEARNED_DOMAINS:
        (folder / "summedits").mkdir(exist_ok=True)
        (folder / "summedits" / f"{domain}.json").write_text(json.dumps([edited]))
    return folder


def _write(file: Path, *rows: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")


def answers(examples: list[Example]) -> list[str]:
    return [e.text[e.start : e.end] for e in examples if e.start >= 0]


def test_every_answer_stands_at_its_offsets(tmp_path: Path) -> None:
    sets = read_training(write_sets(tmp_path), seed=0)
    assert set(answers(sets["squad2"])) == {"Ada Finch", "Eva Stone", "Ida Frost", "A railway"}
    assert answers(sets["nq_oracle"]) == ["voles", "in trees"]
    assert answers(sets["qamr"]) == ["Mary", "Come in"]
    assert answers(sets["covidqa"]) == ["wet feet do them no harm"]
    assert answers(sets["policyqa"]) == ["a year", "a year"]


def test_tokens_become_prose(tmp_path: Path) -> None:
    example = read_training(write_sets(tmp_path), seed=0)["qamr"][0]
    assert example.text == '"Come in (now)," said Mary, who didn\'t wait.'


def test_articles_held_aside_are_read_apart(tmp_path: Path) -> None:
    data = write_sets(tmp_path)
    aside = {example.text for example in read_squad(data, ASIDE.__contains__)}
    other = {example.text for example in read_squad(data, lambda title: title not in ASIDE)}
    assert len(aside) == len(other) == 3
    assert not aside & other
    assert len([e for e in read_squad(data, ASIDE.__contains__) if e.kind == "unanswerable"]) == 3


def test_what_is_made_unanswerable_differs_from_what_it_was_made_of(tmp_path: Path) -> None:
    data = write_sets(tmp_path)
    made = [e for seed in range(9) for e in read_training(data, seed=seed)["unanswerable"]]
    sets = [e for seed in range(9) for s in read_training(data, seed=seed).values() for e in s]
    asked = {(e.question, e.text): e for e in sets if e.start >= 0}
    assert {example.kind for example in made} == {"mined", "twisted", "moved"}
    for example in made:
        assert (example.start, example.end) == (-1, -1)
        assert (example.question, example.text) not in asked
        if example.kind == "mined":
            accepted = [
                a for (q, _), e in asked.items() if q == example.question for a in e.answers
            ]
            assert accepted
            assert not any(answer.lower() in example.text.lower() for answer in accepted)


def test_a_seed_gives_the_same_examples_again(tmp_path: Path) -> None:
    data = write_sets(tmp_path)
    assert read_training(data, seed=3) == read_training(data, seed=3)
    assert read_training(data, seed=3) != read_training(data, seed=4)


@pytest.mark.parametrize(
    ("text", "accepted", "question", "start"),
    [
        ("Ann met Bo. Later Ann wed Cy.", ["Ann"], "Who wed Cy?", 0),  # near both: the first
        ("May left. " + "x " * 99 + "May won the cup.", ["May"], "Who won the cup?", 208),
        ("A cartwright's cart.", ["cart"], "What?", 15),  # whole words only
        ("No such word.", ["word?"], "What?", None),
        ("Empty.", ["", " "], "What?", None),
    ],
)
def test_an_answer_is_located_by_what_stands_near(
    text: str, accepted: list[str], question: str, start: int | None
) -> None:
    place = locate(text, accepted, question)
    assert (place and place.start()) == start


@pytest.mark.parametrize("answer", ["Zoe", None])
def test_a_crop_is_short_and_keeps_what_matters(answer: str | None) -> None:
    filler = "The weather was dull and nothing of note was seen by anyone. "
    text = filler * 9 + "Zoe found the lost ring in the garden. " + filler * 9
    start = text.index(answer) if answer else -1
    end = start + len(answer) if answer else -1
    whole = Example(question="Who found the ring?", text=text, kind="x", start=start, end=end)
    for seed in range(5):
        cropped = crop(whole, Random(seed))
        assert len(cropped.text) <= CROPPED
        assert "Zoe found the lost ring in the garden." in cropped.text
        assert cropped.text in text
        assert cropped.text[cropped.start : cropped.end] == (answer or "")


@pytest.mark.parametrize("broken", [None, "{", '{"rows": []}'])
def test_a_set_that_is_missing_or_broken_is_named(tmp_path: Path, broken: str | None) -> None:
    file = write_sets(tmp_path) / "covidqa" / "covidqa.json"
    file.unlink()
    if broken is not None:
        file.write_text(broken)
    with pytest.raises(BadCase, match=r"covidqa\.json is missing or cannot be read; .*\.$"):
        read_training(tmp_path, seed=0)
