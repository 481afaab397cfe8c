"""What differs between a corpus and the generation in use. Writes nothing."""

from dataclasses import dataclass

from corpus.document import Document
from corpus.load import Corpus
from index.generation import Generation
from index.store import fingerprint

MOST_HOLES = 0.25
"""Of a copied generation's rows; with more, everything is written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What must be done to a generation: documents to write, ids to remove first.

    `counts` are of documents `added`, `updated`, `removed` and `unchanged`.
    """

    write: tuple[Document, ...]
    remove: tuple[str, ...]
    counts: dict[str, int]


def compare(corpus: Corpus, previous: Generation | None) -> Change:
    """Return what changed; a file that was only touched counts as unchanged."""
    before = previous.store.fingerprints() if previous else {}
    now = {document.id: fingerprint(document) for document in corpus.documents}
    write = tuple(d for d in corpus.documents if before.get(d.id) != now[d.id])
    gone = [id_ for id_ in before if id_ not in now]
    updated = [d.id for d in write if d.id in before]
    return Change(
        write=write,
        remove=(*gone, *updated),
        counts={
            "added": len(write) - len(updated),
            "updated": len(updated),
            "removed": len(gone),
            "unchanged": len(corpus.documents) - len(write),
        },
    )


def is_worth_copying(previous: Generation, change: Change) -> bool:
    """Say whether a copy of the generation with this change is less work than a new one."""
    rows = previous.passage_vectors.count
    holes = rows - previous.manifest.passage_count
    most = previous.manifest.document_count / 2
    return holes <= rows * MOST_HOLES and len(change.write) + len(change.remove) <= most


def find_duplicates(corpus: Corpus) -> tuple[tuple[str, str], ...]:
    """Return pairs of ids: a document, and the first one that has the same words."""
    first: dict[str, str] = {}
    pairs = ((d.id, first.setdefault(d.sha256, d.id)) for d in corpus.documents)
    return tuple((document, same) for document, same in pairs if document != same)
