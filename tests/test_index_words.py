from concurrent.futures import ThreadPoolExecutor

import pytest

from index.words import closeness, is_stop_word, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MS-13", "MS13"), ("MS-13", "ms13"), ("U.S.", "US"), ("U.S", "US"),
        ("Marroquín", "marroquin"), ("BUKELE", "Bukele"), ("Bukele's", "Bukele"),
        ("Bukele’s", "Bukele"), ("gangs’", "gang"), ("negotiated", "negotiating"),
        ("prisons", "prison"), ("Año", "ano"),
    ],
)  # fmt: skip
def test_same_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("MS-13", "MS-18"), ("2012", "2013"), ("3.5", "35"), ("66", "66%"), ("truce", "truck")],
)
def test_other_stem(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_words_as_written_in_order() -> None:
    text = "MS-13’s U.S. deal—“66.2%” of AT&T, Marroquín's."
    assert words(text) == ["MS-13’s", "U.S", "deal", "66.2%", "of", "AT&T", "Marroquín's"]


@pytest.mark.parametrize(("word", "is_one"), [
    ("us", True), ("Us", True), ("US", False), ("WHO", False), ("Who", True), ("I", True),
    ("qué", True), ("truce", False), ("2012", False),
])  # fmt: skip
def test_stop_words(word: str, is_one: bool) -> None:
    assert is_stop_word(word) is is_one


@pytest.mark.parametrize(
    ("wanted", "there", "value"),
    [
        ("Bukele", "Bukele", 1.0), ("Bukele", "Bukelle", 0.8), ("clarified", "clarification", 0.8),
        ("photo", "photographs", 0.8), ("Bukele", "Dukele", 0.0), ("truce", "treaty", 0.0),
        ("gang", "gangster", 0.0), ("20120", "20121", 0.0), ("12345", "123456", 0.0),
        ("12345", "12345a", 0.0),
    ],
)  # fmt: skip
def test_closeness(wanted: str, there: str, value: float) -> None:
    assert closeness(stem(wanted), frozenset({stem("other"), stem(there)})) == value


def test_nothing_is_close_to_nothing() -> None:
    assert closeness("truce", frozenset()) == 0.0


@pytest.mark.parametrize(
    ("wanted", "there"),
    [("1980-1992", "1980-1993"), ("Barrio18", "Barrio13"), ("2012-13", "2012-14")],
)
def test_words_with_figures_match_exactly_or_not_at_all(wanted: str, there: str) -> None:
    assert closeness(stem(wanted), frozenset({stem(there)})) == 0.0


def test_stems_are_the_same_from_many_threads() -> None:
    made_up = [f"{root}{ending}" for root in ROOTS for ending in ("ations", "ing", "ed", "ies")]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(stem, made_up * 3))
    stem.cache_clear()
    assert together == [stem(word) for word in made_up * 3]


ENDINGS = ("ations", "ing", "ed", "ies")
ROOTS = [f"b{a}{b}r{c}t" for a in "aeiou" for b in "bdfgk" for c in "aeiou"]
