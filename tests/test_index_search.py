from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import build, open_index
from hypothesis import example, given, settings
from hypothesis import strategies as st

import index.generation
from corpus.blocks import Block, Extract, make_document
from corpus.load import Corpus
from index.embed import Embedder
from index.generation import Generation
from index.passage import Hit
from index.query import FOREIGN, WEIGHTS
from index.search import PHRASE, POOL, Candidate, find_candidates, search
from index.store import Filter

QUESTIONS = [
    "Who coined the term narco-peace?",
    "truce between the gangs",
    "How did homicides change in 2012?",
    "¿Quién negoció la tregua?",
]


@contextmanager
def small_index(
    folder: Path, texts: dict[str, str], embedder: Embedder, **fields: str
) -> Iterator[Generation]:
    documents = tuple(
        make_document(
            Extract(blocks=[Block(p) for p in text.split("\n\n")], **fields),
            document_id=id_, fallback_title="T", modified_at=datetime(2024, 1, 1, tzinfo=UTC),
        )
        for id_, text in sorted(texts.items())
    )  # fmt: skip
    build(Corpus(documents, ()), folder, embedder)
    opened = open_index(folder)
    try:
        yield opened
    finally:
        opened.close()


def documents_of(hits: list[Hit]) -> list[str]:
    return [hit.passage.span.document_id for hit in hits]


def best(candidates: list[Candidate], figure: str) -> str:
    first = max(candidates, key=lambda c: float(getattr(c, figure)))
    return first.passage.span.document_id


def test_best_passage_holds_the_answer(generation: Generation, embedder: Embedder) -> None:
    hits = search("Who coined the term narco-peace?", generation=generation, embedder=embedder)
    assert "Vanda Felbab-Brown" in hits[0].passage.text
    assert hits[0].found_by == ("dense", "keyword")


@pytest.mark.parametrize("query", QUESTIONS)
def test_hits_are_ranked_and_exact(query: str, generation: Generation, embedder: Embedder) -> None:
    hits = search(query, generation=generation, embedder=embedder, k=7)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6, 7]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        span = hit.passage.span
        document = generation.document(span.document_id)
        assert document.text[span.start : span.end] == hit.passage.text != ""
        assert document.title == hit.title
        assert hit.passage.id == f"{span.document_id}#{span.start}-{span.end}"
        assert hit.passage.page == document.page_at(span.start)
        assert span.document_id not in hit.duplicates


def test_fused_search_finds_what_each_search_alone_misses(
    tmp_path: Path, embedder: Embedder
) -> None:
    texts = {
        "code.txt": "Form ZX-4471 must be stamped twice.",
        "other.txt": "Forms have to be filled in by hand. Form ZX-4471 is not among them; "
        "form AB-1200 is, and so are form AB-1300, form AB-1400 and form AB-1500.",
        "pact.txt": "Officials secretly bargained with criminals.",
        "word.txt": "The deal was a good deal: a deal on carpets, the deal of the year.",
    }
    with small_index(tmp_path, texts, embedder) as opened:
        asked = {
            "pact.txt": "Did the government make a deal with gang members?",
            "code.txt": "ZX-4471 stamp",
        }
        for wanted, query in asked.items():
            found = find_candidates(query, generation=opened, embedder=embedder)
            assert found[0].passage.span.document_id == wanted
        found = find_candidates(asked["pact.txt"], generation=opened, embedder=embedder)
        assert best(found, "keyword") != "pact.txt"


def test_word_of_the_question_decides_where_meanings_are_alike(
    tmp_path: Path, embedder: Embedder
) -> None:
    texts = {f"{n}.txt": f"Form {n} must be stamped at the office." for n in range(4470, 4476)}
    with small_index(tmp_path, texts, embedder) as opened:
        hits = search("Where is form 4473 stamped?", generation=opened, embedder=embedder)
        assert documents_of(hits)[0] == "4473.txt"
        assert len(hits) == len(texts)


@settings(max_examples=25, derandomize=True, database=None, deadline=None)
@given(query=st.text(max_size=60))
@example(query='"')
@example(query="AND OR NOT")
@example(query="a*b NEAR(")
@example(query="名前")
@example(query="x" * 2000)
@example(query="word " * 600)
@example(query="")
@example(query="\x00")
def test_any_query_is_safe(query: str, generation: Generation, embedder: Embedder) -> None:
    hits = search(query, generation=generation, embedder=embedder, k=3)
    assert len(hits) == 3
    assert all(hit.score <= 1 + PHRASE for hit in hits)


