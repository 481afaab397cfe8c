from dataclasses import replace
from datetime import UTC, datetime

import pytest

from corpus.document import Document
from corpus.load import Corpus
from index.change import Change, compare, find_duplicates, is_worth_copying
from index.generation import Generation


def with_documents(*documents: Document) -> Corpus:
    return Corpus(tuple(sorted(documents, key=lambda d: d.id)), ())


def change_of(write: int, remove: int, documents: tuple[Document, ...]) -> Change:
    return Change(
        write=documents[:write],
        remove=tuple(str(n) for n in range(remove)),
        counts={},
    )


def test_same_corpus_is_no_change(bundled_corpus: Corpus, generation: Generation) -> None:
    touched = [replace(d, modified_at=datetime.now(UTC)) for d in bundled_corpus.documents]
    for corpus in (bundled_corpus, with_documents(*touched)):
        change = compare(corpus, generation)
        assert (change.write, change.remove) == ((), ())
        assert change.counts["unchanged"] == len(bundled_corpus.documents)
        names = ("added", "updated", "removed")
        assert [change.counts[name] for name in names] == [0, 0, 0]


def test_without_an_index_everything_is_added(bundled_corpus: Corpus) -> None:
    change = compare(bundled_corpus, None)
    assert change.write == bundled_corpus.documents
    assert change.remove == ()
    names = ("added", "unchanged")
    assert [change.counts[name] for name in names] == [len(bundled_corpus.documents), 0]


def test_what_was_added_updated_and_removed(bundled_corpus: Corpus, generation: Generation) -> None:
    first, second, *others = bundled_corpus.documents
    new = replace(first, id="zz.md")
    updated = replace(second, title="Another title")
    change = compare(with_documents(new, updated, *others), generation)
    assert change.write or change.remove
    assert {d.id for d in change.write} == {second.id, "zz.md"}
    assert sorted(change.remove) == sorted([first.id, second.id])
    names = ("added", "updated", "removed")
    assert [change.counts[name] for name in names] == [1, 1, 1]
    assert change.counts["unchanged"] == len(others)


def test_removed_documents_alone_are_a_change(
    bundled_corpus: Corpus, generation: Generation
) -> None:
    change = compare(with_documents(*bundled_corpus.documents[1:]), generation)
    assert change.write or change.remove
    assert change.write == ()
    assert change.remove == (bundled_corpus.documents[0].id,)


@pytest.mark.parametrize(("write", "remove", "worth"), [(1, 1, True), (2, 0, True), (99, 0, False)])
def test_small_changes_are_worth_a_copy(
    bundled_corpus: Corpus, generation: Generation, write: int, remove: int, worth: bool
) -> None:
    change = change_of(write, remove, bundled_corpus.documents)
    assert is_worth_copying(generation, change) is worth


def test_half_of_the_documents_is_the_most(bundled_corpus: Corpus, generation: Generation) -> None:
    half = len(bundled_corpus.documents) // 2
    assert is_worth_copying(generation, change_of(half, 0, bundled_corpus.documents))
    assert not is_worth_copying(generation, change_of(half, 1, bundled_corpus.documents))
    assert not is_worth_copying(generation, change_of(0, half + 1, bundled_corpus.documents))


def test_duplicates_name_the_first_of_the_same_words(bundled_corpus: Corpus) -> None:
    first, second, *_ = bundled_corpus.documents
    copies = [replace(first, id="y.md", title="Another"), replace(first, id="z.md")]
    assert find_duplicates(with_documents(first, second, *copies)) == (
        ("y.md", first.id), ("z.md", first.id),
    )  # fmt: skip
    assert find_duplicates(bundled_corpus) == ()
