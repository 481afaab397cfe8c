"""Brings an index up to date with a corpus and puts it in use. Does not know questions.

Unchanged documents are copied with the generation that holds them; passages whose searched text is
known keep their vectors. When nothing changed, the generation in use stays and no model is loaded.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from corpus.document import Document
from corpus.load import Corpus, Skipped
from index.change import Change, compare, find_duplicates, is_worth_copying
from index.embed import BUNDLED, Embedder, load_embedder
from index.errors import DamagedIndex, MissingIndex, StaleIndex, UnwritableIndex, unwritable
from index.generation import (
    EXACT_PASSAGES,
    PROBE,
    Generation,
    open_current,
    open_generation,
    prune,
    swap,
    writing,
)
from index.manifest import FORMAT, Manifest, list_files, sync, write_manifest
from index.prepare import Journal, find_vectors, forget, make_entries
from index.writer import Writer

BATCH = 128
"""Passages embedded between two writes to the journal: about a second's work."""
SELF_QUERIES = 20
"""Passages looked up by their own vector before a generation is put in use, and of the newest."""
MOST_MISSED = 0.05
"""Of those; a graph of near-equal vectors leaves .2 % unreachable, a damaged one a fifth."""
BYTES_A_CHARACTER = 10
"""Of disk that a character of text comes to in an index, and its journal, at most."""
BYTES_AT_LEAST = 5_000_000
"""Whatever the text: Chroma's files come to .4 MB when empty, and the journal's log grows to 4."""
LIBRARIES = ("chromadb", "numpy", "onnxruntime", "PyStemmer", "tantivy", "tiktoken")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What a build did: counts of documents (and passages), and what was left out.

    `duplicates` holds pairs of ids: a document, and the one that it has the same words as.
    """

    documents: int
    passages: int
    added: int
    updated: int
    removed: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    duplicates: tuple[tuple[str, str], ...]
    seconds: float


def reusable(
    index: Path, *, embedding_model: str, passage_tokens: int
) -> Callable[[str, str], Document | None]:
    """Return what `load_corpus` asks for a document that was read from the same bytes before."""
    previous = _open_previous(index, embedding_model, passage_tokens)
    hashes = previous.store.file_hashes() if previous else {}

    def find(document_id: str, file_sha256: str) -> Document | None:
        same = previous and file_sha256 and hashes.get(document_id) == file_sha256
        return previous.document(document_id) if previous and same else None

    return find


def build_index(
    corpus: Corpus,
    *,
    index: Path,
    embedding_model: str = BUNDLED,
    passage_tokens: int,
    load_embedder: Callable[[str], Embedder] = load_embedder,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> BuildReport:
    """Bring the index in folder `index` up to date with `corpus`.

    `progress` is told how many characters of how many are indexed. Raises IndexBusy when another
    process is writing and UnwritableIndex when the disk is full; whatever fails, the generation in
    use stays in use.
    """
    started = time.monotonic()
    with writing(index), ExitStack() as opened:
        prune(index)
        previous = _open_previous(index, embedding_model, passage_tokens)
        if previous:
            opened.enter_context(closing(previous))
        change = compare(corpus, previous)
        if previous and not (change.write or change.remove):
            manifest = _keep(index, previous, corpus)
        else:
            embedder = load_embedder(embedding_model)
            if previous and not previous.is_made_by(embedder):
                previous, change = None, compare(corpus, None)
            build = _Build(index, corpus, embedder, passage_tokens, previous, progress)
            manifest = build.run(change)
    return BuildReport(
        documents=len(corpus.documents),
        passages=manifest.passage_count,
        **change.counts,
        skipped=corpus.skipped,
        duplicates=find_duplicates(corpus),
        seconds=round(time.monotonic() - started, 3),
    )


def _open_previous(index: Path, embedding_model: str, passage_tokens: int) -> Generation | None:
    try:
        return open_current(index, embedding_model=embedding_model, passage_tokens=passage_tokens)
    except (MissingIndex, StaleIndex, DamagedIndex):
        return None


def _keep(index: Path, generation: Generation, corpus: Corpus) -> Manifest:
    """Leave the generation in use as it is, but for its list of what was skipped."""
    manifest = generation.manifest
    with unwritable(index):
        forget(index)
        if corpus.skipped != manifest.skipped:
            manifest = manifest.model_copy(update={"skipped": corpus.skipped})
            write_manifest(generation.folder, manifest)
    return manifest


@dataclass(frozen=True)
class _Build:
    """One new generation in the making; what `previous` holds need not be embedded."""

    _index: Path
    _corpus: Corpus
    _embedder: Embedder
    _passage_tokens: int
    _previous: Generation | None
    _progress: Callable[[int, int], None]

    def run(self, change: Change) -> Manifest:
        """Write a generation, prove it, and put it in use."""
        built_at = datetime.now(UTC)
        name = built_at.strftime("%Y%m%dT%H%M%S%f")
        folder = self._index / "generations" / name
        copied = self._previous
        if not copied or not is_worth_copying(copied, change):
            copied, change = None, compare(self._corpus, None)
        _check_space(self._index, change, copied)
        probe = [round(float(x), 4) for x in self._embedder.embed_queries([PROBE])[0]]
        made_by = (self._embedder.name, *probe, FORMAT)
        try:
            with unwritable(self._index):
                with closing(Journal(self._index, made_by=made_by)) as journal:
                    passages = self._write(folder, change, copied, journal)
                manifest = self._manifest(built_at, folder, passages, probe)
                _prove(folder, manifest)
                sync(*folder.rglob("*"), folder, folder.parent)
                write_manifest(folder, manifest)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with unwritable(self._index):
            swap(self._index, name)  # from here on it is in use, whatever happens
            forget(self._index)
        return manifest

    def _write(
        self, folder: Path, change: Change, copied: Generation | None, journal: Journal
    ) -> int:
        """Write the documents of a change, and return how many passages there are now."""
        done, total = 0, sum(len(document.text) for document in change.write)
        entries = make_entries(change.write, self._embedder, self._passage_tokens)
        copy_of, dimensions = copied.folder if copied else None, self._embedder.dimensions
        with closing(Writer(folder, copy_of=copy_of, dimensions=dimensions)) as writer:
            for document_id in change.remove:
                writer.remove(document_id)
            while batch := list(islice(entries, BATCH)):
                vectors = find_vectors(
                    batch, embedder=self._embedder, previous=self._previous, journal=journal
                )
                for entry, rows in zip(batch, vectors, strict=True):
                    file_sha256 = self._corpus.file_sha256.get(entry.document.id, "")
                    writer.add(entry, rows=rows, file_sha256=file_sha256)
                    done += len(entry.passage.text)
                self._progress(done, total)
            self._progress(total, total)
            return writer.finish()

    def _manifest(
        self, built_at: datetime, folder: Path, passages: int, probe: list[float]
    ) -> Manifest:
        return Manifest(
            format=FORMAT,
            version=version("footnote"),
            made_with={name: version(name) for name in LIBRARIES},
            built_at=built_at,
            embedding_model=self._embedder.name,
            probe=probe,
            dimensions=self._embedder.dimensions,
            passage_tokens=self._passage_tokens,
            document_count=len(self._corpus.documents),
            passage_count=passages,
            files=list_files(folder),
            documents={d.id: d.sha256 for d in self._corpus.documents},
            skipped=self._corpus.skipped,
        )


def _check_space(index: Path, change: Change, copied: Generation | None) -> None:
    files = copied.folder.rglob("*") if copied else ()
    needed = BYTES_AT_LEAST + sum(file.stat().st_size for file in files)
    needed += sum(len(document.text) for document in change.write) * BYTES_A_CHARACTER
    free = shutil.disk_usage(index).free
    if free < needed:
        raise UnwritableIndex(
            f"the index in {index} may need {needed / 1e6:,.0f} MB and the disk has "
            f"{free / 1e6:,.0f} MB left; make room, or give another folder with --index."
        )


def _prove(folder: Path, manifest: Manifest) -> None:
    """Open the generation as a reader would; in a graph that is used, passages find themselves."""
    with closing(open_generation(folder, manifest)) as generation:
        numbers = generation.store.numbers()
        asked = numbers[:: max(1, len(numbers) // SELF_QUERIES)] + numbers[-SELF_QUERIES:]
        used = len(numbers) > EXACT_PASSAGES  # smaller ones are compared one by one
        vectors = generation.passage_vectors.vectors(asked if used else [])
        missed = sum(
            next(iter(generation.graph().nearest(vector, k=1).values()), 0.0) < 0.999
            for vector in vectors
        )
        if missed > MOST_MISSED * len(asked) or generation.graph().count() != len(numbers):
            raise DamagedIndex(
                "the new index did not find its own passages, so the old one stays in use; "
                "run `footnote index` again."
            )
