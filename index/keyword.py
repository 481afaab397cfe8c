"""Finds passages by their words. The one file that knows tantivy.

It is given stems, not text: what a word is, and which words are one, is decided in `words`.
Considered: SQLite's FTS5 (scores every match: 77 ms a query at a million passages beside 1.2),
bm25s (must be rebuilt to change), Chroma's own (a filter without ranks).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from index.errors import reading

HEAD_WEIGHT = 0.5
_TOKENIZER = "stems"


def write_words(folder: Path, passages: Iterable[tuple[int, int, str, str]]) -> None:
    """Write the words of (passage number, its document's, stems of its headings, of its text).

    Stems stand in one string with spaces between them. `folder` is made.
    """
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", fast=True)
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    for field in ("head", "body"):
        builder.add_text_field(field, tokenizer_name=_TOKENIZER, index_option="freq")
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    with reading("words"):
        folder.mkdir()
        index = tantivy.Index(builder.build(), path=str(folder))
        index.register_tokenizer(_TOKENIZER, spaces)
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        for number, document, head, body in passages:
            entry = tantivy.Document()
            entry.add_unsigned("passage", number)
            entry.add_text("document", str(document))
            entry.add_text("head", head)
            entry.add_text("body", body)
            writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()


class KeywordIndex:
    """The words of one generation's passages. Only read, by any thread."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        with reading("words"):
            index = tantivy.Index.open(str(folder))
            self._schema: Any = index.schema
            self._searcher: Any = index.searcher()
        self._stems: dict[str, list[str]] = {}

    def search(
        self, terms: Mapping[str, float], *, k: int, documents: Sequence[int] | None = None
    ) -> dict[int, float]:
        """Return the BM25 score of the `k` best passages for weighted stems, by passage number.

        With `documents`, only their passages are looked at. Ties break by number; those that
        tie with the next one after the `k` best are left out: chance would choose among them.
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
            hits = self._searcher.search(wanted, k + 1, count=False).hits
            if len(hits) > k:
                hits = [hit for hit in hits if hit[0] > hits[k][0]] or hits[:k]
            numbers = self._searcher.fast_field_values("passage", [at for _, at in hits])
        found = {int(n): float(score) for n, (score, _) in zip(numbers, hits, strict=True)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def count_with(self, stem: str) -> int:
        """Return in how many passages a stem stands, in text or in headings."""
        with reading("words"):
            return int(max(self._searcher.doc_freq(field, stem) for field in ("body", "head")))

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
