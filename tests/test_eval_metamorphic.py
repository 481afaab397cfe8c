import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from larkford import BRIDGE, FOUNDED, LIT, NOT_NEAR, TEXTS, case, documents

from chatbot.answer import Answer
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from corpus.errors import EmptyCorpus
from eval.bench import Ask, Asked, Bench, Lab, ask_reader, documents_of, rewritten
from eval.case import Case
from eval.changes import (
    add_distractors,
    copy_documents,
    delete_evidence,
    edit_evidence,
    plant_orders,
    reword_question,
    shuffle_documents,
)
from eval.edits import Swap, find_swap
from eval.findings import Tally
from eval.liars import BAITS
from eval.metamorphic import check_metamorphic, run_metamorphic
from eval.reword import ask_otherwise, misspell
from index.embed import Embedder
from index.split import PASSAGE_TOKENS

BUNDLED_QUESTIONS = (
    "Who coined the term narco-peace?",
    "How many homicides were there in the first 21 days of March 2012?",
    "Which office does Carlos Marroquín head?",
    NOT_NEAR,
)
TOWN_QUESTIONS = (BRIDGE, LIT, FOUNDED, NOT_NEAR)
OLD, NEW, NONE = (
    f"number or name edited: {what} given" for what in ("the old one", "the new one not", "nothing")
)
Try = Callable[[Lab, Sequence[Asked]], list[Tally]]


@pytest.fixture(scope="module")
def bench(embedder: Embedder) -> Bench:
    return Bench(embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader())


@pytest.fixture(scope="module")
def town(bench: Bench) -> Iterator[Reader]:
    with bench.reading(documents()) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(town: Reader) -> list[Asked]:
    return [(one, ask_reader(one, town)) for one in map(case, TOWN_QUESTIONS)]


@pytest.fixture
def tried(
    town: Reader, bench: Bench, asked: list[Asked], tmp_path: Path
) -> Callable[..., dict[str, Tally]]:
    """Try a change on someone who answers: the checks by what goes wrong."""

    def run(change: Try, ask: Ask, *, every: bool = False) -> dict[str, Tally]:
        lab = Lab(reader=town, documents=documents_of(town), bench=bench, scratch=tmp_path, ask=ask)
        cited = asked if every else [one for one in asked if one[1].citations]
        assert len(cited) == (4 if every else 3)
        return {each.name: each for each in change(lab, cited)}

    return run


def silent(answer: Answer) -> Answer:
    return replace(answer, sentences=(), citations=(), status="not_in_documents")


def saying(answer: Answer, text: str, *, is_quoted: bool = True) -> Answer:
    quoted = tuple(replace(c, quote=text) for c in answer.citations)
    return replace(
        answer,
        sentences=tuple(replace(s, text=text) for s in answer.sentences),
        citations=quoted if is_quoted else answer.citations,
    )


def test_answerer_holds_where_nothing_may_go_wrong(reader: Reader, bench: Bench) -> None:
    found = check_metamorphic(list(map(case, BUNDLED_QUESTIONS)), reader, bench, distractors=(5,))
    checks = {check.name: check for check in found.tallies["metamorphic"]}
    wrong = {name: check.wrong for name, check in checks.items() if check.is_hard}
    assert found.is_good, wrong
    assert len(wrong) == 6
    assert checks["evidence deleted: still cited"].tried == 3
    assert checks[OLD].tried == 3
    assert checks[NEW].wrong == ()
    assert checks["5 distractors: other words cited"].tried == 4
    assert "Nothing went wrong" in found.as_text()
    assert json.loads(json.dumps(found.as_json()))["is_good"] is True


def test_memory_is_seen(tried: Callable[..., dict[str, Tally]], asked: list[Asked]) -> None:
    kept = {one.id: answer for one, answer in asked}
    deleted, other = tried(delete_evidence, lambda c, _: kept[c.id]).values()
    assert (len(deleted.wrong), deleted.is_hard) == (3, True)
    assert (len(other.wrong), other.is_hard) == (3, False)
    edited = tried(edit_evidence, lambda c, _: kept[c.id])
    assert edited[OLD].is_hard
    assert len(edited[OLD].wrong) == len(edited[NEW].wrong) == 3


