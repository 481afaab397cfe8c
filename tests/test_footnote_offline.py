import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook
from pptx import Presentation

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
for question in ("Who rang the bell?", "Who mended the organ?", "Who painted the lighthouse?"):
    assert footnote.main(["ask", question, "--index", index]) == 0
print("REACHED", reached)
"""
ANSWERS = (
    "Maria rang the bell at noon.",
    "Tariq mended the organ in May.",
    "Ingrid painted the lighthouse white.",
)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "bell.txt").write_text("Maria rang the bell at noon. Nobody came.\n")
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.placeholders[0].text = "The organ"
    slide.placeholders[1].text = "Tariq mended the organ in May."
    deck.save(str(folder / "organ.pptx"))
    book = Workbook()
    book.active["A1"] = "Ingrid painted the lighthouse white."
    book.save(folder / "lighthouse.xlsx")
    return folder


def test_indexing_and_asking_reach_no_host(documents: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(documents), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=180)
    assert done.returncode == 0, done.stderr
    assert all(f"{answer} [1]" in done.stdout for answer in ANSWERS)
    assert "REACHED []" in done.stdout


def test_everything_works_where_there_is_no_network(documents: Path, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    alone = [unshare or "", "--net", "--map-root-user"]
    if not unshare or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine cannot make a network namespace")
    command = [*alone, sys.executable, "-c", WATCHED, str(documents), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=180)
    assert done.returncode == 0, done.stderr
    assert all(f"{answer} [1]" in done.stdout for answer in ANSWERS)
