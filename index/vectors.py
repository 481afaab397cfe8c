"""Keeps passage vectors and finds the nearest. The one file that knows chromadb.

Vectors and numbers only: with text and node JSON as llama-index's store writes them a passage takes
7.8 KB on disk, without 2.4. Chroma's errors, its Rust panics included, become DamagedIndex.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from index.errors import reading
from index.packed import Vectors

COLLECTION = "passages"
COPIES = "footnote-graph-"


class VectorStore:
    """The vectors of one generation, by passage number."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open for writing, which only the process that builds a generation does."""
        import chromadb

        self._private: Path | None = None
        self._at_close = ExitStack()
        with reading("vectors"):
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

    @classmethod
    def read(cls, folder: Path) -> "VectorStore":
        """Open for reading: Chroma writes into its files as it opens them, so it gets copies.

        The generation's own stay as they were, and their checksums true.
        """
        with reading("vectors"), ExitStack() as at_close:
            private = at_close.enter_context(_private_folder())
            shutil.copytree(folder, private, dirs_exist_ok=True)
            for path in (private, *private.rglob("*")):  # may be copied as not to be written
                path.chmod(0o700)
            store = cls(private)
            store._private, store._at_close = private, at_close.pop_all()
        return store

    def add(self, numbers: Sequence[int], vectors: Vectors) -> None:
        """Add vectors `[numbers, dimensions]`, in batches that the engine takes."""
        with reading("vectors"):
            step = self._client.get_max_batch_size()
            for start in range(0, len(numbers), step):
                some = numbers[start : start + step]
                self._collection.add(
                    ids=[str(number) for number in some], embeddings=vectors[start : start + step]
                )

    def remove(self, numbers: Sequence[int]) -> None:
        """Remove vectors."""
        with reading("vectors"):
            step = self._client.get_max_batch_size()
            for start in range(0, len(numbers), step):
                self._collection.delete(ids=[str(n) for n in numbers[start : start + step]])

    def nearest(self, vector: Vectors, *, k: int) -> dict[int, float]:
        """Return the cosine of the `k` nearest passages to one vector, by passage number."""
        with reading("vectors"):
            found = self._collection.query(
                query_embeddings=[vector], n_results=k, include=["distances"]
            )
        distances = found["distances"][0]
        return {int(id_): 1.0 - float(d) for id_, d in zip(found["ids"][0], distances, strict=True)}

    def count(self) -> int:
        """Return how many vectors there are."""
        with reading("vectors"):
            return int(self._collection.count())

    def close(self) -> None:
        """Let go of the files."""
        with reading("vectors"):
            self._client.close()
        self._at_close.close()


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Hold a folder for a copy, and remove those of processes that were killed."""
    for file in Path(tempfile.gettempdir()).glob(f"{COPIES}*/copy.lock"):
        with suppress(OSError), FileLock(file, timeout=0):
            shutil.rmtree(file.parent)
    private = Path(tempfile.mkdtemp(prefix="footnote-"))
    with FileLock(private / "copy.lock", thread_local=False):
        private = private.rename(private.with_name(COPIES + private.name))  # so named once locked
        try:
            yield private
        finally:
            shutil.rmtree(private, ignore_errors=True)
