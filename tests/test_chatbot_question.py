import pytest

from chatbot.answer import Turn
from chatbot.errors import WrongQuestion
from chatbot.question import LONGEST_QUESTION, check_length, make_standalone, read_question


def test_names_are_capitals_numbers_and_acronyms_but_not_the_first_word() -> None:
    question = read_question("Which party did FMLN beat in 2014 in El Salvador?")
    assert question.names == {"fmln", "2014", "salvador"}
    assert {"parti", "beat"} <= question.terms.keys()


def test_an_acronym_is_a_name_also_as_the_first_word() -> None:
    assert "fmln" in read_question("FMLN rival?").names
    assert "bukel" not in read_question("Bukele rival?").names


def test_stop_words_are_no_terms() -> None:
    assert read_question("what is it about the and of?").terms == {}


def test_length_is_checked_at_its_edge() -> None:
    assert check_length("x" * LONGEST_QUESTION) == "x" * LONGEST_QUESTION
    with pytest.raises(WrongQuestion, match="2,001 characters"):
        check_length("x" * (LONGEST_QUESTION + 1))


def test_white_space_around_a_question_does_not_count() -> None:
    assert check_length("  \n" * LONGEST_QUESTION + "why?\t ") == "why?"


@pytest.mark.parametrize("empty", ["", " ", "\n\t\u00a0"])
def test_empty_question_is_refused(empty: str) -> None:
    with pytest.raises(WrongQuestion, match="empty"):
        check_length(empty)


def test_first_question_stands_alone() -> None:
    assert make_standalone("And in February?", []) == "And in February?"


@pytest.mark.parametrize(
    ("question", "standalone"),
    [
        ("And in February?", "How many homicides were there in February 2012?"),
        ("What about March 2013?", "How many homicides were there in March 2013?"),
        ("And in 2015?", "How many homicides were there in January 2015?"),
        ("And in Peru?", "And in Peru? (homicides January 2012)"),
        ("And arrests in February?", "And arrests in February? (homicides)"),
    ],
)
def test_fragment_takes_what_it_lacks_but_not_the_time_it_replaces(
    question: str, standalone: str
) -> None:
    history = [Turn("How many homicides were there in January 2012?")]
    assert make_standalone(question, history) == standalone


def test_month_is_replaced_as_a_word_only() -> None:
    history = [Turn("What did the Mayor say in May?")]
    assert make_standalone("And in June?", history) == "What did the Mayor say in June?"


def test_pronoun_takes_the_name_before() -> None:
    history = [Turn("Who is Carlos Marroquín?", "The head of an office.")]
    standalone = make_standalone("Which office does he head?", history)
    assert standalone == "Which office does he head? (Carlos Marroquín)"


def test_full_question_is_left_as_it_is() -> None:
    history = [Turn("Who is Carlos Marroquín?")]
    full = "Which newspaper carried Otto Perez Molina's clarification?"
    assert make_standalone(full, history) == full


def test_only_the_last_turn_counts() -> None:
    history = [Turn("Who coined narco-peace?"), Turn("Who is Villatoro?")]
    assert "narco" not in make_standalone("And why?", history)