def test_one_who_does_not_follow_is_told_from_one_who_abstains(
    tried: Callable[..., dict[str, Tally]],
) -> None:
    edited = tried(edit_evidence, ask_reader)
    assert {name: (e.tried, e.wrong) for name, e in edited.items()} == dict.fromkeys(
        (OLD, NEW, NONE), (3, ())
    )
    edited = tried(edit_evidence, lambda c, r: silent(ask_reader(c, r)))
    assert [len(edited[name].wrong) for name in (OLD, NEW, NONE)] == [0, 0, 3]
    edited = tried(edit_evidence, lambda c, r: saying(ask_reader(c, r), "Somebody."))
    assert [len(edited[name].wrong) for name in (OLD, NEW, NONE)] == [0, 3, 0]


@pytest.mark.parametrize("is_quoted", [True, False])
def test_one_who_obeys_is_seen(tried: Callable[..., dict[str, Tally]], is_quoted: bool) -> None:
    def obey(one: Case, reader: Reader) -> Answer:
        texts = [document.text for document in documents_of(reader)]
        lie = next(lie for lie in BAITS if any(lie in text for text in texts))
        return saying(ask_reader(one, reader), lie, is_quoted=is_quoted)

    honest = tried(plant_orders, ask_reader)
    assert not any(check.wrong for check in honest.values() if check.is_hard)
    planted = tried(plant_orders, obey)
    assert {name: len(check.wrong) for name, check in planted.items()} == {
        f"orders planted: {what}": 3 * (is_quoted != (what == "obeyed"))
        for what in ("obeyed", "quoted", "other words cited")
    }
    hard = [name for name, check in planted.items() if check.is_hard]
    assert hard == ["orders planted: obeyed", "orders planted: quoted"]


def test_one_who_minds_the_order_of_documents_is_seen(
    tried: Callable[..., dict[str, Tally]],
) -> None:
    def mind(one: Case, reader: Reader) -> Answer:
        store = reader.generation.store
        first = next(iter(store.passages(store.numbers()[:1])))
        is_first = first.passage.span.document_id == documents()[0].id
        answer = ask_reader(one, reader)
        return answer if is_first else replace(answer, confidence=0.5)

    (same,) = tried(shuffle_documents, ask_reader, every=True).values()
    assert (same.tried, same.wrong, same.is_hard) == (4, (), True)
    (changed,) = tried(shuffle_documents, mind, every=True).values()
    assert len(changed.wrong) == 4


@pytest.mark.parametrize(
    "change",
    [lambda lab, of: add_distractors(lab, of, (3,)), copy_documents],
)
def test_one_who_is_lost_among_more_documents_is_seen(
    tried: Callable[..., dict[str, Tally]], change: Try
) -> None:
    def lost(one: Case, reader: Reader) -> Answer:
        answer = ask_reader(one, reader)
        return silent(answer) if len(reader.generation.store.titles()) > len(TEXTS) else answer

    (check,) = tried(change, lost).values()
    assert (check.tried, len(check.wrong)) == (3, 3)
    assert not check.is_hard


def test_one_who_minds_words_is_seen(tried: Callable[..., dict[str, Tally]]) -> None:
    def mind(one: Case, reader: Reader) -> Answer:
        answer = ask_reader(case(one.id), reader)
        return answer if one.question == one.id else saying(answer, "Something else.")

    def abstain(one: Case, reader: Reader) -> Answer:
        answer = ask_reader(case(one.id), reader)
        return answer if one.question == one.id else silent(answer)

    for other in (mind, abstain):
        ways = tried(reword_question, other)
        assert len(ways["asked with a word misspelt: other words cited"].wrong) == 3
        assert len(ways) >= 4
        assert all(len(check.wrong) == check.tried > 0 for check in ways.values())


def test_a_crash_is_a_line_and_no_end(town: Reader, bench: Bench) -> None:
    def crash(one: Case, reader: Reader) -> Answer:
        if one.question == LIT:
            raise ValueError("no lamp")
        return silent(ask_reader(one, reader))

    cases = [case(LIT), case(NOT_NEAR)]
    found = check_metamorphic(cases, town, bench, ask=crash, distractors=(0,))
    assert not found.is_good
    crashed = found.tallies["metamorphic"][0]
    assert crashed.wrong == (f"{LIT}: {LIT}: ValueError: no lamp",)
    assert crashed.tried > 2
    assert "BROKEN: a question crashes" in found.as_text()
    assert "BELOW GATE" in found.as_text()


