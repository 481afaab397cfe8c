"""A few texts are found in memory as an index of them would find them."""

import pytest
from conftest import DOCUMENTS

from chatbot.span_reader import SpanReader
from corpus.load import load_corpus
from eval.bench import Bench
from index.embed import Embedder
from index.few import FewTexts
from index.search import search
from index.split import PASSAGE_TOKENS

QUERIES = (
    "Who coined the term narco-peace?",
    "How many homicides did El Salvador have in Janury 2012?",  # misspelt
    "¿Quién dirige la unidad?",
    'What is said of the "rule of law"?',
    "zzzz",
)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_as_an_index_of_them_finds_them(count: int, embedder: Embedder) -> None:
    documents = load_corpus([DOCUMENTS]).documents[:count]
    few = FewTexts(documents, embedder=embedder, passage_tokens=PASSAGE_TOKENS)
    bench = Bench(embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader())
    with bench.reading(documents) as reader:
        generation = reader.generation
        assert len(few) == generation.manifest.passage_count
        for stem in ("homicid", "zzzz", *few.stems("g")):
            assert few.count_with(stem) == generation.words.count_with(stem)
        assert few.stems("s") == generation.words.stems("s")
        for query in QUERIES:
            hits = search(query, generation=generation, embedder=embedder, k=5)
            found = few.search(query, k=5)
            assert [few.text(hit) for hit in found] == [
                generation.document(h.context.document_id).text[h.context.start : h.context.end]
                for h in hits
            ]
            for own, hit in zip(found, hits, strict=True):
                assert (own.passage, own.context, own.title) == (
                    hit.passage,
                    hit.context,
                    hit.title,
                )
                assert (own.rank, own.duplicates) == (hit.rank, hit.duplicates)
                assert own.score == pytest.approx(hit.score, abs=1e-5)
                assert [s.span for s in own.sentences] == [s.span for s in hit.sentences]
                for one, other in zip(own.sentences, hit.sentences, strict=True):
                    told = (other.cosine, other.words)
                    assert (one.cosine, one.words) == pytest.approx(told, abs=1e-5)


def test_no_texts_give_nothing(embedder: Embedder) -> None:
    few = FewTexts([], embedder=embedder, passage_tokens=PASSAGE_TOKENS)
    assert few.search("Who?", k=5) == []
