import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.blocks import Block, Extract, make_document
from corpus.document import Document
from corpus.errors import UnknownDocument
from index.errors import DamagedIndex
from index.split import split_document
from index.store import Store

PARAGRAPHS = {
    "b/truce.txt": "The gangs negotiated a truce in prison.",
    "a/mayor.txt": "The mayor of Apopa, Marroquín, denied it.",
    "c/copy.txt": "The gangs negotiated a truce in prison.",
    "d/head.txt": "Nothing of it stands here.",
}


def make(document_id: str) -> Document:
    extract = Extract(
        blocks=[Block("Heading", 1, 1), Block(PARAGRAPHS[document_id], page=2)],
        source="https://a.org", published_on="2013-05", language="es",
    )  # fmt: skip
    when = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    return make_document(extract, document_id=document_id, fallback_title="", modified_at=when)


def write(path: Path) -> None:
    store = Store.create(path)
    for id_ in PARAGRAPHS:
        document = make(id_)
        passages = split_document(document, fits=lambda _: True)
        head = "A title of prison" if id_.startswith("d") else "Heading"
        store.add(document, [(passage, head, f"key of {passage.text}") for passage in passages])
    store.commit()
    store.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "documents.sqlite"
    write(file)
    return file


@pytest.fixture(scope="module")
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path)
    yield opened
    opened.close()


def found(store: Store, query: str, k: int = 10) -> list[str]:
    return [id_.split("#")[0] for id_ in store.search_words(query, k=k)]


def test_documents_come_back_whole_and_ordered(store: Store) -> None:
    assert store.documents() == [make(id_) for id_ in sorted(PARAGRAPHS)]
    assert store.document("b/truce.txt") == make("b/truce.txt")
    assert list(store.titles().items()) == [(id_, "Heading") for id_ in sorted(PARAGRAPHS)]


def test_passages_come_back_whole(store: Store) -> None:
    passages = split_document(make("a/mayor.txt"), fits=lambda _: True)
    assert store.passages([passages[0].id, "none"]) == {passages[0].id: passages[0]}
    assert store.passages([]) == {}
    assert store.count_passages() == len(PARAGRAPHS)


def test_equal_texts_share_a_content_key(store: Store) -> None:
    assert len(store.content_keys()) == len(PARAGRAPHS) - 1


def test_unknown_document(store: Store) -> None:
    with pytest.raises(UnknownDocument, match=r"'nowhere\.txt'; `footnote show` alone lists them"):
        store.document("nowhere.txt")


@pytest.mark.parametrize("query", ["negotiation", "NEGOTIATES?", "truces AND"])
def test_search_knows_endings(store: Store, query: str) -> None:
    assert found(store, query) == ["b/truce.txt", "c/copy.txt"]


def test_search_knows_no_accents(store: Store) -> None:
    assert found(store, "marroquin") == found(store, "MARROQUÍN") == ["a/mayor.txt"]


def test_heading_words_are_found_but_count_less(store: Store) -> None:
    assert found(store, "prison") == ["b/truce.txt", "c/copy.txt", "d/head.txt"]


def test_scores_fall_and_ties_break_by_id(store: Store) -> None:
    scores = store.search_words("prison mayor gangs", k=10)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert found(store, "gangs", k=1) == ["b/truce.txt"]


def test_count_with_word(store: Store) -> None:
    counts = [store.count_with_word(word) for word in ("truce", "truces", "prison", "absent", "?")]
    assert counts == [2, 2, 3, 0, 0]


@settings(max_examples=60, derandomize=True, database=None)
@given(st.text(max_size=30))
@example('" OR * NEAR(a b) {x}: -y ^z')
@example("_ __")
@example("\x00 gangs")
@example("\ud800 gangs")
def test_no_query_is_a_syntax_error(store: Store, query: str) -> None:
    assert len(store.search_words(query, k=3)) <= 3


def test_open_store_cannot_be_written(path: Path) -> None:
    before = path.read_bytes()
    opened = Store.open(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.add(make("a/mayor.txt"), [])
    opened.close()
    assert path.read_bytes() == before


def test_missing_file_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="footnote index"):
        Store.open(tmp_path / "none.sqlite")


def test_garbage_is_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"garbage " * 1000)
    opened = Store.open(tmp_path / "x.sqlite")
    with pytest.raises(DamagedIndex, match="footnote index"):
        opened.count_passages()
    opened.close()
