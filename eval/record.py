"""What a run was run with, so that another can be: code, packages, settings, index, cases.

Knows no secret: keys are in the environment, which is not written down.
"""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from chatbot.settings import Settings
from eval.case import Case, seal_of
from index.generation import Generation
from index.manifest import file_sha256

PACKAGES = (
    "footnote llama-index-core chromadb sentence-transformers onnxruntime tantivy tiktoken numpy"
).split()
OPENED = "opened.jsonl"
"""Beside the runs: a line each time that a sealed file was asked."""


def make_record(
    *, settings: Settings, model: str, generation: Generation, parts: Mapping[Path, Sequence[Case]]
) -> dict[str, Any]:
    """Return what will be written into the run's folder, and on top of its report."""
    manifest = generation.manifest
    return {
        "started_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "model": model,
        "commit": _git("rev-parse", "HEAD"),
        "is_dirty": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "settings": settings.model_dump(mode="json"),
        "manifest": {
            "generation": generation.folder.name,
            "documents": manifest.document_count,
            "passages": manifest.passage_count,
            "embedding_model": manifest.embedding_model,
        },
        "cases": [
            {
                "file": file.name,
                "part": file.stem,
                "count": len(cases),
                "sha256": file_sha256(file),
                "sealed": seal_of(file).is_file(),
            }
            for file, cases in parts.items()
        ],
    }


def note_opening(runs: Path, record: dict[str, Any]) -> None:
    """Write down that the sealed files of this run were opened, and when."""
    for part in record["cases"]:
        if part["sealed"]:
            line = {"sha256": part["sha256"], "at": record["started_at"]}
            with (runs / OPENED).open("a", encoding="utf-8") as ledger:
                ledger.write(json.dumps(line | {"commit": record["commit"]}) + "\n")


def say_openings(runs: Path, sha256: str) -> str:
    """Return how often a sealed file was opened, and when; nothing where it never was."""
    file = runs / OPENED
    lines = map(json.loads, file.read_text("utf-8").splitlines()) if file.is_file() else ()
    times = [line["at"] for line in lines if line["sha256"] == sha256]
    if not times:
        return ""
    first = f"first {times[0][:16]}, last {times[-1][:16]}" if len(times) > 1 else times[0][:16]
    return f"opened {len(times)} time{'s' * (len(times) > 1)} from here: {first} UTC"


def _git(*words: str) -> str:
    """Return what git says of this code; nothing where there is no git, or no repository."""
    command = ["git", "-C", str(Path(__file__).parent), *words]
    try:
        return subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
