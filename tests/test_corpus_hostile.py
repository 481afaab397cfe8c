"""A folder made to do harm: reading it ends, what is bad is named with a reason, the rest is read.

`footnote index` runs once over all of it at once, as a process of its own.
"""

import json
import os
import random
import re
import string
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from conftest import ROOT
from pypdf import PdfWriter

from corpus.document import Document
from corpus.load import Corpus, load_corpus

GOOD = "The lighthouse\n\nIngrid Vale lit the lighthouse of Skarnes in 1931.\n"
JUNK = random.Random(7).randbytes(60_000)
MEGABYTE = 1_000_000


def office(path: Path, inside: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(inside, content)


def bomb(path: Path) -> None:
    office(path, "word/document.xml", b"<a>" + b" " * (60 * MEGABYTE))


def lying_bomb(path: Path) -> None:
    """Its headers say that it holds a thousand bytes."""
    bomb(path)
    data, size = path.read_bytes(), (60 * MEGABYTE + 3).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (1_000).to_bytes(4, "little")))


def nested_zip(path: Path) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (60 * MEGABYTE))
    office(path, "word/embeddings/inner.zip", inner.getvalue())


def entity_bomb(path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "lol">{levels}]><d>&l9;</d>'
    office(path, "word/document.xml", xml.encode())


def locked_pdf(path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret", algorithm="RC4-128")
    with path.open("wb") as file:
        writer.write(file)


def cut_pdf(path: Path) -> None:
    writer, whole = PdfWriter(), BytesIO()
    for _ in range(50):
        writer.add_blank_page(72, 72)
    writer.write(whole)
    path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 300 * MEGABYTE)


def zeros(path: Path) -> None:
    """Sparse too, and small enough to be read."""
    path.touch()
    os.truncate(path, 40 * MEGABYTE)


def junk(path: Path) -> None:
    path.write_bytes(JUNK)


def junk_in_costume(path: Path) -> None:
    starts = {".pdf": b"%PDF-1.7\n", ".docx": b"PK\x03\x04", ".html": b"<!doctype html><p>"}
    path.write_bytes(starts.get(path.suffix, b"") + JUNK)


def outside(folder: Path) -> Path:
    path = folder.parent / "secret.txt"
    path.write_text("The password is swordfish.\n")
    return path


NOT_SAFE, DAMAGED = r"unpacks to \d+ MB, which is not safe", "damaged, or not what its name says"
BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb.docx": (bomb, NOT_SAFE),
    "bomb.epub": (bomb, NOT_SAFE),
    "bomb.xlsx": (bomb, NOT_SAFE),
    "lying.docx": (lying_bomb, f"{DAMAGED}|needed more than .* of memory"),
    "lying.epub": (lying_bomb, f"{DAMAGED}|needed more than .* of memory|no text"),
    "entities.docx": (entity_bomb, DAMAGED),
    "nested.docx": (nested_zip, DAMAGED),
    "loop-a.txt": (lambda path: path.symlink_to("loop-b.txt"), "leads nowhere, or to itself"),
    "loop-b.txt": (lambda path: path.symlink_to("loop-a.txt"), "leads nowhere, or to itself"),
    "self": (lambda path: path.symlink_to("."), "a link to a folder"),
    "parent": (lambda path: path.symlink_to(".."), "leads out of the folder|a link to a folder"),
    "out.txt": (lambda path: path.symlink_to(outside(path.parent)), "leads out of the folder"),
    "hard.txt": (lambda path: path.hardlink_to(outside(path.parent)), "name outside the folder"),
    "device.txt": (lambda path: path.symlink_to("/dev/zero"), "leads out of the folder"),
    "pipe.txt": (os.mkfifo, "not a regular file but a pipe"),
    "sparse.txt": (sparse, "larger than 50 MB"),
    "zeros.txt": (zeros, "binary data, not text"),
    "zeros.pdf": (zeros, DAMAGED),
    "zeros.docx": (zeros, DAMAGED),
    "junk.txt": (junk, "binary data, not text"),
    "junk.md": (junk, "binary data, not text"),
    "junk.html": (junk, "binary data, not text|no text"),
    "junk.json": (junk, f"{DAMAGED}|binary data"),
    "junk.csv": (junk, f"{DAMAGED}|binary data"),
    "junk.eml": (junk, f"{DAMAGED}|binary data|no text"),
    "junk.pptx": (junk, DAMAGED),
    "junk.xlsx": (junk, DAMAGED),
    "junk.pdf": (junk, DAMAGED),
    "junk.docx": (junk, DAMAGED),
    "junk.epub": (junk, DAMAGED),
    "dressed.pdf": (junk_in_costume, DAMAGED),
    "dressed.docx": (junk_in_costume, DAMAGED),
    "dressed.html": (junk_in_costume, "binary data, not text|no text"),
    "locked.pdf": (locked_pdf, "protected by a password"),
    "cut.pdf": (cut_pdf, f"{DAMAGED}|no text"),
    "empty.pdf": (Path.touch, "an empty file"),
    "deep.json": (lambda path: path.write_text("[" * MEGABYTE), f"nested too deeply|{DAMAGED}"),
}
"""What each file does, and the reason that must be given for leaving it out."""

