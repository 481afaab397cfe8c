"""Walks folders and turns each file into a Document. Does not know what is done with them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpus.blocks import make_document
from corpus.document import Document
from corpus.errors import EmptyCorpus, MissingFolder, UnreadableDocument
from corpus.readers import READERS, read

LARGEST_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that did not become a document, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of the folders given, ordered by id, and the files left out."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]


def load_corpus(paths: Sequence[Path]) -> Corpus:
    """Read every file under `paths` (folders or single files).

    Hidden files and folders are passed over. Raises MissingFolder for a path that does not exist
    and EmptyCorpus when not one document could be read.
    """
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    for root in paths:
        if not root.exists():
            raise MissingFolder(f"{root} does not exist; give a folder that holds documents.")
        prefix = f"{root.resolve().name}/" if len(paths) > 1 and root.is_dir() else ""
        for file in _walk(root):
            name = file.relative_to(root if root.is_dir() else root.parent).as_posix()
            document_id = _printable(prefix + name)
            try:
                if document_id in documents:
                    raise UnreadableDocument("another file given has the same name")
                documents[document_id] = load_document(file, root=root, document_id=document_id)
            except UnreadableDocument as reason:
                skipped.append(Skipped(document_id, str(reason)))
    if not documents:
        raise EmptyCorpus(_nothing_read(paths, skipped))
    return Corpus(tuple(documents[key] for key in sorted(documents)), tuple(skipped))


def load_document(file: Path, *, root: Path, document_id: str) -> Document:
    """Read one file under `root`; UnreadableDocument carries the reason when that is impossible."""
    inside = root.resolve() if root.is_dir() else root.resolve().parent
    try:
        target = file.resolve()
    except (OSError, RuntimeError) as error:
        raise UnreadableDocument("a link that leads to itself") from error
    if not target.is_relative_to(inside):
        raise UnreadableDocument("a link that leads out of the folder")
    if not file.is_file():
        raise UnreadableDocument("not a regular file")
    if file.suffix.lower() not in READERS:
        raise UnreadableDocument(
            f"files ending in {_printable(file.suffix) or 'nothing'} are not read "
            f"(known: {', '.join(READERS)})"
        )
    try:
        stat = file.stat()
        if stat.st_size > LARGEST_FILE_BYTES:
            raise UnreadableDocument(f"larger than {LARGEST_FILE_BYTES // 1_000_000} MB")
        extract = read(file)
    except OSError as error:
        raise UnreadableDocument(f"cannot be opened: {error.strerror or error}") from error
    return make_document(
        extract,
        document_id=document_id,
        fallback_title=file.stem.replace("-", " ").replace("_", " ").strip().capitalize(),
        modified_at=datetime.fromtimestamp(stat.st_mtime, UTC),
    )


def _walk(root: Path) -> Iterator[Path]:
    """Yield files in a fixed order, whatever order the file system gives."""
    if not root.is_dir():
        yield root
        return
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        yield from (
            Path(folder, name) for name in sorted(names + links) if not name.startswith(".")
        )


def _printable(name: str) -> str:
    """File names can hold anything; ids are printable, on one line, and valid UTF-8."""
    safe = name.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "�" for c in safe)


def _nothing_read(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(str(path) for path in paths)
    if not skipped:
        return f"{where} holds no files; put documents there ({', '.join(READERS)})."
    first = skipped[0]
    return (
        f"nothing in {where} could be read ({len(skipped)} skipped; {first.path}: {first.reason}); "
        f"put documents there ({', '.join(READERS)})."
    )
