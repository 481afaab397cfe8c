"""Keeps passage vectors and finds the nearest. The one file that knows chromadb.

Vectors and ids only: with text and node JSON as llama-index's store writes them a passage takes
7.8 KB on disk, without 2.4. Chroma's errors, its Rust panics included, become DamagedIndex.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.embed import Vectors
from index.errors import DamagedIndex

COLLECTION = "passages"


class VectorStore:
    """The vectors of one generation. Only the process that builds a generation writes it."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        import chromadb

        with _guarded():
            settings = chromadb.Settings(anonymized_telemetry=False, allow_reset=False)
            self._client: Any = chromadb.PersistentClient(str(folder), settings=settings)
            self._collection: Any = (
                self._client.create_collection(
                    COLLECTION,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": 200}},
                )
                if create
                else self._client.get_collection(COLLECTION, embedding_function=None)
            )

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors `[ids, dimensions]`, in batches that the engine takes."""
        with _guarded():
            step = self._client.get_max_batch_size()
            for start in range(0, len(ids), step):
                end = start + step
                self._collection.add(ids=list(ids[start:end]), embeddings=vectors[start:end])

    def nearest(self, vector: Vectors, *, k: int) -> dict[str, float]:
        """Return the cosine of the `k` nearest passages to one vector, by passage id."""
        with _guarded():
            found = self._collection.query(
                query_embeddings=[vector], n_results=k, include=["distances"]
            )
        distances = found["distances"][0]
        return {id_: 1.0 - float(d) for id_, d in zip(found["ids"][0], distances, strict=True)}

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors of these passages, by passage id."""
        if not ids:
            return {}
        with _guarded():
            found = self._collection.get(ids=list(dict.fromkeys(ids)), include=["embeddings"])
        vectors = np.asarray(found["embeddings"], np.float32)
        return dict(zip(found["ids"], vectors, strict=True))

    def count(self) -> int:
        """Return how many vectors there are."""
        with _guarded():
            return int(self._collection.count())

    def close(self) -> None:
        """Let go of the files."""
        with _guarded():
            self._client.close()


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # pyo3's PanicException is no Exception
        raise DamagedIndex(
            "the index's vectors cannot be read; run `footnote index` to build it again."
        ) from error
