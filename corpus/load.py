"""Turns the files of folders into Documents. Does not know what is done with them."""

import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from corpus.blocks import Extract, make_document
from corpus.document import Document
from corpus.errors import EmptyCorpus, UnreadableDocument
from corpus.readers import READERS
from corpus.sandbox import Job, Limits, read_apart
from corpus.walk import LARGEST_FILE_BYTES, Found, find_files

__all__ = ["LARGEST_FILE_BYTES", "Corpus", "Skipped", "load_corpus"]
Reuse = Callable[[str, str], Document | None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that did not become a document, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of the folders given, ordered by id, and the files left out, ordered too.

    `file_sha256` maps the id of every document to the SHA-256 of its file's bytes.
    """

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]
    file_sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What a file was when it was hashed; it must be the same after it was read."""

    document_id: str
    path: Path
    sha256: str
    status: os.stat_result

    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.status.st_mtime, UTC)

    def is_unchanged(self) -> bool:
        try:
            return _identity(self.path.stat()) == _identity(self.status)
        except OSError:
            return False


def load_corpus(
    paths: Sequence[Path],
    *,
    reuse: Reuse = lambda _id, _sha256: None,
    progress: Progress = lambda _done, _of: None,
    limits: Limits = Limits(),  # noqa: B008  a value that never changes
) -> Corpus:
    """Read every file under `paths` (folders or single files), each in a process with limits.

    `reuse(document_id, file_sha256)` may return the Document that the same bytes made earlier;
    `progress(done, of)` counts files. Raises MissingFolder for a path that does not exist and
    EmptyCorpus when not one document could be read.
    """
    files = find_files(paths)
    gathered = _Gathered(of=len(files), progress=progress)
    unread: list[_Bytes] = []
    for found in files:
        try:
            file = _hash(found)
        except UnreadableDocument as reason:
            gathered.skip(found.document_id, reason)
            continue
        document = reuse(file.document_id, file.sha256)
        if document is None:
            unread.append(file)
        else:
            gathered.add(file, replace(document, modified_at=file.modified_at()))
    jobs = [Job(file.path, READERS[file.path.suffix.lower()]) for file in unread]
    with closing(read_apart(jobs, limits=limits)) as outcomes:
        for number, outcome in outcomes:
            try:
                gathered.add(unread[number], _document(unread[number], outcome))
            except UnreadableDocument as reason:
                gathered.skip(unread[number].document_id, reason)
    if not gathered.documents:
        raise EmptyCorpus(_nothing_read(paths, gathered.skipped))
    return gathered.corpus()


class _Gathered:
    """What became of the files so far, in whatever order they were done."""

    def __init__(self, *, of: int, progress: Progress) -> None:
        self.documents: dict[str, Document] = {}
        self.skipped: list[Skipped] = []
        self._sha256s: dict[str, str] = {}
        self._of, self._progress = of, progress

    def add(self, file: _Bytes, document: Document) -> None:
        self.documents[document.id] = document
        self._sha256s[document.id] = file.sha256
        self._count()

    def skip(self, document_id: str, reason: UnreadableDocument) -> None:
        self.skipped.append(Skipped(document_id, str(reason)))
        self._count()

    def _count(self) -> None:
        self._progress(len(self.documents) + len(self.skipped), self._of)

    def corpus(self) -> Corpus:
        ids = sorted(self.documents)
        return Corpus(
            tuple(self.documents[key] for key in ids),
            tuple(sorted(self.skipped, key=lambda skip: skip.path)),
            {key: self._sha256s[key] for key in ids},
        )


def _hash(found: Found) -> _Bytes:
    """Hash what is still the regular file it was; a pipe put in its place blocks nobody."""
    if found.reason:
        raise UnreadableDocument(found.reason)
    try:
        with open(found.path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("changed while it was read")
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableDocument(f"cannot be opened: {error.strerror or error}") from error
    return _Bytes(found.document_id, found.path, sha256, status)


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _document(file: _Bytes, outcome: Extract | UnreadableDocument) -> Document:
    if not file.is_unchanged():
        raise UnreadableDocument("changed while it was read")
    if isinstance(outcome, UnreadableDocument):
        raise outcome
    stem = file.path.stem.replace("-", " ").replace("_", " ").strip()
    return make_document(
        outcome,
        document_id=file.document_id,
        fallback_title=stem.capitalize(),
        modified_at=file.modified_at(),
    )


def _nothing_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(str(path) for path in paths)
    if not skipped:
        return f"{where} holds no files; put documents there ({', '.join(READERS)})."
    first = min(skipped, key=lambda skip: skip.path)
    return (
        f"nothing in {where} could be read ({len(skipped)} skipped; {first.path}: {first.reason}); "
        f"put documents there ({', '.join(READERS)})."
    )