def test_equal_passages_rank_by_id_and_are_shown_once(tmp_path: Path, embedder: Embedder) -> None:
    words = "The truce\n\nIt began in March, when the gangs agreed on it."
    texts = {"b.txt": words, "a.txt": words, "d.txt": words, "c.txt": "Pie."}
    with small_index(tmp_path, texts, embedder) as opened:
        query = "When did the truce begin?"
        found = find_candidates(query, generation=opened, embedder=embedder)
        assert [c.passage.span.document_id for c in found] == ["a.txt", "b.txt", "d.txt", "c.txt"]
        assert len({round(c.score, 6) for c in found[:3]}) == 1
        hits = search(query, generation=opened, embedder=embedder)
    assert documents_of(hits) == ["a.txt", "c.txt"]
    assert hits[0].duplicates == ("b.txt", "d.txt")
    assert hits[1].duplicates == ()
    assert [hit.rank for hit in hits] == [1, 2]
    assert hits[1].found_by == ("dense",)


def test_equal_passages_tie_exactly(tmp_path: Path, embedder: Embedder) -> None:
    texts = {f"{n:02}.txt": "It began in March, when the gangs agreed on it." for n in range(23)}
    with small_index(tmp_path, texts, embedder) as opened:
        found = find_candidates("When did it begin?", generation=opened, embedder=embedder)
    assert [c.passage.span.document_id for c in found] == sorted(texts)
    assert len({c.score for c in found}) == 1


LONG = (
    "The ministry said on Monday that the gangs had agreed to hand over their weapons in the "
    "presence of the church and of observers from abroad, and that the first of them had been "
    "brought to the square of the capital, where they were counted and then destroyed."
)


@pytest.mark.parametrize(
    ("other", "shown"),
    [
        (LONG.replace("square", "plaza"), 1),
        (LONG + " Nobody came.", 1),
        (LONG.title(), 1),
        (LONG + " Twelve of 400 came.", 2),
        ("On 5 March, " + LONG, 2),
        ("Nothing of this is true, said the church, which had seen no weapons at all.", 2),
    ],
)
def test_near_duplicates_are_shown_once_and_other_numbers_are_not_near(
    tmp_path: Path, embedder: Embedder, other: str, shown: int
) -> None:
    with small_index(tmp_path, {"a.txt": LONG, "b.txt": other}, embedder) as opened:
        hits = search("Were weapons handed over?", generation=opened, embedder=embedder)
        alone = search("Were weapons handed over?", generation=opened, embedder=embedder, k=1)
    assert len(hits) == shown
    assert {*documents_of(hits), *hits[0].duplicates} == {"a.txt", "b.txt"}
    assert len(hits[0].duplicates) == 2 - shown
    assert alone == hits[:1]


def test_quoted_words_come_first(tmp_path: Path, embedder: Embedder) -> None:
    texts = {
        "a.txt": "The ministers agreed on a truce with the gangs, and the truce of the gangs held.",
        "b.txt": "It was windy. Someone wrote: peace of the\nbrave. Then it rained on the market.",
    }
    with small_index(tmp_path, texts, embedder) as opened:
        plain = "Which ministers made peace of the brave gangs?"
        quoted = 'Which ministers made "Peace of  the Brave" gangs?'
        first, second = (
            search(query, generation=opened, embedder=embedder) for query in (plain, quoted)
        )
    assert documents_of(first)[0] == "a.txt"
    assert documents_of(second)[0] == "b.txt"
    before = next(hit for hit in first if hit.passage.span.document_id == "b.txt")
    assert second[0].score == pytest.approx(before.score + PHRASE, abs=0.1)


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


def test_more_wanted_than_there_are_gives_all(tmp_path: Path, embedder: Embedder) -> None:
    texts = {f"{n}.txt": f"Word{n} stands here alone." for n in range(3)}
    with small_index(tmp_path, texts, embedder) as opened:
        hits = search("word1", generation=opened, embedder=embedder, k=1_000)
        assert search("word1", generation=opened, embedder=embedder, k=0) == []
    assert sorted(documents_of(hits)) == sorted(texts)


def test_misspelt_name_is_found(generation: Generation, embedder: Embedder) -> None:
    (hit,) = search("Vanda Felbab-Broun", generation=generation, embedder=embedder, k=1)
    assert "Felbab-Brown" in hit.passage.text


def test_weights_add_up_to_one() -> None:
    for weights in (WEIGHTS, FOREIGN):
        total = weights.cosine + weights.closest + weights.words + weights.pairs
        assert total == pytest.approx(1.0)