NAMES = (b"new\nline.txt", b"\xff\xfe.txt", "bidi\u202etxt.exe.txt".encode(), b"esc\x1b[31m.txt")
"""Good words under names that are made to deceive."""


def deep_html(levels: int) -> str:
    return "<div>" * levels + f"<p>{GOOD}</p>" + "</div>" * levels


@dataclass(frozen=True)
class Loaded:
    """What became of the folder, and how long it took."""

    folder: Path
    corpus: Corpus
    seconds: float

    def document(self, name: str) -> Document:
        return next(d for d in self.corpus.documents if d.id == name)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("hostile") / "docs"
    folder.mkdir()
    for name, (make, _) in BAD.items():
        make(folder / name)
    for raw in NAMES:
        Path(os.fsdecode(os.path.join(os.fsencode(folder), raw))).write_text(GOOD)  # noqa: PTH118
    (folder / "good.txt").write_text(GOOD)
    (folder / "deep.html").write_text(deep_html(200))
    (folder / "abyss.html").write_text(deep_html(20_000))
    (folder / "line.txt").write_text(letters(50_000))
    started = time.monotonic()
    corpus = load_corpus([folder])
    return Loaded(folder, corpus, time.monotonic() - started)


def letters(count: int) -> str:
    """One line without a space."""
    return "".join(random.Random(3).choices(string.ascii_letters, k=count))


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_named_with_a_reason(hostile: Loaded, name: str) -> None:
    reasons = {skipped.path: skipped.reason for skipped in hostile.corpus.skipped}
    assert name in reasons, hostile.document(name).text[:200]
    assert re.search(BAD[name][1], reasons[name]), reasons[name]


def test_good_documents_are_read_and_nothing_from_outside(hostile: Loaded) -> None:
    assert hostile.document("good.txt").text == GOOD.strip()
    assert len(hostile.document("line.txt").text) == 50_000
    assert "Ingrid Vale" in hostile.document("deep.html").text
    assert not any("swordfish" in document.text for document in hostile.corpus.documents)


def test_every_file_is_a_document_or_is_named(hostile: Loaded) -> None:
    ids = [document.id for document in hostile.corpus.documents]
    skipped = [each.path for each in hostile.corpus.skipped]
    assert len(ids) + len(skipped) == len(list(os.scandir(hostile.folder)))
    assert all(name.isprintable() and name.encode() for name in [*ids, *skipped])
    assert {"new�line.txt", "??.txt", "bidi�txt.exe.txt", "esc�[31m.txt"} <= set(ids)


def test_hostile_folder_does_not_keep_anyone_waiting(hostile: Loaded) -> None:
    assert hostile.seconds < 30


def test_file_that_vanishes_is_skipped(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text(GOOD)

    def vanish(done: int, _of: int) -> None:
        if done == 1:
            for path in tmp_path.glob("3*.txt"):
                path.unlink()

    corpus = load_corpus([tmp_path], progress=vanish)
    gone = {skipped.path for skipped in corpus.skipped}
    assert len(corpus.documents) + len(gone) == 40
    assert {f"3{n}.txt" for n in range(5, 10)} <= gone
    assert gone <= {f"3{n}.txt" for n in range(10)}
    assert len({skipped.reason for skipped in corpus.skipped}) <= 2


def test_many_tiny_files_are_read_in_seconds(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number}.txt").write_text(f"Note {number}\n\nIt says {number * 7}.\n")
    started = time.monotonic()
    corpus = load_corpus([tmp_path])
    assert len(corpus.documents) == 2_000
    assert time.monotonic() - started < 20


def footnote(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "footnote", *map(str, arguments)],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_index_of_a_hostile_folder_finds_what_is_good(hostile: Loaded) -> None:
    place = hostile.folder.parent
    made = footnote("index", hostile.folder, "--index", place / "index", folder=place)
    assert (made.returncode, made.stderr) == (0, "")
    for name in BAD:
        assert f"skipped {name}: " in made.stdout
    lines = made.stdout.splitlines()
    assert all(line.isprintable() for line in lines)
    said = footnote(
        "search", "Who lit the lighthouse of Skarnes?", "-k", "1", "--json", "--index",
        place / "index", folder=place,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "Ingrid Vale" in json.loads(said.stdout)["hits"][0]["text"]


def test_folder_of_nothing_but_bad_files_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("junk.pdf", "bomb.docx", "loop-a.txt"):
        BAD[name][0](tmp_path / "docs" / name)
    made = footnote("index", tmp_path / "docs", "--index", tmp_path / "index", folder=tmp_path)
    assert made.returncode == 2
    assert made.stderr.startswith("footnote: nothing in ")
    assert made.stderr.count("\n") == 1
    assert made.stdout == ""
