import json
from pathlib import Path
from typing import Any

import pytest

from chatbot.reading import Reader
from eval.command import read_gates
from eval.errors import BadCase
from eval.parts import load_parts

DOCUMENT = "brazil/why-murders-fell.txt"
CASE: dict[str, Any] = {"id": "a", "question": "How tall is Mount Everest?", "answerable": False}


def _file(folder: Path, *lines: dict[str, Any], name: str = "mine.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("\ufeff" + "\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return file


def _gold(start: int, end: int, quote: str = "x", document: str = DOCUMENT) -> dict[str, Any]:
    span = {"document_id": document, "start": start, "end": end, "quote": quote}
    return CASE | {"answerable": True, "evidence": [span]}


def test_each_file_is_a_part(tmp_path: Path, reader: Reader) -> None:
    text = reader.generation.document(DOCUMENT).text
    one = _file(tmp_path, _gold(0, 5, text[:5]))
    two = _file(tmp_path, CASE | {"id": "b"}, name="others.jsonl")
    parts = load_parts([one, two], reader.generation)
    assert [[case.id for case in cases] for cases in parts.values()] == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (_gold(999_990, 999_999), "other words at its span"),
        (_gold(0, 5, "WRONG"), "other words at its span"),
        (_gold(10, 5, ""), "other words at its span"),
        (_gold(0, 5, document="none.md"), "not in the index"),
        (CASE | {"answerable": True}, "an answerable case has evidence"),
        (CASE | {"color": 1}, "footnote eval schema"),
    ],
)
def test_gold_that_the_documents_do_not_bear_out_is_refused(
    line: dict[str, Any], says: str, tmp_path: Path, reader: Reader
) -> None:
    with pytest.raises(BadCase, match=says):
        load_parts([_file(tmp_path, line)], reader.generation)


def test_what_would_mix_parts_is_refused(tmp_path: Path, reader: Reader) -> None:
    mine, other = _file(tmp_path, CASE), _file(tmp_path, CASE, name="other.jsonl")
    twin, every = _file(tmp_path / "2", CASE), _file(tmp_path, CASE, name="all.jsonl")
    with pytest.raises(BadCase, match="the id 'a' is used in"):
        load_parts([mine, other], reader.generation)
    for files in ([mine, twin], [every]):
        with pytest.raises(BadCase, match="call each case file by another"):
            load_parts(files, reader.generation)
    with pytest.raises(BadCase, match="there is no case"):
        load_parts([_file(tmp_path, name="empty.jsonl")], reader.generation)


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        ('[tset]\n"joint score" = 0.9', "called 'tset'"),
        ('[all]\n"no such metric" = 0.5', "called 'no such metric'"),
        ('[all]\n"F1" = nan', "cannot be read"),
        ("", "cannot be read"),
        ('"F1" = 1', "cannot be read"),
    ],
)
def test_gates_that_guard_nothing_are_refused(gates: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "gates.toml"
    file.write_text(gates)
    with pytest.raises(BadCase, match=says):
        read_gates(file, [tmp_path / "mine.jsonl"])
