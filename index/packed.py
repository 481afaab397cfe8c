"""Vectors in flat files, a few bits a value. Does not know what they are of.

A row is a vector of length one, and keeps its direction alone. On SQuAD 2.0 and NQ passages, 8 bits
a value rank as 32 do, and so do 4 bits for sentences; 1 bit loses half a point of Hit@1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.uint8]
Bits = Literal[4, 8]

_SPREAD = 2.6  # standard deviations that 16 levels reach: the error is least about there


def pack(vectors: Vectors, bits: Bits) -> Rows:
    """Return rows `[n, dimensions * bits / 8]` of bytes for `vectors` `[n, dimensions]`."""
    if bits == 8:
        largest = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-9)
        whole: Rows = np.rint(vectors / largest * 127).astype(np.int8).view(np.uint8)
        return whole
    scale = vectors.std(axis=1, keepdims=True) * _SPREAD + 1e-9
    levels = np.clip(np.floor((vectors / scale + 1) * 8), 0, 15).astype(np.uint8)
    if levels.shape[1] % 2:
        levels = np.pad(levels, ((0, 0), (0, 1)), constant_values=8)
    packed: Rows = levels[:, ::2] << 4 | levels[:, 1::2]
    return packed


def unpack(rows: Rows, bits: Bits, dimensions: int) -> Vectors:
    """Return vectors of length one `[n, dimensions]`."""
    values: Vectors
    if bits == 8:
        values = rows.view(np.int8).astype(np.float32)
    else:
        levels = np.empty((len(rows), rows.shape[1] * 2), np.float32)
        levels[:, ::2], levels[:, 1::2] = rows >> 4, rows & 15
        values = (levels[:, :dimensions] + np.float32(0.5)) / np.float32(8) - np.float32(1)
    lengths = np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    return np.asarray(values / lengths, np.float32)


class PackedVectors:
    """A file of rows, numbered from 0."""

    def __init__(self, path: Path, *, bits: Bits, dimensions: int) -> None:
        self.path, self.bits, self.dimensions = path, bits, dimensions
        width = -(-dimensions * bits // 8)
        size = path.stat().st_size if path.exists() else 0
        self.count = size // width
        self._rows: Rows = (
            np.memmap(path, np.uint8, "r", shape=(self.count, width))
            if size
            else np.zeros((0, width), np.uint8)
        )

    def rows(self, numbers: Sequence[int] | NDArray[np.int64]) -> Rows:
        """Return rows as they are in the file."""
        return np.asarray(self._rows[np.asarray(numbers, np.int64)])

    def vectors(self, numbers: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Return the vectors of these rows, `[numbers, dimensions]`."""
        return unpack(self.rows(numbers), self.bits, self.dimensions)
