from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import DamagedIndex
from index.keyword import KeywordIndex, write_words

PASSAGES = [
    ("", "the gang made a truce in prison"),
    ("heading", "the mayor of apopa denied it"),
    ("", "the gang made a truce in prison"),
    ("prison", "nothing of it here"),
    ("", "prison prison prison guard"),
]


def write(folder: Path, passages: Sequence[tuple[str, str]] = PASSAGES) -> KeywordIndex:
    """Each passage is of the document with ten times its number."""
    write_words(folder, [(n, n * 10, head, body) for n, (head, body) in enumerate(passages)])
    return KeywordIndex(folder)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> KeywordIndex:
    folder = tmp_path_factory.mktemp("keyword") / "words"
    return write(folder)


def test_passages_with_the_stem_are_found_best_first(index: KeywordIndex) -> None:
    assert list(index.search({"truce": 1.0}, k=10)) == [0, 2]
    assert list(index.search({"prison": 1.0}, k=10)) == [4, 0, 2, 3]
    assert list(index.search({"prison": 1.0}, k=1)) == [4]


def test_scores_fall_and_ties_break_by_number(index: KeywordIndex) -> None:
    found = index.search({"truce": 1.0, "prison": 1.0, "mayor": 1.0}, k=10)
    scores = list(found.values())
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    assert found[0] == found[2]


def test_weights_count(index: KeywordIndex) -> None:
    mayor_first = index.search({"truce": 0.1, "mayor": 1.0}, k=10)
    assert list(mayor_first) == [1, 0, 2]
    assert list(index.search({"truce": 1.0, "mayor": 0.1}, k=10)) == [0, 2, 1]
    double = index.search({"mayor": 2.0}, k=10)
    assert double[1] == pytest.approx(2 * index.search({"mayor": 1.0}, k=10)[1])


def test_only_the_documents_allowed_are_looked_at(index: KeywordIndex) -> None:
    everywhere = index.search({"prison": 1.0}, k=10)
    some = index.search({"prison": 1.0}, k=10, documents=[20, 30, 999])
    assert list(some) == [2, 3]
    assert some[2] == pytest.approx(everywhere[2])
    assert index.search({"prison": 1.0}, k=10, documents=[]) == {}
    assert index.search({"prison": 1.0}, k=1, documents=[30]).keys() == {3}


def test_nothing_asked_finds_nothing(index: KeywordIndex) -> None:
    assert index.search({}, k=10) == {}
    assert index.search({"prison": 1.0}, k=0) == {}
    assert index.search({"absent": 1.0}, k=10) == {}


def test_words_are_stems_and_are_not_touched(index: KeywordIndex) -> None:
    assert index.search({"PRISON": 1.0}, k=10) == {}
    assert index.search({"prisons": 1.0}, k=10) == {}


def test_count_with(index: KeywordIndex) -> None:
    assert [index.count_with(s) for s in ("truce", "prison", "heading", "absent", "")] == [
        2, 3, 1, 0, 0,
    ]  # fmt: skip
    assert index.count() == len(PASSAGES)


def test_stems_by_their_beginning(index: KeywordIndex) -> None:
    assert index.stems("m") == ["made", "mayor"]
    assert index.stems("h") == ["heading", "here"]
    assert index.stems("ma") == ["made", "mayor"]
    assert index.stems("z") == []


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.dictionaries(st.text(max_size=12), st.floats(0.001, 1.0), max_size=4))
def test_no_stem_is_a_syntax_error(index: KeywordIndex, terms: dict[str, float]) -> None:
    assert len(index.search(terms, k=3)) <= 3
    assert all(index.count_with(stem) <= len(PASSAGES) for stem in terms)


def test_folder_without_an_index_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="words cannot be read; run `footnote index`"):
        KeywordIndex(tmp_path)


def test_garbage_is_a_damaged_index(tmp_path: Path) -> None:
    write(tmp_path / "w")
    for file in (tmp_path / "w").iterdir():
        file.write_bytes(b"garbage " * 600)
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        KeywordIndex(tmp_path / "w")


def test_what_ties_with_the_first_left_out_is_left_out_too(index: KeywordIndex) -> None:
    assert list(index.search({"prison": 1.0}, k=2)) == [4]
    assert len(index.search({"truce": 1.0}, k=1)) == 1  # where all tie, one is chosen
