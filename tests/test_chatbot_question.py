import pytest

from chatbot.answer import Turn
from chatbot.errors import WrongQuestion
from chatbot.question import (
    LONGEST_QUESTION,
    check_length,
    make_standalone,
    plain,
    read_question,
)


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
        ("And in February and March?", "And in February and March? (homicides)"),
        ("How many arrests?", "How many arrests? (homicides January 2012)"),
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


OFFICE = "Who heads the Social Fabric Reconstruction Unit?"
HEAD = "Carlos Marroquín is the head of the Social Fabric Reconstruction Unit."
RATE = "What was the homicide rate in El Salvador in 2021?"
LEANING = {
    ("Who is Carlos Marroquín?", "When was he sanctioned?"): (
        "When was Carlos Marroquín sanctioned?"
    ),
    ("Who is Carlos Marroquín?", "Which office does he head?"): (
        "Which office does Carlos Marroquín head?"
    ),
    ("Who is Carlos Marroquín?", "And his office?"): "And Carlos Marroquín’s office?",
    ("Who is Carlos Marroquín?", "What did InSight Crime say about him?"): (
        "What did InSight Crime say about Carlos Marroquín?"
    ),
    ("Who is Jeanette Aguilar?", "What did her sources say?"): (
        "What did Jeanette Aguilar’s sources say?"
    ),
    ("Who is Jeanette Aguilar?", "Who asked her?"): "Who asked Jeanette Aguilar?",
    (OFFICE, "When was he sanctioned?"): "When was Carlos Marroquín sanctioned?",
    (OFFICE, "What does it do?"): "What does the Social Fabric Reconstruction Unit do?",
    ("What is Operación Jaque?", "What did it target?"): "What did Operación Jaque target?",
    ("Who are the Zetas?", "Where do they operate?"): "Where do the Zetas operate?",
    ("Who are the Zetas?", "What are their routes?"): "What are the Zetas’ routes?",
    ("¿Quién es Elena Márquez?", "¿Cuándo nació ella?"): "¿Cuándo nació Elena Márquez?",
    ("¿Quién es Elena Márquez?", "¿Cuál es su cargo?"): "¿Cuál es el cargo de Elena Márquez?",
    ("¿Qué es el Museo del Café?", "¿Cuáles son sus salas?"): (
        "¿Cuáles son las salas del Museo del Café?"
    ),
    ("¿Quién es Elena Márquez?", "¿Qué oficina dirige?"): "¿Qué oficina dirige? (Elena Márquez)",
    ("Who is Carlos Marroquín?", "And Gustavo Villatoro?"): "Who is Gustavo Villatoro?",
    ("Who is Carlos Marroquín?", "Gustavo Villatoro?"): "Who is Gustavo Villatoro?",
    ("What was El Salvador's homicide rate in 2021?", "What about Mexico?"): (
        "What was Mexico's homicide rate in 2021?"
    ),
    (RATE, "And in Mexico?"): "What was the homicide rate in Mexico in 2021?",
    (RATE, "and in mexico?"): "What was the homicide rate in mexico in 2021?",
    (RATE, "And in Mexico in 2019?"): "What was the homicide rate in Mexico in 2019?",
    (RATE, "And in Mexico and Brazil?"): (
        "And in Mexico and Brazil? (homicide rate Salvador 2021)"
    ),
    ("When did the FMLN come to power?", "And ARENA?"): "When did ARENA come to power?",
    ("¿Quién es Elena Márquez?", "¿Y Ramón Ixquiac?"): "¿Quién es Ramón Ixquiac?",
    ("¿Cuántos homicidios hubo en enero de 2012?", "¿Y en febrero?"): (
        "¿Cuántos homicidios hubo en febrero de 2012?"
    ),
    ("Did homicides fall in March 2012?", "Why?"): "Why did homicides fall in March 2012?",
    ("Did homicides fall in March 2012?", "But why exactly?"): (
        "Why exactly did homicides fall in March 2012?"
    ),
    ("When did the truce begin?", "How?"): "How did the truce begin?",
    ("Who coined narco-peace?", "When?"): "When? (coined narco-peace)",
    ("¿Cayeron los homicidios en 2012?", "¿Por qué?"): "¿Por qué cayeron los homicidios en 2012?",
    ("¿Cuándo empezó la tregua?", "¿Y dónde?"): "¿Dónde empezó la tregua?",
    ("What is the truce of 2012?", "When did that happen?"): "When did that happen? (truce 2012)",
    ("What is the truce of 2012?", "Who mediated it?"): "Who mediated it? (truce 2012)",
    ("Who is Otto Perez Molina?", "Who lives there?"): "Who lives there? (Otto Perez Molina)",
    ("Who appears in the first video?", "And who is in the other one?"): (
        "And who is in the other one? (appears first video)"
    ),
    ("Who is Otto Perez Molina?", "Tell me more"): "Tell me more (Otto Perez Molina)",
}


