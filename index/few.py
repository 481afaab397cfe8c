"""Searches a few texts as an index of them alone would be searched. Keeps them in memory."""

from collections import Counter
from collections.abc import Sequence

from corpus.document import Document
from index.embed import Embedder, Reranker
from index.packed import unpack
from index.passage import Hit
from index.prepare import as_stored, embed_entries, make_entries
from index.query import read_query
from index.search import show, weigh


class FewTexts:
    """Documents that are cut, embedded and searched as they would be in an index."""

    def __init__(
        self, documents: Sequence[Document], *, embedder: Embedder, passage_tokens: int
    ) -> None:
        self._embedder = embedder
        entries = list(make_entries(documents, embedder, passage_tokens))
        self._rows = embed_entries(entries, embedder)
        self._stored = [as_stored(entry, at, 0) for at, entry in enumerate(entries)]
        self._fields = [(set(stored.body), set(stored.head)) for stored in self._stored]
        counts = Counter(document.language for document in documents)
        self._languages = sorted(counts, key=lambda name: (-counts[name], name or ""))
        self._texts = {document.id: document.text for document in documents}

    def __len__(self) -> int:
        return len(self._stored)

    def search(self, query: str, *, k: int, reranker: Reranker | None = None) -> list[Hit]:
        """Return the `k` best passages for `query`, as `index.search.search` does."""
        (vector,) = self._embedder.embed_queries([query])
        asked = read_query(query, known=self, passage_count=len(self), languages=self._languages)
        found = []
        for stored, (row, sentence_rows) in zip(self._stored, self._rows, strict=True):
            (own,) = unpack(row[None], 8, len(vector))
            sentences = unpack(sentence_rows, 4, len(vector))
            found.append(weigh(asked, stored, own @ vector, sentences @ vector, self._embedder))
        return show(query, found, asked, k=k, reranker=reranker)

    def text(self, hit: Hit) -> str:
        """Return the whole passage that was found."""
        return self._texts[hit.context.document_id][hit.context.start : hit.context.end]

    def count_with(self, stem: str) -> int:
        """Return in how many passages a stem stands, in text or in headings."""
        return max(sum(stem in fields[at] for fields in self._fields) for at in (0, 1))

    def stems(self, beginning: str) -> list[str]:
        """Return every stem that begins so."""
        every = {stem for fields in self._fields for field in fields for stem in field}
        return sorted(stem for stem in every if stem.startswith(beginning))
