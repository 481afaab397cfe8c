import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpus.blocks import Block, Extract, make_document
from corpus.document import Document
from corpus.errors import UnknownDocument
from index.errors import DamagedIndex
from index.sentences import split_sentences
from index.split import split_document
from index.store import Filter, Store, Stored, fingerprint

PARAGRAPHS = {
    "b/truce.txt": "The gangs negotiated a truce in prison. It held.",
    "a/mayor.txt": "The mayor of Apopa, Marroquín, denied it.",
    "c/copy.txt": "The gangs negotiated a truce in prison. It held.",
    "a/b/deep.txt": "Nothing of it stands here.",
}
DATES = {"b/truce.txt": "2012", "a/mayor.txt": "2012-03", "c/copy.txt": "2012-03-15"}
SENTENCES = 3  # of a passage that has two, a row of the flat file stays free


def make(document_id: str) -> Document:
    extract = Extract(
        blocks=[Block("Heading", 1, 1), Block(PARAGRAPHS[document_id], page=2)],
        source="https://a.org", published_on=DATES.get(document_id), language="es",
    )  # fmt: skip
    when = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    return make_document(extract, document_id=document_id, fallback_title="", modified_at=when)


def passages_of(document: Document, number: int) -> list[Stored]:
    return [
        Stored(
            number + i,
            passage,
            document.title,
            document.language,
            [(s.start, s.end) for s in split_sentences(passage.text)],
            (number + i) * SENTENCES,
            ["head"],
            ["the", "body"],
        )
        for i, passage in enumerate(split_document(document))
    ]


def add(store: Store, document: Document, number: int) -> int:
    """Add a document, its one passage under `number`."""
    document_number = store.add_document(document, file_sha256=f"file of {document.id}")
    for stored in passages_of(document, number):
        key = stored.passage.text.encode()[:16]
        store.add_passage(stored, document=document_number, content_key=key)
    return document_number


def write(path: Path) -> None:
    """Passages have the numbers 10, 11, 12, 13, in the order above."""
    store = Store(path, write=True)
    for number, id_ in enumerate(PARAGRAPHS, start=10):
        add(store, make(id_), number)
    store.commit()
    store.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "documents.sqlite"
    write(file)
    return file


@pytest.fixture(scope="module")
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def test_documents_come_back_whole_and_ordered(store: Store) -> None:
    assert [store.document(id_) for id_ in store.titles()] == [
        make(id_) for id_ in sorted(PARAGRAPHS)
    ]
    assert store.document("b/truce.txt") == make("b/truce.txt")
    assert list(store.titles().items()) == [(id_, "Heading") for id_ in sorted(PARAGRAPHS)]


def test_passages_come_back_whole_in_the_order_asked(store: Store) -> None:
    assert store.passages([11, 99, 10]) == [
        *passages_of(make("a/mayor.txt"), 11),
        *passages_of(make("b/truce.txt"), 10),
    ]
    assert store.passages([]) == []
    assert store.numbers() == [10, 11, 12, 13]
    assert store.count_passages() == len(PARAGRAPHS)


def test_sentences_stand_at_their_bounds(store: Store) -> None:
    (stored,) = store.passages([10])
    assert [stored.passage.text[a:b] for a, b in stored.bounds] == [
        "Heading", "The gangs negotiated a truce in prison.", "It held.",
    ]  # fmt: skip
    assert stored.first_sentence == 30


