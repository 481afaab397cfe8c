from pathlib import Path

import numpy as np
import pytest

from index.embed import Vectors
from index.errors import DamagedIndex
from index.vectors import VectorStore

COUNT, DIMENSIONS = 300, 24


def unit_vectors() -> Vectors:
    drawn = np.random.default_rng(7).normal(size=(COUNT, DIMENSIONS))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def write(folder: Path) -> dict[str, Vectors]:
    vectors = unit_vectors()
    ids = [f"d.txt#{n}" for n in range(COUNT)]
    store = VectorStore(folder, create=True)
    store.add(ids, vectors)
    store.close()
    return dict(zip(ids, vectors, strict=True))


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    written = write(tmp_path / "v")
    for _ in range(2):
        store = VectorStore(tmp_path / "v")
        assert store.count() == COUNT
        got = store.get(["d.txt#299", "d.txt#3", "absent"])
        store.close()
        assert got.keys() == {"d.txt#299", "d.txt#3"}
        assert all(np.array_equal(got[id_], written[id_]) for id_ in got)


def test_nearest_are_the_exact_ones_with_their_cosines(tmp_path: Path) -> None:
    written = write(tmp_path / "v")
    store = VectorStore(tmp_path / "v")
    matrix = np.stack(list(written.values()))
    for query in np.random.default_rng(8).normal(size=(20, DIMENSIONS)).astype(np.float32):
        cosines = matrix @ (query / np.linalg.norm(query))
        best = np.argsort(-cosines)[:5]
        near = store.nearest(query, k=5)
        assert list(near) == [f"d.txt#{n}" for n in best]
        assert np.allclose(list(near.values()), cosines[best], atol=1e-5)
    store.close()


def test_more_wanted_than_there_are_gives_all(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v", create=True)
    store.add(["a", "b"], unit_vectors()[:2])
    assert store.nearest(unit_vectors()[1], k=9).keys() == {"a", "b"}
    assert store.get([]) == {}
    store.close()


def test_folder_without_a_collection_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="footnote index"):
        VectorStore(tmp_path / "empty")


def test_garbage_is_a_damaged_index(tmp_path: Path) -> None:
    write(tmp_path / "v")
    for file in (tmp_path / "v").rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage " * 600)
    with pytest.raises(DamagedIndex, match="footnote index"):
        VectorStore(tmp_path / "v").count()


def test_id_wanted_twice_is_no_damage(tmp_path: Path) -> None:
    write(tmp_path / "v")
    store = VectorStore(tmp_path / "v")
    try:
        assert store.get(["d.txt#3", "d.txt#3"]).keys() == {"d.txt#3"}
    finally:
        store.close()
