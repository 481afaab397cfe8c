import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from corpus.load import Corpus, load_corpus
from corpus.readers import READERS
from corpus.sandbox import Job, Limits, read_apart

Found = TypeVar("Found")
HOSTILE = """
import ctypes, os, sys, time
from corpus.blocks import Block, Extract

def forget(path): os._exit(0)
def crash(path): ctypes.string_at(0)
def hoard(path): return Extract(blocks=[Block("x" * (1 << 40))])
def spin(path):
    while True: pass
def sleep(path): time.sleep(60)
def chatter(path):
    print('{"blocks": [["forged", 0, null]]}', flush=True)
    os.write(1, b'{"blocks": [["forged", 0, null]]}\\n')
    return Extract(blocks=[Block("Honest words.")])
def tally(path):
    with open(str(path) + ".log", "a") as log: log.write("tried ")
    os._exit(1)
def number(path): return Extract(blocks=[Block(str(os.getpid()))])
def lone(path): return Extract(blocks=[Block("a\\ud800b")], title="t\\ud800")
"""


@pytest.fixture(autouse=True)
def _hostile_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "hostile.py").write_text(HOSTILE)
    (tmp_path / "documents").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    for name in ("forget", "crash", "hoard", "spin", "sleep", "chatter", "number", "lone", "tally"):
        monkeypatch.setitem(READERS, f".{name}", f"hostile:{name}")


def load(tmp_path: Path, *names: str, limits: Limits | None = None) -> Corpus:
    for name in (*names, "ok.txt"):
        (tmp_path / "documents" / name).write_text("Words.")
    return load_corpus([tmp_path / "documents"], limits=limits or Limits())


@pytest.mark.parametrize(
    ("suffix", "limits", "reason"),
    [
        ("forget", Limits(), "the reader crashed"),
        ("crash", Limits(), "the reader crashed"),
        ("hoard", Limits(memory_mb=500), "needed more than 500 MB of memory"),
        ("spin", Limits(cpu_seconds=0), "took longer than 0 s to read"),
        ("sleep", Limits(wall_seconds=0.4), "took longer than 0.4 s to read"),
    ],
)
def test_file_that_ends_its_reader_is_skipped_and_the_run_goes_on(
    tmp_path: Path, suffix: str, limits: Limits, reason: str
) -> None:
    if suffix != "sleep" and sys.platform == "win32":
        pytest.skip("Windows limits only the time")
    corpus = load(tmp_path, f"bad.{suffix}", limits=limits)
    assert [(skip.path, skip.reason) for skip in corpus.skipped] == [(f"bad.{suffix}", reason)]
    assert [document.text for document in corpus.documents] == ["Words."]


def test_many_bad_files_spoil_no_good_one(tmp_path: Path) -> None:
    names = [f"{n:02}.{suffix}" for n in range(12) for suffix in ("forget", "txt")]
    corpus = load(tmp_path, *names)
    assert [d.id for d in corpus.documents] == [n for n in sorted(names) if "txt" in n] + ["ok.txt"]
    assert [s.path for s in corpus.skipped] == [n for n in sorted(names) if "forget" in n]


def test_what_a_reader_prints_is_no_answer(tmp_path: Path) -> None:
    corpus = load(tmp_path, "a.chatter")
    assert [document.text for document in corpus.documents] == ["Honest words.", "Words."]


def test_half_a_character_passes_the_pipe(tmp_path: Path) -> None:
    assert load(tmp_path, "a.lone").documents[0].text == "ab"


def test_one_process_reads_many_files_and_none_is_ours(tmp_path: Path) -> None:
    corpus = load(tmp_path, *(f"{n}.number" for n in range(40)))
    processes = {document.text for document in corpus.documents} - {"Words."}
    assert 1 <= len(processes) <= 4
    assert str(os.getpid()) not in processes


def test_processor_time_of_one_file_is_not_held_against_the_next(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / f"{n}", "hostile:number") for n in range(3)]
    outcomes = dict(read_apart(jobs, limits=Limits(cpu_seconds=1)))
    assert sorted(outcomes) == [0, 1, 2]


def test_file_that_fails_in_a_used_process_is_tried_once_more_in_a_fresh_one(
    tmp_path: Path,
) -> None:
    jobs = [Job(tmp_path / "a", "hostile:number"), Job(tmp_path / "b", "hostile:tally")]
    outcomes = dict(read_apart(jobs, limits=Limits()))
    assert str(outcomes[1]) == "the reader crashed"
    assert (tmp_path / "b.log").read_text() == "tried tried "


def test_no_worker_is_started_for_no_file() -> None:
    assert list(read_apart([], limits=Limits())) == []


def test_run_that_is_broken_off_waits_for_nobody(tmp_path: Path) -> None:
    names = ["number", *["sleep"] * 20]
    outcomes = read_apart([Job(tmp_path, f"hostile:{name}") for name in names], limits=Limits())
    next(outcomes)
    started = time.monotonic()
    outcomes.close()
    assert time.monotonic() - started < 5


def test_module_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("yaml", "json", "markdown_it", "queue"):
        (tmp_path / "documents" / f"{name}.py").write_text("import os; os._exit(3)")
    monkeypatch.chdir(tmp_path / "documents")
    assert "a.md" in [document.id for document in load(tmp_path, "a.md").documents]


def children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for tasks in listed for child in tasks.read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc to look at")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(tmp_path: Path, end: signal.Signals) -> None:
    (tmp_path / "a").write_text("x")
    script = (
        "from pathlib import Path; from corpus.sandbox import *\n"
        f"list(read_apart([Job(Path({str(tmp_path / 'a')!r}), 'hostile:sleep')], limits=Limits()))"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    try:
        workers = until(lambda: children(parent.pid))
        parent.send_signal(end)
        parent.wait(timeout=30)
        assert workers
        assert until(lambda: not any(is_running(worker) for worker in workers))
    finally:
        parent.kill()
        parent.wait()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(wanted: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + 30
    while not (found := wanted()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
