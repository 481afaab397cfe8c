import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from index.errors import DamagedIndex
from index.manifest import list_files
from index.packed import Vectors
from index.vectors import VectorStore

COUNT, DIMENSIONS = 300, 24
NUMBERS = [n * 3 for n in range(COUNT)]


def unit_vectors() -> Vectors:
    drawn = np.random.default_rng(7).normal(size=(COUNT, DIMENSIONS))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def write(folder: Path) -> Vectors:
    vectors = unit_vectors()
    store = VectorStore(folder, create=True)
    store.add(NUMBERS, vectors)
    store.close()
    return vectors


def test_nearest_are_the_exact_ones_with_their_cosines(tmp_path: Path) -> None:
    matrix = write(tmp_path / "v")
    store = VectorStore(tmp_path / "v")
    for query in np.random.default_rng(8).normal(size=(20, DIMENSIONS)).astype(np.float32):
        cosines = matrix @ (query / np.linalg.norm(query))
        best = np.argsort(-cosines)[:5]
        near = store.nearest(query, k=5)
        assert list(near) == [NUMBERS[n] for n in best]
        assert np.allclose(list(near.values()), cosines[best], atol=1e-5)
    store.close()


def test_more_wanted_than_there_are_gives_all(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v", create=True)
    store.add([5, 9], unit_vectors()[:2])
    assert store.nearest(unit_vectors()[1], k=9).keys() == {5, 9}
    store.close()


def test_empty_store_finds_nothing(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v", create=True)
    store.add([], np.zeros((0, DIMENSIONS), np.float32))
    assert store.count() == 0
    assert store.nearest(unit_vectors()[0], k=3) == {}
    store.close()


def test_removed_vectors_are_not_found_and_come_back_when_added(tmp_path: Path) -> None:
    matrix = write(tmp_path / "v")
    store = VectorStore(tmp_path / "v")
    assert next(iter(store.nearest(matrix[10], k=1))) == 30
    store.remove([30, 33])
    store.remove([])
    assert store.count() == COUNT - 2
    assert not {30, 33} & store.nearest(matrix[10], k=COUNT).keys()
    store.add([5_000], matrix[10:11])
    store.close()
    store = VectorStore(tmp_path / "v")
    assert store.count() == COUNT - 1
    assert list(store.nearest(matrix[10], k=1)) == [5_000]
    store.close()


def test_more_than_the_engine_takes_at_once(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v", create=True)
    count = store._client.get_max_batch_size() + 7
    angles = np.linspace(0, 1, count, dtype=np.float32)
    store.add(range(count), np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert store.count() == count
    store.remove(range(count - 3))
    assert store.count() == 3
    assert store.nearest(np.array([1, 0], np.float32), k=9).keys() == set(range(count - 3, count))
    store.close()


def test_reading_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    matrix = write(tmp_path / "v")
    before = list_files(tmp_path / "v")
    store = VectorStore.read(tmp_path / "v")
    private = store._private
    assert private is not None
    assert next(iter(store.nearest(matrix[2], k=1))) == 6
    store.close()
    assert list_files(tmp_path / "v") == before
    assert not private.exists()


def test_two_readers_of_one_folder(tmp_path: Path) -> None:
    matrix = write(tmp_path / "v")
    stores = [VectorStore.read(tmp_path / "v") for _ in range(2)]
    found = [store.nearest(matrix[3], k=4) for store in stores]
    assert found[0] == found[1]
    stores[0].close()
    assert stores[1].nearest(matrix[3], k=4) == found[0]
    stores[1].close()


def test_what_may_only_be_read_is_read_and_shown_to_nobody(tmp_path: Path) -> None:
    matrix = write(tmp_path / "v")
    for path in (*(tmp_path / "v").rglob("*"), tmp_path / "v"):
        path.chmod(0o555)
    store = VectorStore.read(tmp_path / "v")
    assert store._private
    paths = (store._private, *store._private.rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in paths if path.name != "copy.lock"} == {0o700}
    assert next(iter(store.nearest(matrix[2], k=1))) == 6
    store.close()


def test_copy_that_a_killed_process_left_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = write(tmp_path / "v")
    temporary = tmp_path / "temporary"
    (temporary / "footnote-graph-of-somebody").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    live = VectorStore.read(tmp_path / "v")
    program = (
        "import os, pathlib, sys; from index.vectors import VectorStore\n"
        "store = VectorStore.read(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "v")],
        cwd=Path(__file__).parent.parent, env={**os.environ, "TMPDIR": str(temporary)}, check=False,
    )  # fmt: skip
    assert ended.returncode == -9
    assert len(list(temporary.iterdir())) == 3
    VectorStore.read(tmp_path / "v").close()
    assert live._private
    assert {path.name for path in temporary.iterdir()} == {
        live._private.name, "footnote-graph-of-somebody",
    }  # fmt: skip
    assert next(iter(live.nearest(matrix[2], k=1))) == 6
    live.close()


def test_folder_without_a_collection_is_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for opened in (VectorStore, VectorStore.read):
        with pytest.raises(DamagedIndex, match="vectors cannot be read; run `footnote index`"):
            opened(tmp_path / "empty")


def test_garbage_is_a_damaged_index(tmp_path: Path) -> None:
    write(tmp_path / "v")
    for file in (tmp_path / "v").rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage " * 600)
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        VectorStore.read(tmp_path / "v").count()