def test_many_passages_come_back_in_the_order_asked(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", write=True)
    document = make("b/truce.txt")
    number = store.add_document(document, file_sha256="")
    (one,) = passages_of(document, 0)
    wanted = range(1_003)
    for n in wanted:
        store.add_passage(replace(one, number=n), document=number, content_key=b"")
    asked = list(reversed(wanted))
    assert [stored.number for stored in store.passages(asked)] == asked
    store.close()


def test_like_finds_a_passage_of_the_same_words(store: Store) -> None:
    key = b"Heading\n\nThe gangs"[:16]
    assert store.like(key) in [(10, 30, 3), (12, 36, 3)]
    assert store.like(b"none") is None


def test_hashes_and_languages(store: Store) -> None:
    assert store.file_hashes() == {id_: f"file of {id_}" for id_ in PARAGRAPHS}
    assert store.fingerprints() == {id_: fingerprint(make(id_)) for id_ in PARAGRAPHS}
    assert store.languages() == ["es"]


def test_languages_come_by_frequency(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", write=True)
    for n, language in enumerate(["en", "de", "es", "en", None, "en", "es"]):
        document = replace(make("b/truce.txt"), id=f"{n}.txt", language=language)
        store.add_document(document, file_sha256="")
    assert store.languages() == ["en", "es", None, "de"]
    store.close()


def test_fingerprint_is_of_everything_but_the_time_of_the_file() -> None:
    made = make("b/truce.txt")
    assert fingerprint(replace(made, modified_at=datetime.now(UTC))) == fingerprint(made)
    changes: list[dict[str, object]] = [
        {"title": "x"}, {"text": "x"}, {"headings": ()}, {"pages": ()}, {"source": None},
        {"published_on": None}, {"language": None}, {"sha256": ""}, {"id": "x"},
    ]  # fmt: skip
    for change in changes:
        assert fingerprint(replace(made, **change)) != fingerprint(made), change  # type: ignore[arg-type]


def test_removed_documents_are_gone_and_numbers_are_never_reused(tmp_path: Path) -> None:
    write(tmp_path / "s.sqlite")
    store = Store(tmp_path / "s.sqlite", write=True)
    document = make("a/b/deep.txt")
    assert store.remove_document(document.id) == [13]
    assert store.numbers() == [10, 11, 12]
    assert store.passages([13]) == []
    assert document.id not in store.titles()
    assert store.allowed(Filter(documents=(document.id,))) == ([], [])
    again = add(store, document, 20)
    store.commit()
    store.close()
    store = Store(tmp_path / "s.sqlite", write=True)
    store.remove_document(document.id)
    assert add(store, document, 21) > again
    assert store.document(document.id) == document
    assert store.numbers() == [10, 11, 12, 21]
    store.close()


ALL = [10, 11, 12, 13]


@pytest.mark.parametrize(
    ("where", "passages"),
    [
        (Filter(), ALL),
        (Filter(documents=("a/mayor.txt", "c/copy.txt", "none")), [11, 12]),
        (Filter(documents=("none",)), []),
        (Filter(folder="a"), [11, 13]), (Filter(folder="a/"), [11, 13]),
        (Filter(folder="/a/b/"), [13]), (Filter(folder="a/b"), [13]),
        (Filter(folder="b"), [10]), (Filter(folder="A"), []), (Filter(folder="a/m"), []),
        (Filter(folder="%"), []), (Filter(folder="a/mayor.txt"), []),
        (Filter(since="2012"), [10, 11, 12]), (Filter(since="2012-03"), [11, 12]),
        (Filter(since="2012-03-15"), [12]), (Filter(since="2012-03-16"), []),
        (Filter(until="2011-12-31"), []), (Filter(until="2012"), [10, 11, 12]),
        (Filter(until="2012-03"), [10, 11, 12]), (Filter(until="2012-02"), [10]),
        (Filter(until="2012-03-15"), [10, 11, 12]), (Filter(until="2012-03-14"), [10, 11]),
        (Filter(since="2012-03", until="2012-03"), [11, 12]),
        (Filter(folder="a", until="2012"), [11]),
        (Filter(documents=("b/truce.txt",), folder="a"), []),
        (Filter(documents=("'; DROP TABLE documents; --",)), []),
    ],
)  # fmt: skip
def test_filter_allows(store: Store, where: Filter, passages: list[int]) -> None:
    documents, numbers = store.allowed(where)
    assert numbers == passages
    assert documents == [number - 9 for number in passages]


def test_unknown_document(store: Store) -> None:
    for name in ("nowhere.txt", "\ud800.txt", ""):
        with pytest.raises(UnknownDocument, match=r"; `footnote show` alone lists them"):
            store.document(name)


def test_open_store_cannot_be_written(path: Path) -> None:
    before = path.read_bytes()
    opened = Store(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.add_document(replace(make("a/mayor.txt"), id="new"), file_sha256="")
    opened.close()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_missing_file_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="footnote index"):
        Store(tmp_path / "none.sqlite")


@pytest.mark.parametrize("garbage", [b"garbage " * 1000, b"", b"SQLite format 3\0" * 100])
def test_garbage_is_a_damaged_index(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "x.sqlite").write_bytes(garbage)
    opened = Store(tmp_path / "x.sqlite")
    with pytest.raises(DamagedIndex, match="footnote index"):
        opened.count_passages()
    opened.close()