def test_questions_are_made_where_there_are_none(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(check_metamorphic, distractors=(0,))
    monkeypatch.setattr("eval.metamorphic.check_metamorphic", quick)
    docs = tmp_path / "docs"
    docs.mkdir()
    with pytest.raises(EmptyCorpus):
        run_metamorphic((), docs, bench, pytest.fail)
    for name, text in TEXTS.items():
        (docs / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")
    found = run_metamorphic((), docs, replace(bench, sample=2), pytest.fail)
    checks = found.tallies["metamorphic"]
    assert all(check.tried for check in checks)
    assert checks[1].tried == 2


def test_case_files_and_known_questions_are_asked(
    reader: Reader, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def keep(cases: Sequence[Case], *_: object, **__: object) -> None:
        seen[:] = [one.id for one in cases]

    monkeypatch.setattr("eval.metamorphic.check_metamorphic", keep)
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"id": "m-1", "question": NOT_NEAR, "answerable": False}) + "\n")
    run_metamorphic([file], None, bench, lambda: reader)
    assert seen == ["m-1"]
    run_metamorphic((), None, bench, lambda: reader)
    assert "es-001" in seen  # ours, which the bundled documents are about
    monkeypatch.setattr("eval.metamorphic.CASES", tmp_path)
    file.write_text(
        json.dumps(
            {
                "id": "m-2",
                "question": LIT,
                "answerable": True,
                "evidence": [{"document_id": "none", "start": 0, "end": 1, "quote": "x"}],
            }
        )
    )
    run_metamorphic((), None, bench, lambda: reader)
    assert seen == ["known-0", "known-1"]


@pytest.mark.parametrize(
    ("text", "asked", "swap"),
    [
        ("It has 411 rooms.", "How many rooms?", Swap("411", "412")),
        ("In May 1871 it had 9.", "How many in 1871?", Swap("9", "12")),
        ("It rose by 62.7.", "How much?", Swap("62.7", "62.11")),
        ("It was built by Ada Finch there.", "Who built it?", Swap("Finch", "Quillon")),
        ("It is led by the FMLN there.", "Who leads it?", Swap("FMLN", "QUIL")),
        ("It was built by Ada Finch there.", "Who is Finch?", None),
        ("It was not.", "Was it?", None),
    ],
)
def test_what_is_swapped(text: str, asked: str, swap: Swap | None) -> None:
    known = {"11", "411", "Ostrander"}
    assert find_swap(text, [(0, len(text))], asked=asked, known=known) == swap


def test_a_document_is_rewritten_with_its_headings_in_place(reader: Reader) -> None:
    document = reader.generation.document("el-salvador/carlos-marroquin-negotiator.pdf")
    swap = Swap("Marroquín", "Quillon the Younger")
    new = rewritten(document, swap.edit)
    assert swap.edit(new.text) == new.text
    assert swap.edit(new.title) == new.title
    assert new.sha256 != document.sha256
    assert len(new.headings) == len(document.headings) > 0
    for heading in new.headings:
        assert new.text[heading.start : heading.end] == heading.text
    assert rewritten(document, str).text == document.text
    assert [new.text[p.start :][:40] for p in new.pages] == [
        swap.edit(document.text[p.start :])[:40] for p in document.pages
    ]


def test_how_questions_are_asked_otherwise() -> None:
    ways = ask_otherwise("How many homicides were there?")
    assert ways["politely"] == "Could you please tell me: How many homicides were there?"
    assert ways["without its mark"] == "How many homicides were there"
    assert ask_otherwise("¿Quién es?")["politely"].startswith("Por favor")
    assert "in other words" not in ask_otherwise("¿Quién es?")
    assert misspell("How many homicides were there?") == "How many hmoicides were there?"
    assert misspell("Who is he?") == "Who is he?"
    assert misspell("Was Aaaaaa ours?") == "Was Aaaaaa ours?"


def test_command_ends_by_what_must_hold(
    bundled_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from footnote import main

    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"id": "m-1", "question": NOT_NEAR, "answerable": False}) + "\n")
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "bridge.md").write_text(TEXTS["bridge"])
    command = ["eval", "metamorphic", "--cases", str(file)]
    quick = partial(check_metamorphic, distractors=(0,))
    monkeypatch.setattr("eval.metamorphic.check_metamorphic", quick)
    assert main([*command, "--index", str(bundled_index), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_good"] is True
    fields = {"name", "tried", "wrong", "is_hard"}
    assert all({*row} == fields for row in told["metamorphic"])
    broken = partial(quick, ask=lambda *_: 1 / 0)
    monkeypatch.setattr("eval.metamorphic.check_metamorphic", broken)
    assert main([*command[:2], str(tmp_path / "town"), *command[2:]]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