@pytest.mark.parametrize(("before", "question"), LEANING)
def test_question_that_leans_on_another_is_made_to_stand(before: str, question: str) -> None:
    history = [Turn(before, HEAD if before == OFFICE else "")]
    assert make_standalone(question, history) == LEANING[before, question]


@pytest.mark.parametrize(("before", "question"), LEANING)
def test_no_word_of_the_question_is_lost(before: str, question: str) -> None:
    lost = read_question(question).terms.keys() - read_question(LEANING[before, question]).terms
    assert lost <= {"cual", "ella"}


@pytest.mark.parametrize(
    "question",
    [
        "Which newspaper carried Otto Perez Molina's clarification?",
        "Who is Villatoro?",
        "And who is Villatoro?",
        "What is a peace zone?",
        "Is it true that Bukele met the gangs?",
        "How long does it take to reach San Salvador?",
        "Why do gangs cover their faces?",
        "Why do the Metropolitan Agents cover their faces?",
        "Did Bukele keep his promise?",
        "Did the president keep his promise?",
        "How many peace zones were there?",
        "Are there peace zones in Guatemala?",
        "Who coined the term that describes the calm?",
        "What did the government do with those who surrendered in Davos?",
        "How many documents are in this collection?",
        "¿Quién fundó el Museo del Café?",
        "¿Quién dirige la oficina de prensa?",
    ],
)
def test_question_complete_in_itself_is_left_as_it_is(question: str) -> None:
    history = [Turn("Who is Carlos Marroquín?", "The head of an office."), Turn("Thanks")]
    assert make_standalone(question, history) == question


def test_follow_ups_lean_on_each_other() -> None:
    months = [Turn("How many homicides were there in January 2012?"), Turn("And in February?")]
    after = make_standalone("And in March?", months)
    assert after == "How many homicides were there in March 2012?"
    asked = [Turn("Who is Carlos Marroquín?"), Turn("When was he sanctioned?"), Turn("Thanks!")]
    assert make_standalone("Why?", asked) == "Why was Carlos Marroquín sanctioned?"


def test_only_the_last_question_counts() -> None:
    history = [Turn("Who coined narco-peace?"), Turn("Who is Villatoro?")]
    assert "narco" not in make_standalone("And why?", history)


def test_long_and_odd_histories_do_no_harm() -> None:
    history = [Turn("A" * 100_000, "El " * 50_000), Turn(""), Turn(" ¿?"), Turn("his")] * 50
    assert "Why" in make_standalone("Why?", history)


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("Could you please tell me who coined the term?", "Who coined the term?"),
        ("Please tell me: how many homicides were there?", "How many homicides were there?"),
        ("Do you know who won?", "Who won?"),
        ("Can you tell me in which year it fell?", "In which year it fell?"),
        ("¿Podrías decirme cuántos homicidios hubo?", "Cuántos homicidios hubo?"),
        ("¿Sabes quién es Crook?", "Quién es Crook?"),
        ("WHO COINED THE TERM?", "Who coined the term?"),
        ("Tell me about gangs", "Tell me about gangs"),
        ("Do you know the office?", "Do you know the office?"),
        ("MS13?", "MS13?"),
        ("What did he tell me?", "What did he tell me?"),
    ],
)
def test_politeness_and_capitals_are_not_read(asked: str, read: str) -> None:
    assert plain(asked) == read
