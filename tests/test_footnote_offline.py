import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Asks a question with every attempt to reach a host written down, in a process of its own.
WATCHED = """
import sys, footnote
reached = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        reached.append((event, str(arguments)))
sys.addaudithook(watch)
documents, index = sys.argv[1:]
assert footnote.main(["index", documents, "--index", index]) == 0
assert footnote.main(["ask", "Who rang the bell?", "--index", index]) == 0
print("REACHED", reached)
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "bell.txt").write_text("Maria rang the bell at noon. Nobody came.\n")
    return folder


def test_indexing_and_asking_reach_no_host(documents: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(documents), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "Maria rang the bell at noon. [1]" in done.stdout
    assert "REACHED []" in done.stdout


def test_everything_works_where_there_is_no_network(documents: Path, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    alone = [unshare or "", "--net", "--map-root-user"]
    if not unshare or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine cannot make a network namespace")
    command = [*alone, sys.executable, "-c", WATCHED, str(documents), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=180)
    assert done.returncode == 0, done.stderr
    assert "Maria rang the bell at noon. [1]" in done.stdout
