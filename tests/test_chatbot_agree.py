"""What rules see in a claim that goes against its sentence, and what they must not stumble over."""

import pytest

from chatbot.agree import disagreement, without_preamble
from chatbot.claim_words import Words

COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
ACTED = "Carlos Marroquín sanctioned Osiris Luna after the talks."
SAID = "Prosecutors claimed that the mayor of Larkford took the money."
NOT = "The government did not free the 30 leaders before 8 March."
AROUND = "The truce of 2012. In El Salvador thirty leaders were moved."


def _disagrees(claim: str, sentence: str, around: str = "") -> str | None:
    return disagreement(Words(claim), Words(sentence), Words(around))


MONTHLY = (
    "There were 3 in January 2012, 4 in February 2012 and 9 in the first 10 days of March 2012."
)


@pytest.mark.parametrize("sentence", [COUNTED, ACTED, SAID, NOT])
def test_a_sentence_agrees_with_itself(sentence: str) -> None:
    assert _disagrees(sentence, sentence) is None


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("In January 2012 there were 411 homicides.", COUNTED),
        (
            "Four hundred and two homicides came in February 2012.",
            "402 homicides came in February 2012.",
        ),
        ("It fell by 13%.", "It fell by 13 percent."),
        ("It fell by thirteen per cent.", "It fell by 13 percent."),
        ("30 leaders were moved.", "Thirty leaders were moved."),
        ("About 1.2 million people left.", "Some 1,200,000 people left."),
        ("Osiris Luna was sanctioned by Carlos Marroquín.", ACTED),
        ("The mayor of Larkford took the money, prosecutors said.", SAID),
        ("The Salvadoran gangs agreed.", "The gangs of El Salvador agreed."),
        ("Any talks were denied by Bukele.", "Bukele denied any talks."),
        ("The 30 leaders were not freed before 8 March by the government.", NOT),
        ("The leaders moved in 2012.", "The leaders moved."),
    ],
)
def test_the_same_in_other_words_agrees(claim: str, sentence: str) -> None:
    assert _disagrees(claim, sentence, AROUND) is None


@pytest.mark.parametrize(
    ("claim", "sentence", "what"),
    [
        (COUNTED.replace("411", "412"), COUNTED, "number"),
        (COUNTED.replace("411", "402").replace("402 in", "411 in"), COUNTED, "date"),
        (COUNTED.replace("January", "March"), COUNTED, "date"),
        ("It fell by 13 percent.", "It fell by 13 times.", "number"),
        ("Over 30 were freed.", "Under 30 were freed.", "direction"),
        ("It changed by -13 percent.", "It changed by 13 percent.", "number"),
        (ACTED.replace("Luna", "Funes"), ACTED, "name"),
        ("Osiris Luna sanctioned Carlos Marroquín after the talks.", ACTED, "roles"),
        ("Carlos Marroquín was sanctioned by Osiris Luna after the talks.", ACTED, "roles"),
        ("Funes wrote that El Faro met Luna.", "El Faro wrote that Funes met Luna.", "roles"),
        ("Luna is called by Lara, the codename.", "Lara is called by Luna, the codename.", "roles"),
        ("Norway share of Norway's trade fell.", "A share of Norway's trade fell.", "name"),
        ("Norway followed the mayor.", "Durán followed the mayor.", "name"),
        ("Violence followed the mayor.", "Durán followed the mayor.", None),
        ("Security calls this crime.", "InSight Crime calls this crime.", "name"),
        ("In January 2012 there were 3, and in February 2012 it had 9.", MONTHLY, "date"),
        ("The government freed the 30 leaders before 8 March.", NOT, "negation"),
        ("Bukele never denied any talks.", "Bukele denied any talks.", "negation"),
        ("The mayor of Larkford took the money.", SAID, "attribution"),
        ("The mayor took it.", "The mayor may have taken it.", None),
        ("Prosecutors claimed that the mayor went.", "The mayor went.", "attribution"),
        ("It had not just begun.", "It had just begun.", "negation"),
        ("It not only began but ended.", "It began and ended.", None),
        ("The mayor likes the Mayor.", "The mayor likes the Centre.", "name"),
        ("The rate rose in spring.", "The rate fell in spring.", "direction"),
        ("Small areas of large towns", "Large areas of large towns", "direction"),
        ("The rate fell, see evil.test for more.", "The rate fell.", "link"),
    ],
)
def test_what_goes_against_it_is_named(claim: str, sentence: str, what: str | None) -> None:
    assert _disagrees(claim, sentence) == what


def test_a_name_may_come_from_around_but_not_take_anothers_place() -> None:
    sentence = "He met the leaders, El Faro said."
    around = "Otto Perez went to Davos."
    money = "The trade paid the leadership of MS13."
    assert _disagrees("The trade paid the leadership of Davos.", money, around) == "name"
    assert _disagrees("Otto Perez met the leaders.", sentence, around) is None
    assert _disagrees("He met the leaders, El Davos said.", sentence, around) == "name"
    assert _disagrees("Nayib Bukele met the leaders.", sentence, around) == "name"


def test_naming_the_source_in_general_is_no_attribution() -> None:
    assert without_preamble("According to the document, the rate fell.") == "The rate fell."
    assert (
        without_preamble("According to the mayor, it fell.") == "According to the mayor, it fell."
    )


@pytest.mark.parametrize(
    ("claim", "sentence", "said"),
    [
        ("The offensive reached El Salvador.", "The offensive reached San Salvador.", "name"),
        ("The offensive reached El Salvador.", "The offensive reached San\nSalvador.", "name"),
        ("The offensive reached San Salvador.", "The offensive reached San Salvador.", None),
        ("El Salvador held talks.", "The Salvadoran government held talks.", None),
    ],
)
def test_names_that_differ_in_a_small_word_are_two(
    claim: str, sentence: str, said: str | None
) -> None:
    assert _disagrees(claim, sentence, "In El Salvador talks were held.") == said
