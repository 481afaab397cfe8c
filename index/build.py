"""Builds a new generation from a corpus and puts it in use. Does not know questions.

Passages whose searched text did not change keep their vectors; when nothing at all changed, the
generation in use stays and no model is loaded.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from corpus.document import Document
from corpus.load import Corpus, Skipped
from index.embed import Embedder, Vectors
from index.errors import DamagedIndex, MissingIndex, StaleIndex
from index.generation import (
    FORMAT,
    Generation,
    Manifest,
    Skip,
    file_sha256,
    open_current,
    open_generation,
    swap,
    write_manifest,
    writing,
)
from index.passage import Passage
from index.split import searched_text, split_document
from index.store import Store
from index.vectors import VectorStore

SELF_QUERIES = 20
"""Passages looked up by their own vector before a generation is put in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did: counts of documents (and passages), and what was left out."""

    documents: int
    passages: int
    added: int
    updated: int
    removed: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage on its way into the index: its heading words, searched text and that text's key."""

    passage: Passage
    head: str
    searched: str
    content_key: str


def build_index(
    corpus: Corpus,
    *,
    index: Path,
    embedding_model: str,
    passage_tokens: int,
    load_embedder: Callable[[str], Embedder] = Embedder,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> BuildReport:
    """Bring the index in folder `index` up to date with `corpus`.

    `progress` is told how many passages of how many are embedded. Raises IndexBusy when another
    process is writing; whatever fails, the generation in use stays in use.
    """
    started = time.monotonic()
    with writing(index):
        previous = _open_previous(index, embedding_model, passage_tokens)
        try:
            before = _documents(previous)
            added = sum(d.id not in before for d in corpus.documents)
            unchanged = sum(_same(d, before.get(d.id)) for d in corpus.documents)
            removed = len(before.keys() - {d.id for d in corpus.documents})
            skips = [Skip(path=s.path, reason=s.reason) for s in corpus.skipped]
            if previous and unchanged == len(corpus.documents) == len(before):
                passage_count = previous.manifest.passage_count
                if skips != previous.manifest.skipped:
                    manifest = previous.manifest.model_copy(update={"skipped": skips})
                    write_manifest(previous.folder, manifest)
            else:
                embedder = load_embedder(embedding_model)
                entries = _split(corpus, embedder, passage_tokens)
                vectors = _embed(entries, embedder, previous, progress)
                passage_count = len(vectors)
                _write(index, corpus, entries, vectors, embedding_model, passage_tokens)
        finally:
            if previous:
                previous.close()
    return BuildReport(
        documents=len(corpus.documents),
        passages=passage_count,
        added=added,
        updated=len(corpus.documents) - added - unchanged,
        removed=removed,
        unchanged=unchanged,
        skipped=corpus.skipped,
        seconds=round(time.monotonic() - started, 3),
    )


def _open_previous(index: Path, embedding_model: str, passage_tokens: int) -> Generation | None:
    try:
        return open_current(index, embedding_model=embedding_model, passage_tokens=passage_tokens)
    except (MissingIndex, StaleIndex, DamagedIndex):
        return None


def _documents(generation: Generation | None) -> dict[str, Document]:
    return {d.id: d for d in generation.store.documents()} if generation else {}


def _same(document: Document, before: Document | None) -> bool:
    """A file that was only touched counts as unchanged."""
    if before is None:
        return False
    fields = (f for f in Document.__dataclass_fields__ if f != "modified_at")
    return all(getattr(document, field) == getattr(before, field) for field in fields)


def _split(corpus: Corpus, embedder: Embedder, passage_tokens: int) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = {}
    for document in corpus.documents:
        entries[document.id] = []
        for passage in split_document(document, fits=embedder.fits, passage_tokens=passage_tokens):
            searched = searched_text(document, passage.text, passage.heading_path)
            head = searched[: -len(passage.text)].strip()
            key = hashlib.sha256(searched.encode()).hexdigest()
            entries[document.id].append(Entry(passage, head, searched, key))
    return entries


def _embed(
    entries: dict[str, list[Entry]],
    embedder: Embedder,
    previous: Generation | None,
    progress: Callable[[int, int], None],
) -> dict[str, Vectors]:
    """Return each passage's vector by passage id, taking what the previous generation has."""
    flat = [entry for document_entries in entries.values() for entry in document_entries]
    known = previous.store.content_keys() if previous else {}
    wanted = [known[entry.content_key] for entry in flat if entry.content_key in known]
    kept = previous.vectors.get(wanted) if previous else {}
    vectors = {
        entry.passage.id: kept[known[entry.content_key]]
        for entry in flat
        if entry.content_key in known
    }
    new = [entry for entry in flat if entry.passage.id not in vectors]
    finished = 0

    def done(count: int) -> None:
        nonlocal finished
        finished += count
        progress(finished, len(new))

    fresh = embedder.embed_passages([entry.searched for entry in new], done=done)
    return vectors | {entry.passage.id: fresh[i] for i, entry in enumerate(new)}


def _write(
    index: Path,
    corpus: Corpus,
    entries: dict[str, list[Entry]],
    vectors: dict[str, Vectors],
    embedding_model: str,
    passage_tokens: int,
) -> None:
    built_at = datetime.now(UTC)
    name = built_at.strftime("%Y%m%dT%H%M%S%f")
    folder = index / "generations" / name
    folder.mkdir(parents=True)
    try:
        store = Store.create(folder / "documents.sqlite")
        for document in corpus.documents:
            rows = ((e.passage, e.head, e.content_key) for e in entries[document.id])
            store.add(document, rows)
        store.commit()
        store.close()
        stacked = np.stack(list(vectors.values()))
        vector_store = VectorStore(folder / "vectors", create=True)
        vector_store.add(list(vectors), stacked)
        vector_store.close()
        manifest = Manifest(
            format=FORMAT,
            version=version("footnote"),
            built_at=built_at,
            embedding_model=embedding_model,
            dimensions=stacked.shape[1],
            passage_tokens=passage_tokens,
            document_count=len(corpus.documents),
            passage_count=len(vectors),
            store_sha256=file_sha256(folder / "documents.sqlite"),
            documents={d.id: d.sha256 for d in corpus.documents},
            skipped=[Skip(path=s.path, reason=s.reason) for s in corpus.skipped],
        )
        _prove(folder, manifest, vectors)
        write_manifest(folder, manifest)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    swap(index, name)


def _prove(folder: Path, manifest: Manifest, vectors: dict[str, Vectors]) -> None:
    """Open the generation as a reader would; a spread of passages must find themselves."""
    generation = open_generation(folder, manifest)
    try:
        ids = list(vectors)
        for id_ in ids[:: max(1, len(ids) // SELF_QUERIES)]:
            found = generation.vectors.nearest(vectors[id_], k=1)
            if next(iter(found.values()), 0.0) < 0.999:
                raise DamagedIndex(
                    "the new index did not find its own passages, so the old one stays in use; "
                    "run `footnote index` again."
                )
    finally:
        generation.close()
