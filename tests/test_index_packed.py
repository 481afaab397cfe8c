from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.embed import Embedder
from index.packed import Bits, PackedVectors, Vectors, pack, unpack


def draw(seed: int, count: int, dimensions: int) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(count, dimensions))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def cosines(vectors: Vectors, bits: Bits) -> Vectors:
    back = unpack(pack(vectors, bits), bits, vectors.shape[1])
    assert back.shape == vectors.shape
    assert back.dtype == np.float32
    assert np.allclose(np.linalg.norm(back, axis=1), 1.0, atol=1e-5)
    return np.asarray((vectors * back).sum(axis=1))


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(st.integers(0, 999), st.integers(1, 20), st.integers(64, 400))
def test_directions_come_back(seed: int, count: int, dimensions: int) -> None:
    vectors = draw(seed, count, dimensions)
    assert cosines(vectors, 8).min() > 0.999
    assert cosines(vectors, 4).min() > 0.98


def test_directions_of_real_vectors_come_back(embedder: Embedder) -> None:
    texts = ["The gangs negotiated a truce.", "Apple pie.", "18", "señor 名前", "a " * 300]
    vectors = embedder.embed_queries(texts)
    assert cosines(vectors, 8).min() > 0.999
    assert cosines(vectors, 4).min() > 0.98


@settings(max_examples=30, derandomize=True, database=None, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([4, 8]))
def test_rows_are_as_wide_as_is_said(count: int, dimensions: int, bits: Bits) -> None:
    rows = pack(draw(1, count, dimensions), bits)
    assert rows.dtype == np.uint8
    assert rows.shape == (count, -(-dimensions * bits // 8))
    assert unpack(rows, bits, dimensions).shape == (count, dimensions)


def test_length_is_not_kept() -> None:
    vectors = draw(2, 3, 32)
    assert np.array_equal(pack(vectors * 7, 8), pack(vectors, 8))


@pytest.mark.parametrize("bits", [4, 8])
def test_nothing_packs_to_nothing(bits: Bits, tmp_path: Path) -> None:
    rows = pack(np.zeros((0, 33), np.float32), bits)
    assert unpack(rows, bits, 33).shape == (0, 33)
    (tmp_path / "empty").write_bytes(rows.tobytes())
    for name in ("empty", "absent"):
        file = PackedVectors(tmp_path / name, bits=bits, dimensions=33)
        assert file.count == 0
        assert file.vectors([]).shape == (0, 33)


@pytest.mark.parametrize("bits", [4, 8])
def test_vector_of_zeros_is_no_error(bits: Bits) -> None:
    back = unpack(pack(np.zeros((1, 8), np.float32), bits), bits, 8)
    assert np.isfinite(back).all()


@pytest.mark.parametrize("dimensions", [33, 34])
@pytest.mark.parametrize("bits", [4, 8])
def test_file_gives_rows_by_number(bits: Bits, dimensions: int, tmp_path: Path) -> None:
    vectors = draw(3, 10, dimensions)
    with (tmp_path / "rows").open("ab") as file:
        file.write(pack(vectors[:4], bits).tobytes())
        file.write(pack(vectors[4:], bits).tobytes())
    opened = PackedVectors(tmp_path / "rows", bits=bits, dimensions=dimensions)
    assert opened.count == 10
    assert np.array_equal(opened.rows([9, 0]), pack(vectors[[9, 0]], bits))
    assert np.array_equal(
        opened.vectors(np.array([2, 2, 7])),
        unpack(pack(vectors[[2, 2, 7]], bits), bits, dimensions),
    )
    with pytest.raises(IndexError):
        opened.rows([10])
