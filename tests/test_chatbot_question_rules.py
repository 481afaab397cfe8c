import pytest

from chatbot.question_rules import is_clear, question_of

ENGLISH = {
    "Carlos Marroquín is the head of the unit.": "Who is Carlos Marroquín?",
    "Mauricio Funes was the FMLN president under whom it fell.": "Who was Mauricio Funes?",
    "The Sinaloa Cartel is the group whose arrival set it off.": "What is the Sinaloa Cartel?",
    "A peace zone is a place where gangs agreed to stop.": "What is a peace zone?",
    "Mano dura is a label for hard-line policy.": "What is mano dura?",
    "Plan | The Control Plan, in short the Plan, is a security plan.": "What is the Control Plan?",
    "Batman stands for President Nayib Bukele.": "What does Batman stand for?",
    "There were 411 homicides in January 2012, 402 in February.": (
        "How many homicides were there in January 2012?"
    ),
    "In 2015 El Salvador recorded about 6,650 homicides, a record.": (
        "How many homicides did El Salvador record in 2015?"
    ),
    "MS13 killed 87 people between 25 and 27 March 2022, it is said.": (
        "How many people did MS13 kill between 25 and 27 March 2022?"
    ),
    "An estimated 30,500 gang members had been arrested by mid-May 2022.": (
        "How many gang members had been arrested by mid-May 2022?"
    ),
    "Brazil's murder rate went down by 13 percent from 2017 to 2018.": (
        "By how much did Brazil's murder rate go down from 2017 to 2018?"
    ),
    "In 2021 El Salvador's homicide rate was 17.6 per 100,000.": (
        "What was El Salvador's homicide rate in 2021?"
    ),
    "The price of a day ticket is $40.": "What is the price of a day ticket?",
    "In 2009 the FMLN came to power, late.": "When did the FMLN come to power?",
    "Later in 2014 Sánchez Cerén took office as president.": (
        "When did Sánchez Cerén take office as president?"
    ),
    "The Chess Club was founded in 1974.": "When was the Chess Club founded?",
    "Marroquín has acted on Bukele's behalf since 2015.": (
        "Since when has Marroquín acted on Bukele's behalf?"
    ),
    'Vanda Felbab-Brown of Brookings coined the term "narco-peace".': (
        'Who coined the term "narco-peace"?'
    ),
    "The photograph of the soldier on patrol was taken by Marvin Recinos for AFP.": (
        "Who took the photograph of the soldier on patrol?"
    ),
    "InSight Crime describes MS13 as stronger.": "How does InSight Crime describe MS13?",
    "“There is no other path,” Sánchez Cerén said in March 2015.": (
        "What did Sánchez Cerén say in March 2015?"
    ),
    "The Vega Institute is based in Lima.": "Where is the Vega Institute based?",
}
SPANISH = {
    "El Museo del Café es una casa que reúne máquinas.": "¿Qué es el Museo del Café?",
    "Rosa Villanueva es la directora de la biblioteca.": "¿Quién es Rosa Villanueva?",
    "La Unión de Caficultores es la asociación de la región.": "¿Qué es la Unión de Caficultores?",
    "En 2004 el museo recibió el Premio Nacional.": "¿Cuándo recibió el museo el Premio Nacional?",
    "El Club de Lectura se creó en 2009.": "¿Cuándo se creó el Club de Lectura?",
    "La sala infantil fue inaugurada en 2018.": "¿Cuándo fue inaugurada la sala infantil?",
    "Hay 14 salas en el edificio principal.": "¿Cuántas salas hay en el edificio principal?",
    "En 2020 la biblioteca prestó 12.300 libros.": "¿Cuántos libros prestó la biblioteca en 2020?",
    "El precio de la entrada general es de 40 quetzales.": (
        "¿Cuál es el precio de la entrada general?"
    ),
    "Elena Márquez fundó el Museo del Café.": "¿Quién fundó el Museo del Café?",
    "La sede de la Unión está en Retalhuleu.": "¿Dónde está la sede de la Unión?",
}
AWKWARD = (
    "He was the head of the unit.",
    "The first cause lies among the gangs.",
    "It is the publisher of three articles.",
    "The article was published by Just Security in 2020.",
    "Prensa Libre is the winner of the year.",
    "InSight Crime had reported the release in March 2022.",
    "From 2017 to 2018 the murder rate of Brazil fell by 13 percent.",
    "Lower homicide figures were the prize in 2012.",
    "One is the official who handed it over.",
    "Because Frame Relay is a protocol, it has no routing.",
    "A title without a stop",
    "Él es el director del museo.",
    "Según la guía, el museo abrió en 1987.",
)


@pytest.mark.parametrize(
    ("language", "sentence", "question"),
    [("en", *pair) for pair in ENGLISH.items()] + [("es", *pair) for pair in SPANISH.items()],
)
def test_sentence_makes_the_question_a_native_would_ask(
    language: str, sentence: str, question: str
) -> None:
    assert question_of(sentence, text=sentence, language=language) == question


@pytest.mark.parametrize("sentence", AWKWARD)
def test_what_would_be_awkward_is_not_asked(sentence: str) -> None:
    language = "es" if sentence.startswith(("Él", "Según")) else "en"
    assert question_of(sentence, text=sentence, language=language) is None


def test_languages_without_rules_make_no_questions() -> None:
    assert question_of("Paris est la capitale de la France.", text="", language="fr") is None


def test_name_keeps_its_capital_and_a_word_does_not() -> None:
    sentence = "Homicides fell by 60 percent in 2019."
    assert is_clear("What is narco-peace?")
    made = question_of(sentence, text=f"{sentence} In all, homicides are fewer.", language="en")
    assert made == "By how much did homicides fall in 2019?"


def test_long_sentences_are_read_in_no_time() -> None:
    sentence = " ".join(["The war of the roses and", *["three where who and a,"] * 8, "end."])
    assert question_of(sentence, text=sentence, language="en") is None


@pytest.mark.parametrize("heading", ["What next?", "Why do they?", "How strong is the evidence?"])
def test_heading_that_leans_on_its_document_is_not_clear(heading: str) -> None:
    assert not is_clear(heading)


def test_heading_with_a_name_is_clear() -> None:
    assert is_clear("How far did killings fall under Bukele?")
