"""The index on disk: immutable generations and a pointer to the one in use.

    <index>/CURRENT              name of the generation in use, replaced atomically
    <index>/generations/<id>/    vectors/ (Chroma), documents.sqlite, manifest.json (written last)
    <index>/lock                 one writer

Why generations: a Chroma folder that is written while another process reads it loses results in
silence, and deleting and adding again leaves passages that are never found.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from corpus.document import Document
from index.errors import DamagedIndex, IndexBusy, MissingIndex, StaleIndex, UnwritableIndex
from index.store import Store
from index.vectors import VectorStore

FORMAT = 1
"""Goes up when what is on disk, or where documents are cut, changes: older indexes are refused."""


class Skip(BaseModel):
    """A file the build left out, and why."""

    path: str
    reason: str


class Manifest(BaseModel):
    """What made a generation, and what it must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    version: str
    built_at: datetime
    embedding_model: str
    dimensions: int
    passage_tokens: int
    document_count: int
    passage_count: int
    store_sha256: str
    documents: dict[str, str]
    skipped: list[Skip]


class Generation:
    """An open generation: its manifest, documents, passages and vectors. Only read."""

    def __init__(
        self, folder: Path, manifest: Manifest, store: Store, vectors: VectorStore
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.store = store
        self.vectors = vectors

    def document(self, document_id: str) -> Document:
        """Return one document; UnknownDocument if there is none of this id."""
        return self.store.document(document_id)

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()
        self.vectors.close()


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
    """Open a generation's parts and check that they are all there."""
    path = folder / "documents.sqlite"
    if not path.is_file() or file_sha256(path) != manifest.store_sha256:
        raise _damaged(folder, "its documents file is missing or altered")
    if not (folder / "vectors").is_dir():
        raise _damaged(folder, "its vectors are missing")
    store, vectors = Store.open(path), VectorStore(folder / "vectors")
    counts = {store.count_passages(), vectors.count(), manifest.passage_count}
    if len(counts) > 1:
        raise _damaged(folder, f"it holds {sorted(counts)} passages where one number is expected")
    return Generation(folder, manifest, store, vectors)


def current_name(index: Path) -> str | None:
    """Return the name of the generation in use, or None."""
    pointer = index / "CURRENT"
    if not pointer.is_file():
        return None
    try:
        name = pointer.read_text(encoding="utf-8").strip()
        if not name or name != Path(name).name:
            raise ValueError(name)
        return name
    except (OSError, ValueError) as error:
        raise _damaged(index / "generations" / "?", "its pointer cannot be read") from error


def read_manifest(folder: Path) -> Manifest:
    """Read a generation's manifest; StaleIndex if another version of Footnote wrote it."""
    try:
        raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise StaleIndex(
                f"the index has format {raw['format']}, this version reads {FORMAT}; run "
                "`footnote index` to build it again."
            )
        return Manifest.model_validate(raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, "its manifest is missing or cannot be read") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all a generation's files."""
    _write_atomically(folder / "manifest.json", manifest.model_dump_json(indent=2))


def swap(index: Path, name: str) -> None:
    """Make the generation `name` the one in use; keep the one before it, remove all others."""
    _write_atomically(index / "CURRENT", name + "\n")
    others = sorted(p for p in (index / "generations").iterdir() if p.name != name)
    whole = [p for p in others if (p / "manifest.json").is_file()]
    for old in others:
        if old not in whole[-1:]:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def writing(index: Path) -> Iterator[None]:
    """Hold the index's lock; IndexBusy at once if another process holds it."""
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableIndex(
            f"{index} cannot hold an index ({error.strerror}); give another folder with --index."
        ) from error
    lock = FileLock(index / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IndexBusy(
            f"another process is writing the index in {index}; wait for it to finish."
        ) from error
    try:
        yield
    finally:
        lock.release()


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _damaged(folder: Path, what: str) -> DamagedIndex:
    return DamagedIndex(
        f"the index in {folder.parent.parent} is damaged ({what}); run `footnote index` to build "
        "it again."
    )
