"""Turns the files of folders into Documents. Does not know what is done with them."""

import hashlib
import os
import stat
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from corpus.blocks import make_document
from corpus.document import Document
from corpus.errors import EmptyCorpus, UnreadableDocument
from corpus.readers import READERS
from corpus.sandbox import Job, Limits, Outcome, read_apart
from corpus.walk import Found, find_files

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
    documents: dict[str, Document] = {}
    sha256s: dict[str, str] = {}
    skipped: list[Skipped] = []
    with closing(_read(files, reuse, limits)) as outcomes:
        for done, (name, sha256, outcome) in enumerate(outcomes, start=1):
            if isinstance(outcome, Document):
                documents[name], sha256s[name] = outcome, sha256
            else:
                skipped.append(Skipped(name, str(outcome)))
            progress(done, len(files))
    skipped.sort(key=lambda skip: skip.path)
    if not documents:
        raise EmptyCorpus(_nothing_read(paths, skipped))
    ids = sorted(documents)
    return Corpus(tuple(documents[i] for i in ids), tuple(skipped), {i: sha256s[i] for i in ids})


@dataclass(frozen=True, slots=True)
class _Hashed:
    """What a file was when it was hashed; it must be the same after it was read."""

    file: Found
    sha256: str
    status: os.stat_result

    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.status.st_mtime, UTC)


def _read(
    files: Sequence[Found], reuse: Reuse, limits: Limits
) -> Generator[tuple[str, str, Document | UnreadableDocument]]:
    """Yield the id of each file, the SHA-256 of its bytes, and what came of it."""
    unread: list[_Hashed] = []
    for file in files:
        try:
            hashed = _hash(file)
        except UnreadableDocument as reason:
            yield file.document_id, "", reason
            continue
        if document := reuse(file.document_id, hashed.sha256):
            document = replace(document, modified_at=hashed.modified_at())
            yield file.document_id, hashed.sha256, document
        else:
            unread.append(hashed)
    jobs = [Job(hashed.file.path, READERS[hashed.file.path.suffix.lower()]) for hashed in unread]
    with closing(read_apart(jobs, limits=limits)) as outcomes:
        for number, outcome in outcomes:
            hashed = unread[number]
            yield hashed.file.document_id, hashed.sha256, _document(hashed, outcome)


def _hash(file: Found) -> _Hashed:
    """Hash what is still the regular file it was; a pipe put in its place blocks nobody."""
    if file.reason:
        raise UnreadableDocument(file.reason)
    try:
        with open(file.path, "rb", opener=_open_at_once) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("changed while it was read")
            return _Hashed(file, hashlib.file_digest(opened, "sha256").hexdigest(), status)
    except OSError as error:
        raise UnreadableDocument(f"cannot be opened: {error.strerror or error}") from error


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _document(hashed: _Hashed, outcome: Outcome) -> Document | UnreadableDocument:
    path = hashed.file.path
    if not _is_unchanged(path, hashed.status):
        return UnreadableDocument("changed while it was read")
    if isinstance(outcome, UnreadableDocument):
        return outcome
    try:
        return make_document(
            outcome,
            document_id=hashed.file.document_id,
            fallback_title=path.stem.replace("-", " ").replace("_", " ").strip().capitalize(),
            modified_at=hashed.modified_at(),
        )
    except UnreadableDocument as reason:
        return reason


def _is_unchanged(path: Path, then: os.stat_result) -> bool:
    try:
        now = path.stat()
    except OSError:
        return False
    same = os.path.samestat(now, then)
    return same and (now.st_size, now.st_mtime_ns) == (then.st_size, then.st_mtime_ns)


def _nothing_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(map(str, paths))
    told = f"{where} holds no files"
    if skipped:
        first = f"{skipped[0].path}: {skipped[0].reason}"
        told = f"nothing in {where} could be read ({len(skipped)} skipped; {first})"
    return f"{told}; put documents there ({', '.join(READERS)})."
