from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.words import STEMMED, analyse, closeness, is_stop_word, parts, stem, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MS-13", "MS13"), ("MS-13", "ms13"), ("U.S.", "US"), ("U.S", "US"),
        ("Marroquín", "marroquin"), ("BUKELE", "Bukele"), ("Bukele's", "Bukele"),
        ("Bukele’s", "Bukele"), ("gangs’", "gang"), ("negotiated", "negotiating"),
        ("prisons", "prison"), ("Año", "ano"), ("1,234", "1234"), ("1,234,567", "1234567"),
        ("WHO", "W.H.O."), ("US", "U.S"),
    ],
)  # fmt: skip
def test_same_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MS-13", "MS-18"), ("2012", "2013"), ("3.5", "35"), ("66", "66%"), ("truce", "truck"),
        ("WHO", "who"), ("US", "us"), ("1,234", "1,235"), ("2012-13", "2012-14"),
    ],
)  # fmt: skip
def test_other_stem(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "negotiations", "negotiate"), ("es", "negociaciones", "negociación"),
        ("es", "pandilleros", "pandillero"), ("de", "Häuser", "hauser"),
        ("fr", "chantaient", "chanter"), ("pt", "bandidos", "bandido"), ("ru", "тюрьмы", "тюрьма"),
        ("it", "parlavano", "parlare"),
    ],
)  # fmt: skip
def test_endings_of_a_language(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language)


def test_language_decides_the_stem() -> None:
    assert stem("negociaciones", "es") != stem("negociaciones", "en")
    assert stem("prisons", None) == stem("prisons", "en") == "prison"
    assert stem("Prisons", "xx") == "prisons"


@pytest.mark.parametrize("language", sorted(STEMMED))
def test_every_language_named_has_a_stemmer(language: str) -> None:
    assert stem("word", language)


def test_words_as_written_in_order() -> None:
    text = "MS-13’s U.S. deal—“66.2%” of AT&T, Marroquín's."
    assert words(text) == ["MS-13’s", "U.S", "deal", "66.2%", "of", "AT&T", "Marroquín's"]


@pytest.mark.parametrize(
    ("compound", "found"),
    [
        ("getUserName", ["getusernam", "get", "user", "name"]),
        ("user_name", ["user_nam", "user", "name"]),
        ("gang-related", ["gang-rel", "gang", "relat"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("MS-13", ["ms13", "ms", "13"]),
        ("truce", ["truce"]), ("Truce", ["truce"]), ("TRUCE", ["truce"]), ("2012", ["2012"]),
        ("McDonald's", ["mcdonald", "mc", "donald"]),
        ("東京都", ["東京都", "東京", "京都"]), ("犬", ["犬"]),
        ("ประเทศ", ["ประเทศ", "ปร", "ระ"]),
    ],
)  # fmt: skip
def test_compounds_are_found_whole_and_by_their_parts(compound: str, found: list[str]) -> None:
    assert analyse(compound, "en")[: len(found)] == found


@pytest.mark.parametrize("word", ["truce", "Truce", "TRUCE", "2012", "1,234", "66%", "Año", "犬"])
def test_plain_words_have_no_parts(word: str) -> None:
    assert parts(word, "en") == ()


def test_stems_stand_in_the_order_of_the_words() -> None:
    assert analyse("The gangs' truce, in 2012.", "en") == ["the", "gang", "truce", "in", "2012"]
    assert analyse("", "en") == analyse("?! —", None) == []


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["en", "es", "ja", None]))
def test_no_stem_holds_white_space(text: str, language: str | None) -> None:
    """The keyword index tells stems apart by it."""
    assert all(s.split() == [s] for s in analyse(text, language))


@pytest.mark.parametrize(("word", "language", "is_one"), [
    ("the", "en", True), ("the", "es", False), ("qué", "es", True), ("qué", "en", False),
    ("the", "de", False), ("el", "es", True), ("WHO", "en", False), ("who", "en", True),
])  # fmt: skip
def test_stop_words_are_of_a_language(word: str, language: str, is_one: bool) -> None:
    assert is_stop_word(word, language) is is_one


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
