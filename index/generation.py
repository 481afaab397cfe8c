"""The index on disk: immutable generations and a pointer to the one in use.

    <index>/CURRENT              name of the generation in use, replaced atomically
    <index>/generations/<id>/    vectors/ (Chroma), words/ (tantivy), documents.sqlite,
                                 passages.i8, sentences.i4, manifest.json (written last),
                                 questions.json (made of it later, no part of the manifest)
    <index>/unfinished.sqlite    what a build that was cut short had embedded
    <index>/lock                 one writer

Why generations: a Chroma folder that is written while another process reads it loses results in
silence. Every file's checksum is in the manifest, and read at each open.
"""

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from corpus.document import Document
from index.embed import QueryEmbedder
from index.errors import DamagedIndex, IndexBusy, MissingIndex, StaleIndex, unwritable
from index.keyword import KeywordIndex
from index.manifest import Manifest, damaged, file_sha256, read_manifest, write_atomically
from index.packed import PackedVectors, Vectors
from index.store import Store
from index.vectors import VectorStore

EXACT_PASSAGES = 20_000
"""Up to here every vector is compared: as fast as the graph, no misses, and Chroma stays shut."""
PROBE = "The quick brown fox jumps over the lazy dog."
SAME_MODEL = 0.99  # cosine of the probe now and when the index was built


class Generation:
    """An open generation: its documents, passages, words and vectors. Only read, by any thread."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.store = Store(folder / "documents.sqlite")
        with tempfile.TemporaryDirectory(prefix="footnote-") as links:
            words = folder / "words"
            if not os.access(words, os.W_OK):  # tantivy makes a lock beside what it opens
                for file in words.glob("[!.]*"):
                    (Path(links) / file.name).symlink_to(file.resolve())
                words = Path(links)
            self.words = KeywordIndex(words)
        size = manifest.dimensions
        self.passage_vectors = PackedVectors(folder / "passages.i8", bits=8, dimensions=size)
        self.sentence_vectors = PackedVectors(folder / "sentences.i4", bits=4, dimensions=size)
        self._opening = threading.Lock()
        self._graph: VectorStore | None = None
        self._embedder: QueryEmbedder | None = None
        self._opened = ExitStack()
        self._opened.callback(self.store.close)
        self._close = weakref.finalize(self, self._opened.close)

    def document(self, document_id: str) -> Document:
        """Return one document; UnknownDocument if there is none of this id."""
        return self.store.document(document_id)

    def nearest(
        self, vector: Vectors, *, k: int, among: Sequence[int] | None = None
    ) -> dict[int, float]:
        """Return the cosine of the `k` nearest passages, of all or of those among, by number."""
        if among is None and self.manifest.passage_count > EXACT_PASSAGES:
            return self.graph().nearest(vector, k=k)
        if among is None:
            numbers, vectors = self._all
            cosines = vectors @ vector
        else:
            numbers = np.array(among, np.int64)
            parts = np.split(numbers, range(EXACT_PASSAGES, len(numbers), EXACT_PASSAGES))
            cosines = np.concatenate([self.passage_vectors.vectors(p) @ vector for p in parts])
        best = np.lexsort((numbers, -cosines))[:k]
        return {int(numbers[i]): float(cosines[i]) for i in best}

    def graph(self) -> VectorStore:
        """Return Chroma's store, opened when it is first needed."""
        with self._opening:
            if not self._graph:
                self._graph = VectorStore.read(self.folder / "vectors")
                self._opened.callback(self._graph.close)
            return self._graph

    def prepare(self, embedder: QueryEmbedder) -> None:
        """Do what the first question would wait for, while the files are sure to be there."""
        self.require(embedder)
        if self.manifest.passage_count > EXACT_PASSAGES:
            self.graph()

    def is_made_by(self, embedder: QueryEmbedder) -> bool:
        """Say whether the embedder is the model that the index was built with."""
        if self._embedder is not embedder:
            probe, then = embedder.embed_queries([PROBE])[0], np.array(self.manifest.probe)
            if len(probe) != len(then) or not float(probe @ then) > SAME_MODEL:
                return False
            self._embedder = embedder
        return True

    def require(self, embedder: QueryEmbedder) -> None:
        """Raise StaleIndex unless the embedder is the model that the index was built with."""
        if not self.is_made_by(embedder):
            raise StaleIndex(
                f"the index was made by another model than the {embedder.name!r} that is on this "
                "machine now; run `footnote index` to build it again."
            )

    def close(self) -> None:
        """Let go of the files; a generation that nobody holds any more does so by itself."""
        self._close()

    @cached_property
    def languages(self) -> list[str | None]:
        """Return the languages of the documents, the most frequent first."""
        return self.store.languages()

    @cached_property
    def _all(self) -> tuple[NDArray[np.int64], Vectors]:
        numbers = np.array(self.store.numbers(), np.int64)
        return numbers, self.passage_vectors.vectors(numbers)


