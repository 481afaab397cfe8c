"""What is indexed, as a list for people: documents, and files left out. Knows no passages."""

from dataclasses import asdict
from typing import Any

from index.generation import Generation


def list_library(generation: Generation) -> dict[str, Any]:
    """Return documents (by id, without their text) and files left out, as JSON.

    `pages` is None for a document that has none, `characters` are code points. Reads every
    document: a second for a thousand.
    """
    documents = map(generation.document, generation.store.titles())
    plain = ("id", "title", "published_on", "language", "source")
    return {
        "documents": [
            {name: getattr(each, name) for name in plain}
            | {"pages": len(each.pages) or None, "characters": len(each.text)}
            for each in documents
        ],
        "skipped": [asdict(skipped) for skipped in generation.manifest.skipped],
        "indexed_at": generation.manifest.built_at,
        "index": generation.folder.name,
    }
