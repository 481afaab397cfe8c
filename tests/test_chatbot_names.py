import pytest

from chatbot.names import PERSON, find_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Who is Carlos Marroquín?", ["Carlos Marroquín"]),
        ("What is Bukele's Territorial Control Plan?", ["Bukele", "Territorial Control Plan"]),
        ("When did the FMLN come to power in El Salvador in March 2012?", ["FMLN", "El Salvador"]),
        ("How many people did MS13 and Barrio 18 kill?", ["MS13", "Barrio 18"]),
        ("Who leads the Ministry of Public Security?", ["Ministry of Public Security"]),
        ("¿Quién dirige el Museo del Café?", ["Museo del Café"]),
        ("In March 2015 Sánchez Cerén left. Talks ended.", ["Sánchez Cerén"]),
        ("Bukele?", ["Bukele"]),
        ("Did homicides fall in March 2012?", []),
        ("why?", []),
    ],
)
def test_names_are_found_by_their_capitals(text: str, names: list[str]) -> None:
    found = find_names(text)
    assert [name.text for name in found] == names
    assert [text[name.start : name.end] for name in found] == names


def test_a_name_keeps_its_article_and_knows_where_it_stands() -> None:
    front, country = find_names("When did the FMLN win in El Salvador?")
    assert (front.with_article, country.with_article) == ("the FMLN", "El Salvador")
    assert (front.is_place, country.is_place) == (False, True)


def test_persons_are_told_from_bodies_and_places() -> None:
    asked = "Did Bukele meet the Red Command, InSight Crime or Vanda Felbab-Brown in Davos?"
    assert [n.text for n in find_names(asked) if n.is_person] == ["Bukele", "Vanda Felbab-Brown"]


@pytest.mark.parametrize("noun", ["president", "journalist", "ministra", "chairman", "poet"])
def test_nouns_for_persons_are_known(noun: str) -> None:
    assert PERSON.fullmatch(noun)


@pytest.mark.parametrize("noun", ["newspaper", "list", "agency", "human", "museo"])
def test_nouns_for_things_are_none_of_them(noun: str) -> None:
    assert not PERSON.fullmatch(noun)
