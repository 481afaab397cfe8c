"""Finds passages by their words. The one file that knows tantivy.

It is given stems, not text: what a word is, and which words are one, is decided in `words`.
Considered: SQLite's FTS5 (scores every match: 77 ms a query at a million passages beside 1.2),
bm25s (must be rebuilt to change), Chroma's own (a filter without ranks).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from index.errors import reading

HEAD_WEIGHT = 0.5
_HEAP_BYTES = 64_000_000
_TOKENIZER = "stems"


class KeywordIndex:
    """The words of one generation's passages. Only the process that builds a generation writes."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        import tantivy

        self._tantivy = tantivy
        with reading("words"):
            if create:
                folder.mkdir(parents=True, exist_ok=True)
                self._index: Any = tantivy.Index(_schema(tantivy), path=str(folder))
            else:
                self._index = tantivy.Index.open(str(folder))
            spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
            self._index.register_tokenizer(_TOKENIZER, spaces)
            self._schema: Any = self._index.schema
            self._searcher: Any = self._index.searcher()
            self._writer: Any = None
        self._stems: dict[str, list[str]] = {}

    def add(self, passage: int, *, document: int, head: Sequence[str], body: Sequence[str]) -> None:
        """Add a passage by its number, with the stems of its headings and of its text."""
        with reading("words"):
            entry = self._tantivy.Document()
            entry.add_unsigned("passage", passage)
            entry.add_text("document", str(document))
            entry.add_text("head", " ".join(head))
            entry.add_text("body", " ".join(body))
            self._writing().add_document(entry)

    def remove_document(self, document: int) -> None:
        """Remove every passage of a document."""
        with reading("words"):
            self._writing().delete_documents_by_term("document", str(document))

    def commit(self) -> None:
        """Write everything to disk and let go of the writer."""
        with reading("words"):
            self._writing().commit()
            self._writer.wait_merging_threads()
            self._writer = None
            self._index.reload()
            self._searcher = self._index.searcher()

    def close(self) -> None:
        """Give up what was not committed."""
        if self._writer is not None:
            with reading("words"):
                self._writer.rollback()
                self._writer.wait_merging_threads()
                self._writer = None

    def search(
        self, terms: Mapping[str, float], *, k: int, documents: Sequence[int] | None = None
    ) -> dict[int, float]:
        """Return the BM25 score of the `k` best passages for weighted stems, by passage number.

        With `documents`, only their passages are looked at. Ties break by number.
        """
        if not terms or not k:
            return {}
        query = self._tantivy.Query
        should, must = self._tantivy.Occur.Should, self._tantivy.Occur.Must
        wanted = query.boolean_query(
            [
                (should, query.boost_query(query.term_query(self._schema, field, stem), weight))
                for stem, boost in terms.items()
                for field, weight in (("body", boost), ("head", boost * HEAD_WEIGHT))
            ]
        )
        if documents is not None:
            names = [str(number) for number in documents]
            among = query.term_set_query(self._schema, "document", names)
            wanted = query.boolean_query(
                [(must, wanted), (must, query.const_score_query(among, 0.0))]
            )
        with reading("words"):
            hits = self._searcher.search(wanted, k, count=False).hits
            numbers = self._searcher.fast_field_values("passage", [at for _, at in hits])
        found = {int(n): float(score) for n, (score, _) in zip(numbers, hits, strict=True)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def count_with(self, stem: str) -> int:
        """Return in about how many passages a stem stands: removed ones count until a merge."""
        with reading("words"):
            in_text = int(self._searcher.doc_freq("body", stem))
            return max(in_text, int(self._searcher.doc_freq("head", stem)))

    def stems(self, beginning: str) -> list[str]:
        """Return every stem in the passages' text and headings that begins so."""
        if beginning not in self._stems:
            with reading("words"):
                fields = ("body", "head")
                pairs = [self._searcher.terms_with_prefix(field, beginning) for field in fields]
            self._stems[beginning] = sorted({stem for found in pairs for stem, _ in found})
        return self._stems[beginning]

    def count(self) -> int:
        """Return how many passages there are."""
        with reading("words"):
            return int(self._searcher.num_docs)

    def _writing(self) -> Any:  # noqa: ANN401
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer


def _schema(tantivy: Any) -> Any:  # noqa: ANN401
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", fast=True)
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    for field in ("head", "body"):
        builder.add_text_field(field, tokenizer_name=_TOKENIZER, index_option="freq")
    return builder.build()
