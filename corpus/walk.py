"""Finds the files of the folders given, and says of each why it may not be read. Reads none."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import MissingFolder
from corpus.readers import READERS

LARGEST_FILE_BYTES = 50_000_000
KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file, its id as a document, and what stands against reading it."""

    document_id: str
    path: Path
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    root: Path
    document_id: str
    path: Path
    reason: str | None = None


def find_files(paths: Sequence[Path]) -> list[Found]:
    """List every file under `paths` by its id; MissingFolder if one does not exist.

    Hidden files and folders are passed over. A file is reached by one path only: a folder that was
    reached before is left out, and so is a file with a name outside the folders given.
    """
    entries = list(_entries(paths))
    names = Counter(
        (status.st_dev, status.st_ino)
        for status in (_status(entry.path) for entry in entries)
        if status and status.st_nlink > 1
    )
    found: dict[str, Found] = {}
    twice: list[Found] = []
    for entry in entries:
        if entry.path.name.startswith(".") and entry.path != entry.root:
            continue
        if entry.document_id in found:
            taken = "another file given has the same name"
            twice.append(Found(entry.document_id, entry.path, taken))
        else:
            reason = entry.reason or _reason(entry, names)
            found[entry.document_id] = Found(entry.document_id, entry.path, reason)
    return sorted([*found.values(), *twice], key=lambda file: file.document_id)


def _entries(paths: Sequence[Path]) -> Iterator[_Entry]:
    reached: set[tuple[int, int]] = set()
    for root in paths:
        if not root.exists():
            raise MissingFolder(f"{root} does not exist; give a folder that holds documents.")
        if not root.is_dir():
            yield _Entry(root, printable(root.name), root)
            continue
        prefix = f"{root.resolve().name}/" if len(paths) > 1 else ""
        for path, reason in _walk(root, reached):
            name = path.relative_to(root).as_posix()
            yield _Entry(root, printable(prefix + name), path, reason)


def _walk(root: Path, reached: set[tuple[int, int]]) -> Iterator[tuple[Path, str | None]]:
    """Yield files, folders that are left out, and hidden files, which still count as names."""
    failed: list[OSError] = []
    for folder, subfolders, names in os.walk(root, onerror=failed.append):
        status = Path(folder).stat()
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        if (status.st_dev, status.st_ino) in reached:
            subfolders.clear()
            yield Path(folder), "a folder that was reached before"
            continue
        reached.add((status.st_dev, status.st_ino))
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        for name in sorted(names + links):
            yield Path(folder, name), None
    for error in failed:
        yield Path(error.filename), f"cannot be opened: {error.strerror}"


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _reason(entry: _Entry, names: Counter[tuple[int, int]]) -> str | None:
    """Everything that can be known without opening the file."""
    given = entry.path == entry.root
    try:
        target = entry.path.resolve(strict=True)
        status = entry.path.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError is a circle, before Python 3.13
        if entry.path.is_symlink():
            return "a link that leads nowhere, or to itself"
        return f"cannot be opened: {getattr(error, 'strerror', error)}"
    if not given and entry.path.is_symlink() and not target.is_relative_to(entry.root.resolve()):
        return "a link that leads out of the folder"
    outside = status.st_nlink > max(1, names[status.st_dev, status.st_ino])
    if outside and not given and stat.S_ISREG(status.st_mode):
        return "a hard link: the same file has a name outside the folder"
    return next(_unfit(entry.path, status), None)


def _unfit(path: Path, status: os.stat_result) -> Iterator[str]:
    if stat.S_ISDIR(status.st_mode):
        yield "a link to a folder"
    if not stat.S_ISREG(status.st_mode):
        yield f"not a regular file but {KINDS.get(stat.S_IFMT(status.st_mode), 'a device')}"
    if path.suffix.lower() not in READERS:
        suffix = printable(path.suffix) or "nothing"
        yield f"files ending in {suffix} are not read (known: {', '.join(READERS)})"
    if status.st_size > LARGEST_FILE_BYTES:
        yield f"larger than {LARGEST_FILE_BYTES // 1_000_000} MB"
    if not status.st_size:
        yield "an empty file"


def printable(name: str) -> str:
    """File names can hold anything; ids are printable, on one line, and valid UTF-8."""
    safe = name.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "�" for c in safe)
