from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.keyword import KeywordIndex, write_words
from index.query import Query, read_query
from index.words import analyse, stem

ENGLISH = [
    "President Nayib Bukele spoke of the truce.",
    "Barrio 18 and MS-13 agreed on a truce in 2012.",
    "The user name is read from a table.",
    "The constitution forbids a second term.",
    "The minister resigned; gangs took the street.",
]
SPANISH = ["El Barrio 18 negoció una tregua.", "Los pandilleros de la pandilla salieron."]


def write(folder: Path, texts: Sequence[str], language: str) -> KeywordIndex:
    write_words(folder, [(n, n, "", " ".join(analyse(t, language))) for n, t in enumerate(texts)])
    return KeywordIndex(folder)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> KeywordIndex:
    return write(tmp_path_factory.mktemp("q") / "en", ENGLISH, "en")


@pytest.fixture(scope="module")
def spanish(tmp_path_factory: pytest.TempPathFactory) -> KeywordIndex:
    return write(tmp_path_factory.mktemp("q") / "es", SPANISH, "es")


def read(text: str, known: KeywordIndex, *languages: str | None) -> Query:
    return read_query(text, known=known, passage_count=len(ENGLISH), languages=languages or ("en",))


def test_words_are_sought_by_their_stems_without_stop_words(english: KeywordIndex) -> None:
    asked = read("What did the ministers resign from?", english)
    assert [dict(term.stems) for term in asked.terms] == [{"minist": 1.0}, {"resign": 1.0}]
    assert asked.stems() == {"minist": 1.0, "resign": 1.0}


def test_question_of_stop_words_alone_keeps_them(english: KeywordIndex) -> None:
    assert read("Who was it?", english).stems().keys() == {"who", "was", "it"}


def test_rare_words_weigh_more(english: KeywordIndex) -> None:
    asked = read("Bukele truce", english)
    bukele, truce = (term.weight for term in asked.terms)
    assert bukele > truce > 0
    assert bukele + truce == pytest.approx(1.0)


def test_word_said_twice_counts_once(english: KeywordIndex) -> None:
    assert read("truce truces minister", english).terms == read("truce minister", english).terms


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Bukelle", "Bukele"), ("presidennt", "president"), ("minster", "minister")],
)
def test_misspelt_word_is_sought_by_near_spellings(
    english: KeywordIndex, typed: str, meant: str
) -> None:
    stems = read(typed, english).stems()
    assert 0.85 <= stems[stem(meant)] < 1.0
    assert max(stems, key=stems.__getitem__) == stem(meant)


def test_word_in_another_language_is_sought_by_its_cognate(english: KeywordIndex) -> None:
    stems = read("constitución", english, "en").stems()
    assert stem("constitution") in stems


def test_known_word_has_no_near_spellings(english: KeywordIndex) -> None:
    assert read("table", english).stems() == {"tabl": 1.0}


@pytest.mark.parametrize("word", ["2013", "MS-14", "xq", "Zyxwvu"])
def test_figures_short_and_strange_words_have_no_near_spellings(
    english: KeywordIndex, word: str
) -> None:
    assert not read(word, english).stems().keys() & {"2012", "ms13"}
    assert all(close == 1.0 for close in read(word, english).stems().values())


def test_number_words_are_numbers(spanish: KeywordIndex, english: KeywordIndex) -> None:
    stems = read("¿Qué hizo el Barrio dieciocho?", spanish, "es").stems()
    assert stems["18"] == 1.0
    assert "18" in read("Barrio Eighteen", english).stems()
    assert "18" not in read("Barrio seventeen", english).stems()


def test_compound_that_is_nowhere_is_sought_by_its_parts(english: KeywordIndex) -> None:
    for compound in ("userName", "user_name", "user-name"):
        assert read(compound, english).stems() == {"user": 1.0, "name": 1.0}
    assert read("MS-13", english).stems() == {"ms13": 1.0}


def test_stems_are_of_every_language_of_the_documents(english: KeywordIndex) -> None:
    stems = read("pandilleros", english, "es", "en").stems()
    assert {stem("pandilleros", "es"), stem("pandilleros", "en")} <= stems.keys()


def test_pairs_are_words_that_follow_each_other(english: KeywordIndex) -> None:
    asked = read("the second term ended", english)
    assert [(set(a), set(b)) for a, b, _ in asked.pairs] == [
        ({"the"}, {"second"}), ({"second"}, {"term"}), ({"term"}, {"end"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ('who said "a second  Term"?', ("a second term",)),
        ("«el Barrio 18» y “la tregua de 2012”", ("el barrio 18", "la tregua de 2012")),
        ('the "truce"', ()), ("it's the gang's", ()), ('a " b', ()), ("plain", ()),
    ],
)  # fmt: skip
def test_quoted_words_are_phrases(
    english: KeywordIndex, text: str, phrases: tuple[str, ...]
) -> None:
    assert read(text, english).phrases == phrases


@settings(max_examples=120, derandomize=True, database=None, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text(st.sampled_from("abBñ 18-_.'\"名前"), max_size=40)))
@example("\ud800 gangs")
@example("\x00 gangs")
@example('" OR * NEAR(a b) {x}: -y ^z')
@example("Was hat die Maras-Bande im Jahr 2012 gemacht?")
def test_weights_of_any_question_add_up_to_one(english: KeywordIndex, text: str) -> None:
    asked = read(text, english, "en", "es", None)
    for weights in ([t.weight for t in asked.terms], [w for _, _, w in asked.pairs]):
        assert all(weight > 0 for weight in weights)
        assert sum(weights) == pytest.approx(1.0 if weights else 0.0)
    assert all(0 < close <= 1 for close in asked.stems().values())
    assert all(term.stems for term in asked.terms)


def test_empty_index_and_empty_question(tmp_path: Path) -> None:
    empty = write(tmp_path / "w", [], "en")
    asked = read_query("the truce", known=empty, passage_count=0, languages=[])
    assert asked.stems() == {"truce": 1.0}
    assert not asked.is_foreign
    assert read_query("", known=empty, passage_count=0, languages=[]).terms == ()


@pytest.mark.parametrize(
    ("text", "languages", "is_foreign"),
    [
        ("Who made the truce with the gangs?", ("en",), False),
        ("¿Quién hizo la tregua con las pandillas?", ("en",), True),
        ("¿Quién hizo la tregua con las pandillas?", ("en", "es"), False),
        ("¿Quién hizo la tregua con las pandillas?", ("es",), False),
        ("Who made the truce with the gangs?", ("es",), True),
        ("Wer verhandelte damals heimlich mit den Banden im Gefängnis?", ("en",), True),
        ("Wer verhandelte damals heimlich mit den Banden im Gefängnis?", ("de",), False),
        ("Bukele", ("es",), False),
        ("truce gangs", ("en",), False),
        ("the", ("en",), False),
        ("", ("en",), False),
    ],
)
def test_question_in_a_language_of_no_document_is_foreign(
    english: KeywordIndex, text: str, languages: tuple[str, ...], is_foreign: bool
) -> None:
    assert read(text, english, *languages).is_foreign is is_foreign
