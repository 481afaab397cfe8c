import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import build, open_index

from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.errors import DamagedIndex, IndexBusy, MissingIndex, StaleIndex
from index.generation import (
    current_name,
    file_sha256,
    open_current,
    read_manifest,
    swap,
    write_manifest,
    writing,
)
from index.store import Store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A small index that is whole."""
    documents = tmp_path_factory.mktemp("documents")
    (documents / "a.txt").write_text("The truce\n\nIt began in March.")
    (documents / "b.txt").write_text("The mayor\n\nHe denied it.")
    index = tmp_path_factory.mktemp("whole")
    build(load_corpus([documents]), index, embedder)
    return index


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "index"))


def current(index: Path) -> Path:
    return index / "generations" / (current_name(index) or "")


def test_generation_holds_what_its_manifest_says(whole: Path) -> None:
    generation = open_index(whole)
    manifest = generation.manifest
    assert manifest.document_count == len(manifest.documents) == 2
    assert manifest.passage_count == generation.vectors.count() == 2
    assert manifest.store_sha256 == file_sha256(generation.folder / "documents.sqlite")
    assert manifest.documents["a.txt"] == generation.document("a.txt").sha256
    assert manifest.embedding_model == BUNDLED
    generation.close()


def test_missing_index(tmp_path: Path) -> None:
    with pytest.raises(MissingIndex, match="run `footnote index`"):
        open_index(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("model", "tokens"), [("other", 160), (BUNDLED, 80)])
def test_index_of_other_settings_is_stale(whole: Path, model: str, tokens: int) -> None:
    with pytest.raises(StaleIndex, match="run `footnote index`") as caught:
        open_current(whole, embedding_model=model, passage_tokens=tokens)
    assert repr(model) in str(caught.value)
    assert str(tokens) in str(caught.value)


def test_index_of_another_format_is_stale(index: Path) -> None:
    manifest = read_manifest(current(index))
    write_manifest(current(index), manifest.model_copy(update={"format": 99}))
    with pytest.raises(StaleIndex, match=r"format 99.*run `footnote index`"):
        open_index(index)


def test_later_format_with_other_fields_is_stale(index: Path) -> None:
    (current(index) / "manifest.json").write_text('{"format": 99, "another": "shape"}')
    with pytest.raises(StaleIndex, match="format 99"):
        open_index(index)


def cut_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text()[:-40])


def miscount(folder: Path) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"passage_count": 3}))


def lose_a_passage(folder: Path) -> None:
    """A store that its checksum vouches for, but that holds other passages than the vectors."""
    path = folder / "documents.sqlite"
    path.unlink()
    store = Store.create(path)
    store.commit()
    store.close()
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"store_sha256": file_sha256(path)}))


def alter_store(folder: Path) -> None:
    data = bytearray((folder / "documents.sqlite").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "documents.sqlite").write_bytes(data)


def spoil_vectors(folder: Path) -> None:
    for file in (folder / "vectors").rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage " * 600)


DAMAGES: list[Callable[[Path], object]] = [
    cut_manifest,
    miscount,
    lose_a_passage,
    alter_store,
    spoil_vectors,
    shutil.rmtree,
    lambda folder: shutil.rmtree(folder / "vectors"),
    lambda folder: (folder / "manifest.json").unlink(),
    lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
    lambda folder: (folder / "documents.sqlite").unlink(),
    lambda folder: (folder.parent.parent / "CURRENT").write_text("elsewhere"),
    lambda folder: (folder.parent.parent / "CURRENT").write_text(""),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_refused_with_what_mends_it(
    index: Path, damage: Callable[[Path], object], embedder: Embedder
) -> None:
    damage(current(index))
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(index)


@pytest.mark.parametrize("damage", [cut_manifest, alter_store, spoil_vectors])
def test_building_mends_a_damaged_index(
    index: Path, damage: Callable[[Path], object], embedder: Embedder, tmp_path: Path
) -> None:
    damage(current(index))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.txt").write_text("Words.")
    build(load_corpus([tmp_path / "documents"]), index, embedder)
    generation = open_index(index)
    assert generation.document("a.txt").text == "Words."
    generation.close()


def test_pointer_of_garbage_is_a_damaged_index(index: Path) -> None:
    (index / "CURRENT").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(index)


def test_second_process_cannot_write(tmp_path: Path, embedder: Embedder) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    corpus, index = load_corpus([tmp_path / "a.txt"]), tmp_path / "index"
    program = (
        "import sys, pathlib, index.generation as g\n"
        "with g.writing(pathlib.Path(sys.argv[1])):\n"
        "    print('writing', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(index)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(IndexBusy, match="another process is writing"):
            build(corpus, index, embedder)
        assert current_name(index) is None
        other.kill()
    build(corpus, index, embedder)
    assert current_name(index) is not None


def test_lock_is_let_go_when_writing_fails(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writing(tmp_path / "new"):
            raise ZeroDivisionError


def make_folder(index: Path, name: str) -> None:
    (index / "generations" / name).mkdir(parents=True)
    (index / "generations" / name / "manifest.json").write_text("{}")


def test_swap_removes_what_a_killed_build_left(tmp_path: Path) -> None:
    make_folder(tmp_path, "1")
    swap(tmp_path, "1")
    (tmp_path / "generations" / "2").mkdir()
    make_folder(tmp_path, "3")
    swap(tmp_path, "3")
    assert sorted(p.name for p in (tmp_path / "generations").iterdir()) == ["1", "3"]


def test_swap_keeps_the_generation_in_use_and_the_one_before(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4"):
        make_folder(tmp_path, name)
        swap(tmp_path, name)
        assert current_name(tmp_path) == name
    assert sorted(p.name for p in (tmp_path / "generations").iterdir()) == ["3", "4"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["CURRENT", "generations"]


def test_reader_keeps_its_generation_over_a_swap(
    index: Path, embedder: Embedder, tmp_path: Path
) -> None:
    generation = open_index(index)
    (tmp_path / "c.txt").write_text("Other words.")
    build(load_corpus([tmp_path / "c.txt"]), index, embedder)
    assert generation.document("b.txt").title == "The mayor"
    assert generation.vectors.count() == 2
    generation.close()
