from pathlib import Path

import pytest
from conftest import build, open_index

from corpus.load import load_corpus
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


def small_index(folder: Path, texts: dict[str, str], embedder: Embedder) -> Generation:
    (folder / "docs").mkdir()
    for name, text in texts.items():
        (folder / "docs" / name).write_text(text)
    build(load_corpus([folder / "docs"]), folder / "index", embedder)
    return open_index(folder / "index")


def test_equal_passages_rank_by_id_and_fewer_than_wanted_are_fine(
    tmp_path: Path, embedder: Embedder
) -> None:
    words = "The truce\n\nIt began in March."
    opened = small_index(tmp_path, {"b.txt": words, "a.txt": words, "c.txt": "Pie."}, embedder)
    hits = search("When did the truce begin?", generation=opened, embedder=embedder)
    opened.close()
    assert [hit.passage.span.document_id for hit in hits] == ["a.txt", "b.txt", "c.txt"]
    assert hits[0].score == hits[1].score > hits[2].score
    assert hits[2].found_by == ("dense",)


def test_searching_twice_gives_the_same(generation: Generation, embedder: Embedder) -> None:
    first, second = (
        search("Bukele and the gangs", generation=generation, embedder=embedder) for _ in range(2)
    )
    assert first == second


def test_words_of_no_passage_find_by_meaning_alone(
    generation: Generation, embedder: Embedder
) -> None:
    hits = search("zzzz qqqq", generation=generation, embedder=embedder)
    assert {hit.found_by for hit in hits} == {("dense",)}
    assert all(0 <= hit.score <= 1 for hit in hits)