def open_current(index: Path, *, embedding_model: str, passage_tokens: int) -> Generation:
    """Open the generation in use.

    Raises MissingIndex when none was built, StaleIndex when it was made with other settings, and
    DamagedIndex when it is not whole; each message holds the command that mends it.
    """
    name = current_name(index)
    if name is None:
        raise MissingIndex(f"there is no index in {index} yet; run `footnote index` to build it.")
    folder = index / "generations" / name
    manifest = read_manifest(folder)
    made_with = (manifest.embedding_model, manifest.passage_tokens)
    if made_with != (embedding_model, passage_tokens):
        raise StaleIndex(
            f"the index was made with embedding model {made_with[0]!r} and passages of "
            f"{made_with[1]} tokens, not {embedding_model!r} and {passage_tokens}; run "
            "`footnote index` to build it again."
        )
    return open_generation(folder, manifest)


def open_generation(folder: Path, manifest: Manifest) -> Generation:
    """Open a generation's parts and check that each is as it was written."""

    def is_whole(name: str) -> bool:
        try:
            return file_sha256(folder / name) == manifest.files[name]
        except OSError:
            return False

    with ThreadPoolExecutor() as threads:
        for name, whole in zip(manifest.files, threads.map(is_whole, manifest.files), strict=True):
            if not whole:
                raise damaged(folder, f"{name} is missing or altered")
    try:
        generation = Generation(folder, manifest)
    except OSError as error:  # another build removed it just now
        raise damaged(folder, "it cannot be opened") from error
    counts = {generation.store.count_passages(), generation.words.count(), manifest.passage_count}
    if len(counts) > 1:
        generation.close()
        raise damaged(folder, f"it holds {sorted(counts)} passages where one number is expected")
    return generation


def current_name(index: Path) -> str | None:
    """Return the name of the generation in use, or None."""
    pointer = index / "CURRENT"
    try:
        name = pointer.read_text(encoding="utf-8").strip()
        if not name or name != Path(name).name:
            raise ValueError(name)
        return name
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise damaged(index / "generations" / "?", "its pointer cannot be read") from error


def swap(index: Path, name: str) -> None:
    """Make the generation `name` the one in use; keep the one before it, remove all others."""
    before = current_or_none(index)
    write_atomically(index / "CURRENT", name + "\n")
    for folder in (index / "generations").glob("*"):
        if folder.name not in (name, before):
            shutil.rmtree(folder, ignore_errors=True)


def prune(index: Path) -> None:
    """Remove what builds that were cut short left behind."""
    for folder in (index / "generations").glob("*"):
        if not (folder / "manifest.json").is_file():
            shutil.rmtree(folder, ignore_errors=True)


def roll_back(index: Path) -> str:
    """Put the generation before the one in use back in use, and return its name."""
    with writing(index):
        current = current_or_none(index)
        finished = (file.parent.name for file in (index / "generations").glob("*/manifest.json"))
        others = [name for name in finished if name < (current or "~")]
        if not others:
            raise MissingIndex(f"{index} holds no earlier index to go back to; nothing was done.")
        folder = index / "generations" / max(others)
        open_generation(folder, read_manifest(folder)).close()
        with unwritable(index):
            write_atomically(index / "CURRENT", folder.name + "\n")
        return folder.name


def current_or_none(index: Path) -> str | None:
    """Return the name of the generation in use; None also where that cannot be read."""
    try:
        return current_name(index)
    except DamagedIndex:
        return None


@contextmanager
def writing(index: Path) -> Iterator[None]:
    """Hold the index's lock; IndexBusy at once if another process holds it."""
    lock = FileLock(index / "lock")
    with unwritable(index):
        try:
            index.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise IndexBusy(
                f"another process is writing the index in {index}; wait for it to finish."
            ) from error
    try:
        yield
    finally:
        lock.release()
