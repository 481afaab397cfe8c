"""The manifest: what made a generation, and what it must hold. Written last, and sealed."""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from corpus.load import Skipped
from index.errors import DamagedIndex, StaleIndex

FORMAT = 3
"""Goes up when what is on disk, or where documents are cut, changes: older indexes are refused."""


class Manifest(BaseModel, extra="forbid", frozen=True):
    """What made a generation, and what it must hold.

    `probe` is the vector that the embedding model gave a fixed sentence; `files` and `documents`
    hold sha256 sums by path and by document id; `made_with` holds versions of libraries.
    """

    format: int
    version: str
    made_with: dict[str, str]
    built_at: datetime
    embedding_model: str
    probe: list[float]
    dimensions: int
    passage_tokens: int
    document_count: int
    passage_count: int
    files: dict[str, str]
    documents: dict[str, str]
    skipped: tuple[Skipped, ...]


def read_manifest(folder: Path) -> Manifest:
    """Read a generation's manifest; StaleIndex if another version of Footnote wrote it."""
    try:
        raw = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise StaleIndex(
                f"the index has format {raw['format']}, this version reads {FORMAT}; run "
                "`footnote index` to build it again."
            )
        if raw.pop("sha256") != _seal(raw):
            raise ValueError("altered")
        return Manifest.model_validate(raw)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(folder, "its manifest is missing, altered or cannot be read") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, last of all a generation's files."""
    raw = manifest.model_dump(mode="json")
    sealed = raw | {"sha256": _seal(raw)}
    write_atomically(folder / "manifest.json", json.dumps(sealed, indent=1))


def list_files(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a generation but its locks, by path."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock"))
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file that is there whole or not at all, and stays through a power cut."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync(*paths: Path) -> None:
    """See files and folders through a power cut: without, a file that has a name may be empty."""
    for path in paths if os.name != "nt" else ():  # Windows opens no folder
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def damaged(folder: Path, what: str) -> DamagedIndex:
    """Return the error for a generation that is not whole."""
    return DamagedIndex(
        f"the index in {folder.parent.parent} is damaged ({what}); run `footnote index` to build "
        "it again."
    )


def _seal(raw: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
