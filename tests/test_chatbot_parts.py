import pytest

from chatbot.parts import asks_for_list, split_question

WHOLE = "Which office does Carlos Marroquín head?"


@pytest.mark.parametrize(
    "question",
    [
        WHOLE,
        "What did Bukele and Funes say?",
        "How long did the truce of March and April last?",
        "Who met the gangs in 2012 or 2013?",
        "Over what period was that? (gang members died clashes)",
        "¿Y cuándo las levantaron? (sanciones Marroquín)",
        "",
        "?",
    ],
)
def test_one_question_comes_through_as_it_is(question: str) -> None:
    assert split_question(question) == (question,)


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who is Funes and when was Bukele elected?",
            ("Who is Funes?", "when was Bukele elected?"),
        ),
        ("What is MS13? Where is Davos?", ("What is MS13?", "Where is Davos?")),
        (
            "What did Luna say, and in what words did Funes answer?",
            ("What did Luna say?", "in what words did Funes answer?"),
        ),
        (
            "¿Quién es Funes y cuándo fue elegido Bukele?",
            ("¿Quién es Funes?", "¿cuándo fue elegido Bukele?"),
        ),
        (
            "How many homicides were there in January 2012 and how many in February?",
            (
                "How many homicides were there in January 2012?",
                "How many homicides were there in February 2012?",
            ),
        ),
    ],
)
def test_two_questions_are_two(question: str, parts: tuple[str, ...]) -> None:
    assert split_question(question) == parts


def test_the_second_question_gets_what_it_leans_on() -> None:
    first, second = split_question("Who is Carlos Marroquín and when was he sanctioned?")
    assert first == "Who is Carlos Marroquín?"
    assert "Marroquín" in second


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Were there more homicides in 2015 or in 2017?",
            ("How many homicides were there in 2015?", "How many homicides were there in 2017?"),
        ),
        (
            "Was Mauricio Funes or Ana Ruiz more open to talks?",
            ("Was Mauricio Funes more open to talks?", "Was Ana Ruiz more open to talks?"),
        ),
        (
            "Was the rate higher in early 2012 or in 2015?",
            ("Was the rate higher in early 2012?", "Was the rate higher in 2015?"),
        ),
        (
            "Was the rate higher in Guatemala or Honduras?",
            ("Was the rate higher in Guatemala?", "Was the rate higher in Honduras?"),
        ),
        (
            "¿Fue mayor la tasa en 2012 o en 2015?",
            ("¿Fue mayor la tasa en 2012?", "¿Fue mayor la tasa en 2015?"),
        ),
        (
            "What is the difference between ARENA and FMLN?",
            ("What is the difference between ARENA and FMLN?",),
        ),
    ],
)
def test_what_is_compared_is_asked_of_each(question: str, parts: tuple[str, ...]) -> None:
    assert split_question(question) == parts


def test_at_most_three_are_answered() -> None:
    assert len(split_question("Who is A? Who is B? Who is C? Who is D? Who is E?")) == 3


@pytest.mark.parametrize(
    "question",
    ["Which perks were allowed?", "List the presidents.", "What are the gangs?", "¿Cuáles son?"],
)
def test_lists_are_seen(question: str) -> None:
    assert asks_for_list(question)


@pytest.mark.parametrize("question", [WHOLE, "What is this?", "Which was first?", "Who was he?"])
def test_one_thing_is_no_list(question: str) -> None:
    assert not asks_for_list(question)