@pytest.mark.parametrize("query", QUESTIONS)
def test_candidates_hold_the_figures_that_their_score_is_of(
    query: str, generation: Generation, embedder: Embedder
) -> None:
    found = find_candidates(query, generation=generation, embedder=embedder)
    assert min(POOL, generation.manifest.passage_count) <= len(found) <= 2 * POOL
    weights = FOREIGN if query.startswith("¿") and "es" not in generation.languages else WEIGHTS
    for c in found:
        assert c.score == pytest.approx(
            weights.cosine * c.cosine
            + weights.closest * float(c.cosines.max())
            + weights.words * c.words
            + weights.pairs * c.pairs,
            abs=1e-6,
        )
        assert ("keyword" in c.found_by) == (c.keyword > 0)
        assert all(-1e-6 <= value <= 1 + 1e-6 for value in (c.words, c.pairs))
    assert found == sorted(found, key=lambda c: (-c.score, c.passage.id))


def test_cosine_is_of_question_and_passage(generation: Generation, embedder: Embedder) -> None:
    query = QUESTIONS[0]
    vector = embedder.embed_queries([query])[0]
    found = find_candidates(query, generation=generation, embedder=embedder)
    nearest = generation.nearest(vector, k=len(found))
    assert all(
        c.cosine == pytest.approx(nearest[c.stored.number], abs=1e-5)
        for c in found
        if "dense" in c.found_by and c.stored.number in nearest
    )
    assert list(nearest.values()) == sorted(nearest.values(), reverse=True)


@pytest.mark.parametrize("query", QUESTIONS)
def test_graph_and_comparing_all_find_the_same(
    query: str, bundled_index: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_index(bundled_index)
    exact = search(query, generation=opened, embedder=embedder, k=8)
    assert not opened._graph
    monkeypatch.setattr(index.generation, "EXACT_PASSAGES", 0)
    by_graph = search(query, generation=opened, embedder=embedder, k=8)
    assert opened._graph
    opened.close()
    assert [hit.passage for hit in by_graph] == [hit.passage for hit in exact]
    assert [hit.score for hit in by_graph] == pytest.approx([hit.score for hit in exact], abs=1e-5)


# Filters


def test_only_what_a_filter_allows_is_found(generation: Generation, embedder: Embedder) -> None:
    for folder in ("mexico", "el-salvador"):
        where = Filter(folder=folder)
        documents, numbers = generation.store.allowed(where)
        hits = search(QUESTIONS[1], generation=generation, embedder=embedder, k=500, where=where)
        assert documents
        assert hits
        assert len(hits) <= len(numbers)
        assert all(id_.startswith(folder + "/") for id_ in documents_of(hits))


def test_filter_reaches_below_the_pool(
    generation: Generation, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is allowed is searched, not what was found before."""
    last = search(QUESTIONS[1], generation=generation, embedder=embedder, k=POOL)[-1]
    assert last.rank > 10
    rare = next(
        id_ for id_ in generation.store.titles()
        if id_ not in documents_of(search(QUESTIONS[1], generation=generation, embedder=embedder))
    )  # fmt: skip
    where = Filter(documents=(rare,))
    hits = search(QUESTIONS[1], generation=generation, embedder=embedder, where=where)
    assert {*documents_of(hits)} == {rare}
    monkeypatch.setattr(index.generation, "EXACT_PASSAGES", 1)
    assert hits == search(QUESTIONS[1], generation=generation, embedder=embedder, where=where)


def test_filter_that_allows_all_changes_nothing(generation: Generation, embedder: Embedder) -> None:
    everything = search(QUESTIONS[0], generation=generation, embedder=embedder)
    where = Filter(documents=tuple(generation.store.titles()))
    filtered = search(QUESTIONS[0], generation=generation, embedder=embedder, where=where)
    assert [hit.passage for hit in filtered] == [hit.passage for hit in everything]
    empty = search(QUESTIONS[0], generation=generation, embedder=embedder, where=Filter())
    assert empty == everything


@pytest.mark.parametrize(
    "where",
    [Filter(documents=("none.txt",)), Filter(folder="nowhere"), Filter(since="2999")],
)
def test_filter_that_allows_nothing_finds_nothing(
    where: Filter, generation: Generation, embedder: Embedder
) -> None:
    assert search(QUESTIONS[0], generation=generation, embedder=embedder, where=where) == []
    assert find_candidates("zzzz", generation=generation, embedder=embedder, where=where) == []


def test_dates_filter(tmp_path: Path, embedder: Embedder) -> None:
    texts = {"a.txt": "The truce began."}
    with small_index(tmp_path, texts, embedder, published_on="2012-03") as opened:
        found = [
            len(search("truce", generation=opened, embedder=embedder, where=where))
            for where in (Filter(since="2012"), Filter(since="2012-04"), Filter(until="2012-02"))
        ]
    assert found == [1, 0, 0]
