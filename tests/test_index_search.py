import pytest

from index.embed import Embedder
from index.generation import Generation
from index.search import search


def test_best_passage_holds_the_answer(generation: Generation, embedder: Embedder) -> None:
    hits = search("Who coined the term narco-peace?", generation=generation, embedder=embedder)
    assert "Vanda Felbab-Brown" in hits[0].passage.text
    assert hits[0].found_by == ("dense", "keyword")


def test_hits_are_ranked_and_exact(generation: Generation, embedder: Embedder) -> None:
    hits = search("truce between the gangs", generation=generation, embedder=embedder, k=7)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6, 7]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        span = hit.passage.span
        document = generation.document(span.document_id)
        assert document.text[span.start : span.end] == hit.passage.text
        assert document.title == hit.title


@pytest.mark.parametrize("query", ['"', "???", "AND OR NOT", "a*b NEAR(", "名前", "x" * 2000])
def test_any_query_is_safe(query: str, generation: Generation, embedder: Embedder) -> None:
    assert len(search(query, generation=generation, embedder=embedder, k=3)) == 3
