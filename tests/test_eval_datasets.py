import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

import pytest

from eval.datasets import Dataset, load_dataset
from eval.errors import BadCase


def lines(file: Path, rows: Sequence[Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n")


def squad(*paragraphs: tuple[str, list[dict[str, Any]]]) -> str:
    found = [{"context": text, "qas": qas} for text, qas in paragraphs]
    return json.dumps({"version": "2", "data": [{"title": "Birds", "paragraphs": found}]})


def asked(question: str, *answers: str, is_impossible: bool = False) -> dict[str, Any]:
    found = [{"text": answer, "answer_start": 0} for answer in answers]
    return {"question": question, "answers": found, "is_impossible": is_impossible}


def gold(dataset: Dataset) -> dict[str, set[str]]:
    """The texts of the gold documents of each question."""
    texts = {document.id: document.text for document in dataset.documents}
    return {question: {texts[id_] for id_ in of} for question, of in dataset.gold().items()}


def test_squad_has_gold_of_answerable_questions_and_distinct_texts(tmp_path: Path) -> None:
    first = squad(
        ("Owls hunt at night.", [asked("When?", "night"), asked("Why?")]),
        ("Larks sing.", [asked("Who?", "Larks"), asked("What?", "x", is_impossible=True)]),
    )
    (tmp_path / "a.json").write_text(first)
    (tmp_path / "b.json").write_text(squad(("Larks sing.", []), ("Wrens hide.", [])))
    found = load_dataset(tmp_path)
    assert found.form == "SQuAD"
    assert [d.text for d in found.documents] == [
        "Owls hunt at night.",
        "Larks sing.",
        "Wrens hide.",
    ]
    assert {d.title for d in found.documents} == {""}
    assert gold(found) == {"When?": {"Owls hunt at night."}, "Who?": {"Larks sing."}}
    assert [case.answerable for case in found.cases] == [True, False, True, False]
    assert found.cases[0].answers == ("night",)


def test_a_question_asked_of_several_documents_is_one(tmp_path: Path) -> None:
    text = squad(("Owls fly.", [asked("Who?", "Owls")]), ("Larks fly.", [asked("Who?", "Larks")]))
    (tmp_path / "a.json").write_text(text)
    assert gold(load_dataset(tmp_path)) == {"Who?": {"Owls fly.", "Larks fly."}}


def test_nq_oracle_keeps_titles(tmp_path: Path) -> None:
    context = {"title": "Owl", "text": "It hunts.", "isgold": True}
    lines(tmp_path / "nq.jsonl", [{"question": "who hunts", "answers": ["owl"], "ctxs": [context]}])
    found = load_dataset(tmp_path)
    assert (found.form, found.documents[0].title) == ("NQ oracle", "Owl")
    assert gold(found) == {"who hunts": {"It hunts."}}


def test_clapnq_asks_of_the_pool_of_both_and_keeps_annotators_apart(tmp_path: Path) -> None:
    texts = {"answerable": "It hunts. It flies.", "unanswerable": "It sings."}
    for name, text in texts.items():
        row = {"id": name, "input": f"{name}?", "passages": [{"title": "Owl", "text": text}]}
        chosen = [["It hunts."], ["It hunts.", "It flies."]] if name == "answerable" else [[]]
        lines(
            tmp_path / f"{name}.jsonl",
            [row | {"output": [{"selected_sentences": said} for said in chosen]}],
        )
    found = load_dataset(tmp_path)
    assert (found.form, len(found.documents)) == ("CLAPNQ", 2)
    assert gold(found) == {"answerable?": {"It hunts. It flies."}}
    assert [case.answerable for case in found.cases] == [True, False]
    parts = [[(s.start, s.end) for s in of] for of in found.cases[0].evidence_by_part()]
    assert parts == [[(0, 9)], [(0, 9), (10, 19)]]


def beir(folder: Path) -> None:
    texts = {"d1": "It hunts.", "d2": "It sings.", "d3": "It hunts."}
    lines(
        folder / "corpus.jsonl", [{"_id": i, "title": "Owl", "text": t} for i, t in texts.items()]
    )
    lines(folder / "queries.jsonl", [{"_id": "1", "text": "who hunts"}, {"_id": "2", "text": "no"}])
    (folder / "qrels").mkdir()
    rows = "query-id\tcorpus-id\tscore\n1\td3\t2\n1\td2\t1\n2\td1\t0\n"
    (folder / "qrels" / "test.tsv").write_text(rows)
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n2\td1\t1\n")


def test_beir_reads_grades_of_the_test_questions(tmp_path: Path) -> None:
    beir(tmp_path)
    found = load_dataset(tmp_path)
    ids = {document.text: document.id for document in found.documents}
    assert (found.form, len(ids)) == ("BEIR", 2)
    assert found.gold() == {"who hunts": {ids["It hunts."]: 2, ids["It sings."]: 1}}


def test_beir_without_test_questions_reads_the_others(tmp_path: Path) -> None:
    beir(tmp_path)
    (tmp_path / "qrels" / "test.tsv").unlink()
    assert gold(load_dataset(tmp_path)) == {"no": {"It hunts."}}


def test_beir_names_the_line_of_an_unknown_document(tmp_path: Path) -> None:
    beir(tmp_path)
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\td9\t1\n")
    with pytest.raises(BadCase, match=r"test\.tsv:2"):
        load_dataset(tmp_path)


def chroma(folder: Path, text: str, *references: tuple[str, int, int]) -> None:
    (folder / "owls.md").write_text(text)
    found = [{"content": c, "start_index": a, "end_index": b} for c, a, b in references]
    row = {"corpus": "owls", "question": "Where?", "references": found}
    lines(folder / "questions.jsonl", [row])


def test_chroma_spans_hold_the_same_words_where_nfc_moves_them(tmp_path: Path) -> None:
    text = "Se\u0301ne\u0301gal has owls.\nThe cafe\u0301 has none. "
    start = text.index("cafe")
    chroma(tmp_path, text, ("cafe\u0301 has", start, start + 9))
    found = load_dataset(tmp_path)
    (document,), (case,) = found.documents, found.cases
    (span,) = case.evidence
    assert is_normalized("NFC", document.text)
    assert document.text[span.start : span.end] == "caf\u00e9 has"
    assert span.start == start - 2
    assert found.gold() == {"Where?": {"owls": 1}}
    assert found.notes == ("0 of 1 gold spans had other words and were left out",)


def test_chroma_says_how_many_spans_were_off(tmp_path: Path) -> None:
    chroma(tmp_path, "Owls hunt.", ("Owls", 0, 4), ("hunt", 4, 8))
    found = load_dataset(tmp_path)
    assert len(found.cases[0].evidence) == 1
    assert found.notes == ("1 of 2 gold spans had other words and were left out",)


def test_chroma_without_its_text_is_refused(tmp_path: Path) -> None:
    chroma(tmp_path, "Owls hunt.", ("Owls", 0, 4))
    (tmp_path / "owls.md").unlink()
    with pytest.raises(BadCase, match=r"owls\.md is missing"):
        load_dataset(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("readme.txt", "", "no known question set"),
        ("a.json", "[1, 2]", r"a\.json is in no known form"),
        ("a.json", "{", r"a\.json is in no known form"),
        ("a.json", '{"data": [{}]}', r"no 'paragraphs'"),
        ("a.json", squad(("Owls.", [asked("Who?")])), "no question with an answer"),
        ("a.jsonl", '{"question": "Who?", "ctxs": []}\n{"question": 1}\n', r"a\.jsonl:2.*'ctxs'"),
        ("a.jsonl", '{"question": "Who?", "ctxs": ["Owls"]}', r"a\.jsonl:1.*other values"),
        ("questions.jsonl", '{"corpus": 1, "references": []}', r"questions\.jsonl:1"),
    ],
)
def test_a_wrong_folder_is_refused_in_one_sentence(
    name: str, text: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadCase, match=says) as caught:
        load_dataset(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match="no known question set"):
        load_dataset(tmp_path / "none")


def test_public_sets_are_read_whole(test_data: Path) -> None:
    found = {
        name: load_dataset(test_data / "data" / name)
        for name in ("chroma", "clapnq", "nq_oracle", "squad2")
        if (test_data / "data" / name).is_dir()
    }
    if not found:
        pytest.skip("FOOTNOTE_TEST_DATA holds no question set")
    for dataset in found.values():
        ids = {document.id for document in dataset.documents}
        assert all(span.document_id in ids for case in dataset.cases for span in case.evidence)
        texts = {document.text for document in dataset.documents}
        assert len(texts) == len(ids)
    if "chroma" in found:
        assert found["chroma"].notes[0].startswith("0 of ")
