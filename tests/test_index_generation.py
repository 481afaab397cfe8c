import errno
import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from conftest import build, open_index

import index.generation
from corpus.load import Corpus, load_corpus
from index.embed import BUNDLED, Embedder
from index.errors import (
    DamagedIndex,
    IndexBusy,
    MissingIndex,
    StaleIndex,
    UnwritableIndex,
    reading,
    unwritable,
)
from index.generation import (
    Generation,
    current_name,
    open_current,
    prune,
    roll_back,
    swap,
    writing,
)
from index.manifest import file_sha256, list_files, read_manifest, write_manifest
from index.packed import Vectors
from index.search import search
from index.split import PASSAGE_TOKENS


def corpus_of(folder: Path, **texts: str) -> Corpus:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return load_corpus([folder])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A small index that is whole."""
    documents = tmp_path_factory.mktemp("documents")
    corpus = corpus_of(
        documents, a="The truce\n\nIt began in March.", b="The mayor\n\nHe denied it."
    )
    folder = tmp_path_factory.mktemp("whole")
    build(corpus, folder, embedder)
    return folder


@pytest.fixture
def small(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "index"))


def current(folder: Path) -> Path:
    return folder / "generations" / (current_name(folder) or "")


def test_generation_holds_what_its_manifest_says(whole: Path, embedder: Embedder) -> None:
    generation = open_index(whole)
    manifest = generation.manifest
    assert manifest.document_count == len(manifest.documents) == 2
    assert manifest.passage_count == generation.store.count_passages() == 2
    assert manifest.passage_count == generation.words.count() == generation.graph().count()
    assert generation.passage_vectors.count == 2
    assert generation.sentence_vectors.count == 4
    assert manifest.documents["a.txt"] == generation.document("a.txt").sha256
    assert (manifest.embedding_model, manifest.dimensions) == (BUNDLED, 384)
    assert manifest.passage_tokens == PASSAGE_TOKENS
    assert {"documents.sqlite", "passages.i8", "sentences.i4"} < manifest.files.keys()
    assert {name.split("/")[0] for name in manifest.files if "/" in name} == {"vectors", "words"}
    generation.close()


def test_using_a_generation_leaves_its_files_as_they_were(whole: Path, embedder: Embedder) -> None:
    before = list_files(whole)
    for _ in range(2):
        generation = open_index(whole)
        generation.graph()
        search("truce", generation=generation, embedder=embedder)
        generation.close()
    assert list_files(whole) == before


def test_missing_index(tmp_path: Path) -> None:
    with pytest.raises(MissingIndex, match="run `footnote index`"):
        open_index(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("model", "tokens"), [("other", PASSAGE_TOKENS), (BUNDLED, 80)])
def test_index_of_other_settings_is_stale(whole: Path, model: str, tokens: int) -> None:
    with pytest.raises(StaleIndex, match="run `footnote index`") as caught:
        open_current(whole, embedding_model=model, passage_tokens=tokens)
    assert repr(model) in str(caught.value)
    assert str(tokens) in str(caught.value)


@pytest.mark.parametrize("format_", [1, 99])
def test_index_of_another_format_is_stale(small: Path, format_: int) -> None:
    manifest = read_manifest(current(small))
    write_manifest(current(small), manifest.model_copy(update={"format": format_}))
    with pytest.raises(StaleIndex, match=rf"format {format_}.*run `footnote index`"):
        open_index(small)


def test_index_of_the_first_format_is_stale(small: Path) -> None:
    (current(small) / "manifest.json").write_text('{"format": 1, "store_sha256": "another shape"}')
    with pytest.raises(StaleIndex, match=r"format 1, this version reads 3; run `footnote index`"):
        open_index(small)


def names(folder: Path) -> list[str]:
    return list(read_manifest(current(folder)).files)


def test_every_file_is_vouched_for(small: Path) -> None:
    """Whichever file is altered, cut, or lost, the index is refused and the file is named."""
    assert len(names(small)) > 8
    for name in names(small):
        path = current(small) / name
        data = path.read_bytes()
        flipped = data[:-1] + bytes([data[-1] ^ 1]) if data else b"x"
        for damaged in (flipped, data + b"x", data[:-1] if data else b"y", None):
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            with pytest.raises(
                DamagedIndex, match=r"missing or altered.*run `footnote index`"
            ) as e:
                open_index(small)
            assert name in str(e.value)
            path.write_bytes(data)
        open_index(small).close()


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text()[:-40])


def edit_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"document_count": 2', '"document_count": 3'))


def miscount(folder: Path) -> None:
    """A manifest that is sealed, but counts what is not there."""
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"passage_count": 3}))


def alter_store(folder: Path) -> None:
    data = bytearray((folder / "documents.sqlite").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "documents.sqlite").write_bytes(data)


def spoil_vectors(folder: Path) -> None:
    for file in (folder / "vectors").rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage " * 600)


def spoil_words_and_seal(folder: Path) -> None:
    """Files that checksums vouch for, but that nothing can read."""
    for file in (folder / "words").glob("*"):
        file.write_bytes(b"garbage " * 600)
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"files": list_files_of(folder)}))


def list_files_of(folder: Path) -> dict[str, str]:
    return {k: v for k, v in list_files(folder).items() if k != "manifest.json"}


DAMAGES: list[Callable[[Path], object]] = [
    cut_manifest,
    edit_manifest,
    miscount,
    alter_store,
    spoil_vectors,
    spoil_words_and_seal,
    shutil.rmtree,
    lambda folder: shutil.rmtree(folder / "vectors"),
    lambda folder: shutil.rmtree(folder / "words"),
    lambda folder: (folder / "manifest.json").unlink(),
    lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    lambda folder: (folder.parent.parent / "CURRENT").write_text("elsewhere"),
    lambda folder: (folder.parent.parent / "CURRENT").write_text(""),
    lambda folder: (folder.parent.parent / "CURRENT").write_text("../generations/x"),
    lambda folder: (folder.parent.parent / "CURRENT").write_bytes(b"\xff\xfe\x00"),
    lambda folder: (folder.parent.parent / "CURRENT").write_text("x" * 5_000),
    lambda folder: (folder.parent.parent / "CURRENT").write_text("a\0b"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_with_what_mends_it(
    small: Path, damage: Callable[[Path], object]
) -> None:
    damage(current(small))
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(small)


@pytest.mark.parametrize("damage", DAMAGES)
def test_building_mends_a_damaged_index(
    small: Path, damage: Callable[[Path], object], embedder: Embedder, tmp_path: Path
) -> None:
    damage(current(small))
    build(corpus_of(tmp_path / "documents", a="Words."), small, embedder)
    generation = open_index(small)
    assert generation.document("a.txt").text == "Words."
    assert generation.manifest.document_count == 1
    generation.close()


def test_second_process_cannot_write(tmp_path: Path, embedder: Embedder) -> None:
    corpus, folder = corpus_of(tmp_path / "documents", a="Words."), tmp_path / "index"
    program = (
        "import sys, pathlib, index.generation as g\n"
        "with g.writing(pathlib.Path(sys.argv[1])):\n"
        "    print('writing', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(IndexBusy, match="another process is writing"):
            build(corpus, folder, embedder)
        with pytest.raises(IndexBusy, match="another process is writing"):
            roll_back(folder)
        assert current_name(folder) is None
        other.kill()
    build(corpus, folder, embedder)
    assert current_name(folder) is not None


def test_lock_is_let_go_when_writing_fails(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writing(tmp_path / "new"):
            raise ZeroDivisionError


def test_folder_that_cannot_hold_an_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(UnwritableIndex, match="give another folder with --index"),
        writing(tmp_path / "file" / "index"),
    ):
        pass


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FULL, "the disk is full"),
        (shutil.Error([("a", "b", str(FULL))]), "the disk is full"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (sqlite3.OperationalError("disk I/O error"), "disk error"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (shutil.Error([("a", "b", "broken")]), "disk error"),
    ],
)
@pytest.mark.parametrize("engine", [False, True])
def test_what_the_disk_refuses_is_said(
    tmp_path: Path, error: Exception, reason: str, engine: bool
) -> None:
    said = rf"could not be written \({reason}\), .*--index\.$"
    through: AbstractContextManager[None] = reading("vectors") if engine else nullcontext()
    with pytest.raises(UnwritableIndex, match=said), unwritable(tmp_path), through:
        raise error


def test_what_was_found_wrong_is_not_said_to_be_the_disk(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="did not find"), unwritable(tmp_path):
        raise DamagedIndex("the new index did not find its own passages.")


def test_pointer_that_cannot_be_replaced(small: Path, embedder: Embedder, tmp_path: Path) -> None:
    (small / "CURRENT").unlink()
    (small / "CURRENT").mkdir()
    with pytest.raises(DamagedIndex):
        open_index(small)
    with pytest.raises(UnwritableIndex, match="Is a directory"):
        build(corpus_of(tmp_path / "documents", a="Words."), small, embedder)
    with pytest.raises(UnwritableIndex, match="Is a directory"):
        roll_back(small)


def test_folder_that_may_only_be_read_is_read(
    small: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lock in current(small).glob("words/*.lock"):
        lock.unlink()
    monkeypatch.setattr(os, "access", lambda *_: False)
    generation = open_index(small)
    hits = search("Who denied it?", generation=generation, embedder=embedder)
    assert "denied" in hits[0].passage.text
    assert not list(current(small).glob("words/*.lock"))
    generation.close()


def test_generation_that_goes_while_it_is_opened_is_refused(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(index.generation, "PackedVectors", gone)
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(small)


def make_folder(folder: Path, name: str) -> None:
    (folder / "generations" / name).mkdir(parents=True)
    (folder / "generations" / name / "manifest.json").write_text("{}")


def generations(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "generations").iterdir())


def test_what_a_killed_build_left_is_pruned(tmp_path: Path) -> None:
    make_folder(tmp_path, "1")
    swap(tmp_path, "1")
    (tmp_path / "generations" / "2").mkdir()
    prune(tmp_path)
    assert generations(tmp_path) == ["1"]


def test_swap_keeps_the_generation_in_use_and_the_one_before(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4"):
        make_folder(tmp_path, name)
        swap(tmp_path, name)
        assert current_name(tmp_path) == name
    assert generations(tmp_path) == ["3", "4"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["CURRENT", "generations"]


def test_reader_keeps_its_generation_over_two_swaps(
    small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    generation = open_index(small)
    for text in ("Other words.", "Others again."):
        build(corpus_of(tmp_path / "documents", c=text), small, embedder)
    assert not generation.folder.exists()
    assert generation.document("b.txt").title == "The mayor"
    hits = search("Who denied it?", generation=generation, embedder=embedder)
    assert "denied" in hits[0].passage.text
    generation.close()


# Going back


def test_roll_back_puts_the_generation_before_in_use(
    small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    first = current_name(small)
    build(corpus_of(tmp_path / "documents", c="Other words."), small, embedder)
    second = current_name(small)
    assert roll_back(small) == first == current_name(small)
    generation = open_index(small)
    assert set(generation.store.titles()) == {"a.txt", "b.txt"}
    generation.close()
    assert second != first
    with pytest.raises(MissingIndex, match="no earlier index"):
        roll_back(small)


def test_roll_back_with_nothing_to_go_back_to(small: Path, tmp_path: Path) -> None:
    name = current_name(small)
    for folder in (small, tmp_path / "empty"):
        with pytest.raises(MissingIndex, match="no earlier index"):
            roll_back(folder)
    assert current_name(small) == name


@pytest.mark.parametrize("damage", [cut_manifest, alter_store, spoil_vectors])
def test_roll_back_to_a_damaged_generation_is_refused(
    small: Path, embedder: Embedder, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    first = current(small)
    build(corpus_of(tmp_path / "documents", c="Other words."), small, embedder)
    second = current_name(small)
    damage(first)
    with pytest.raises(DamagedIndex):
        roll_back(small)
    assert current_name(small) == second
    open_index(small).close()


def test_roll_back_when_the_generation_in_use_cannot_be_told(
    small: Path, embedder: Embedder, tmp_path: Path
) -> None:
    build(corpus_of(tmp_path / "documents", c="Other words."), small, embedder)
    (small / "CURRENT").write_bytes(b"\xff\xfe")
    assert roll_back(small) in generations(small)
    open_index(small).close()


# Nearest, and the model


def test_nearest_are_the_exact_ones(generation: Generation, embedder: Embedder) -> None:
    vector = embedder.embed_queries(["truce between the gangs"])[0]
    numbers = generation.store.numbers()
    cosines = generation.passage_vectors.vectors(numbers) @ vector
    best = [numbers[n] for n in np.argsort(-cosines, kind="stable")]
    near = generation.nearest(vector, k=5)
    assert list(near) == best[:5]
    assert list(near.values()) == pytest.approx(sorted(cosines, reverse=True)[:5], abs=1e-5)
    assert list(generation.nearest(vector, k=10_000)) == best
    assert list(generation.nearest(vector, k=3, among=best[5:])) == best[5:8]
    assert generation.nearest(vector, k=3, among=[]) == {}


def test_nearest_among_many_is_compared_in_parts(
    generation: Generation, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = embedder.embed_queries(["truce between the gangs"])[0]
    among = generation.store.numbers()[1::2]
    wanted = generation.nearest(vector, k=6, among=among)
    monkeypatch.setattr(index.generation, "EXACT_PASSAGES", 4)
    parted = generation.nearest(vector, k=6, among=among)
    assert list(parted) == list(wanted)
    assert list(parted.values()) == pytest.approx(list(wanted.values()), abs=1e-6)


class Other:
    """An embedder whose model is not the one that the index was built with."""

    name = BUNDLED

    def __init__(self, embedder: Embedder, dimensions: int) -> None:
        self.asked = 0
        self._embedder = embedder
        self._dimensions = dimensions

    def embed_queries(self, texts: list[str]) -> Vectors:
        self.asked += 1
        given = self._embedder.embed_queries(texts)
        return np.roll(given, 7, axis=1)[:, : self._dimensions]


@pytest.mark.parametrize("dimensions", [384, 100])
def test_another_model_is_refused(whole: Path, embedder: Embedder, dimensions: int) -> None:
    generation = open_index(whole)
    generation.require(embedder)
    other = Other(embedder, dimensions)
    for _ in range(2):
        with pytest.raises(StaleIndex, match=r"another model.*`footnote index`"):
            generation.require(other)  # type: ignore[arg-type]
    assert other.asked == 2
    generation.require(embedder)
    generation.close()


def test_languages_are_those_of_the_documents(generation: Generation) -> None:
    assert generation.languages[0] == "en"


def test_closing_twice_is_no_error_and_removes_what_was_opened(whole: Path) -> None:
    generation = open_index(whole)
    private = generation.graph()._private
    assert private is not None
    assert private.exists()
    generation.close()
    generation.close()
    assert not private.exists()


def test_generation_that_nobody_holds_closes_itself(whole: Path) -> None:
    generation = open_index(whole)
    private = generation.graph()._private
    del generation
    gc.collect()
    assert private is not None
    assert not private.exists()


def test_file_sum_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")
