import json
from pathlib import Path

import pytest

from chatbot.reading import Reader
from chatbot.settings import Settings
from eval.case import Case
from eval.record import make_record, note_opening, say_openings
from index.manifest import file_sha256

CASES = [Case(id="c", question="?", answerable=False, evidence=())]


def _files(folder: Path) -> tuple[Path, Path]:
    opened, sealed = folder / "dev.jsonl", folder / "test.jsonl"
    for file in (opened, sealed):
        file.write_text(file.stem)
    sealed.with_suffix(".sha256").write_text(file_sha256(sealed))
    return opened, sealed


def test_record_names_what_another_run_needs(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-key")
    opened, sealed = _files(tmp_path)
    record = make_record(
        settings=Settings(),
        model="quotes:",
        generation=reader.generation,
        parts={opened: CASES, sealed: CASES},
    )
    assert [part["sealed"] for part in record["cases"]] == [False, True]
    assert record["cases"][0] | {"sha256": ""} == {
        "file": "dev.jsonl",
        "part": "dev",
        "count": 1,
        "sha256": "",
        "sealed": False,
    }
    assert record["manifest"]["documents"] == 17
    assert record["packages"]["chromadb"]
    assert len(record["commit"]) in (0, 40)
    assert "canary-key" not in json.dumps(record)


def test_ledger_says_when_the_sealed_part_was_opened(tmp_path: Path) -> None:
    record = {
        "started_at": "2026-01-02T03:04:05+0000",
        "commit": "abc",
        "cases": [{"sealed": True, "sha256": "s"}, {"sealed": False, "sha256": "d"}],
    }
    assert say_openings(tmp_path, "s") == ""
    note_opening(tmp_path, record)
    assert say_openings(tmp_path, "s") == "opened 1 time from here: 2026-01-02T03:04 UTC"
    assert say_openings(tmp_path, "d") == ""
    note_opening(tmp_path, record | {"started_at": "2026-02-02T03:04:05+0000"})
    said = "opened 2 times from here: first 2026-01-02T03:04, last 2026-02-02T03:04 UTC"
    assert say_openings(tmp_path, "s") == said
