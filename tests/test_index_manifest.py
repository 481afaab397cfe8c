import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpus.load import Skipped
from index.errors import DamagedIndex, StaleIndex
from index.manifest import (
    FORMAT,
    Manifest,
    file_sha256,
    list_files,
    read_manifest,
    write_atomically,
    write_manifest,
)

MANIFEST = Manifest(
    format=FORMAT,
    version="1.0",
    made_with={"numpy": "2"},
    built_at=datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    embedding_model="a model",
    probe=[0.1, -0.25],
    dimensions=2,
    passage_tokens=250,
    document_count=1,
    passage_count=3,
    files={"documents.sqlite": "ab"},
    documents={"ñ.txt": "cd"},
    skipped=(Skipped("x.csv", "no reader"),),
)


def alter(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_manifest_comes_back(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"passage_count": 4},
        {"files": {}},
        {"documents": {"ñ.txt": "ce"}},
        {"probe": [0.1, -0.26]},
        {"skipped": []},
        {"another": 1},
        {"sha256": "0" * 64},
        {"sha256": None},
    ],
)
def test_altered_manifest_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    write_manifest(tmp_path, MANIFEST)
    alter(tmp_path, **change)
    with pytest.raises(DamagedIndex, match=r"manifest.*run `footnote index`"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"7", b'"x"', b"{}", b"\xff\xfe\x00", b'{"format": 3}', b"[" * 100_000],
)
def test_anything_else_is_a_damaged_index(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        read_manifest(tmp_path)


def test_missing_manifest_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("format_", [1, FORMAT + 1, "x", None])
def test_other_format_is_stale_whatever_else_stands_there(tmp_path: Path, format_: object) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format": format_, "other": "shape"}))
    with pytest.raises(StaleIndex, match=f"format {format_}.*reads {FORMAT}; run `footnote index`"):
        read_manifest(tmp_path)


def test_every_file_but_locks_is_listed(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    for name in ("b.i8", "words/a.idx", "words/.writer.lock"):
        (tmp_path / name).write_text(name)
    assert list_files(tmp_path) == {
        name: file_sha256(tmp_path / name) for name in ("b.i8", "words/a.idx")
    }
    before = list_files(tmp_path)
    (tmp_path / "b.i8").write_text("c.i8")
    assert list_files(tmp_path) != before


def test_write_replaces_the_whole_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "f", "a long text\n")
    write_atomically(tmp_path / "f", "ñ")
    assert (tmp_path / "f").read_bytes() == "ñ".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
