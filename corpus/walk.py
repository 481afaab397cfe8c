"""Finds the files of the folders given, and says of each why it may not be read. Reads none."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.errors import MissingFolder
from corpus.readers import READERS

LARGEST_FILE_BYTES = 50_000_000
KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file below the path given, its id as a document, and what stands against reading it."""

    root: Path
    document_id: str
    path: Path
    reason: str | None = None


def find_files(paths: Sequence[Path]) -> list[Found]:
    """List every file under `paths` by its id; MissingFolder if one does not exist.

    Hidden files and folders are passed over. A file is reached by one path only: a folder that was
    reached before is left out, and so is a file with a name outside the folders given.
    """
    files = list(_files(paths))
    names = Counter(_with_several_names(file.path) for file in files)
    found: list[Found] = []
    taken: set[str] = set()
    for file in files:
        if file.path.name.startswith(".") and file.path != file.root:
            continue
        reason = file.reason or next(_reasons(file, names), None)
        if file.document_id in taken:
            reason = "another file given has the same name"
        taken.add(file.document_id)
        found.append(replace(file, reason=reason))
    return sorted(found, key=lambda file: file.document_id)


def _files(paths: Sequence[Path]) -> Iterator[Found]:
    reached: set[tuple[int, int]] = set()
    for root in paths:
        if not root.exists():
            raise MissingFolder(f"{root} does not exist; give a folder that holds documents.")
        if not root.is_dir():
            yield Found(root, printable(root.name), root)
            continue
        prefix = f"{root.resolve().name}/" if len(paths) > 1 else ""
        for path, reason in _walk(root, reached):
            name = path.relative_to(root).as_posix()
            yield Found(root, printable(prefix + name), path, reason)


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


def _with_several_names(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_nlink > 1 else None


def _reasons(file: Found, names: Counter[tuple[int, int] | None]) -> Iterator[str]:
    """Everything that can be known without opening the file, the gravest first."""
    path, is_given = file.path, file.path == file.root
    try:
        target, status = path.resolve(strict=True), path.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError is a circle, before Python 3.13
        is_link = path.is_symlink()
        told = f"cannot be opened: {getattr(error, 'strerror', error)}"
        yield "a link that leads nowhere, or to itself" if is_link else told
        return
    is_file = stat.S_ISREG(status.st_mode)
    if not is_given and path.is_symlink() and not target.is_relative_to(file.root.resolve()):
        yield "a link that leads out of the folder"
    if not is_given and is_file and status.st_nlink > max(1, names[status.st_dev, status.st_ino]):
        yield "a hard link: the same file has a name outside the folder"
    if stat.S_ISDIR(status.st_mode):
        yield "a link to a folder"
    if not is_file:
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
