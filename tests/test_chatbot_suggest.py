from dataclasses import replace

import pytest

from chatbot.suggest import KnownQuestion, follow_ups, suggestions
from corpus.document import Span


def known(question: str, document: str, start: int) -> KnownQuestion:
    return KnownQuestion(question, document, start, start + 50)


WHO = known("Who is Carlos Marroquín?", "people", 100)
SINCE = known("Since when has Marroquín acted for the mayor?", "people", 300)
FAR = known("What is the Sinaloa Cartel?", "people", 90_000)
RATE = known("What was the homicide rate of Peru in 2021?", "figures", 10)
SAME = known("What was the homicide rate in Peru in 2021?", "timeline", 10)
COUNT = known("How many homicides did Peru record in 2021?", "figures", 400)
SHORT = known("What is AFP?", "glossary", 10)
ALL = (SHORT, WHO, SINCE, FAR, RATE, SAME, COUNT)


def test_suggestions_are_of_different_documents_and_kinds() -> None:
    chosen = suggestions(ALL)
    assert chosen == suggestions(tuple(reversed(ALL)))
    assert len({one.document_id for one in ALL if one.question in chosen}) == 4
    assert suggestions(ALL, count=1) == (COUNT.question,)
    assert suggestions((WHO,)) == (WHO.question,)
    assert suggestions(()) == ()


def test_follow_ups_are_the_nearest_and_never_what_was_just_answered() -> None:
    assert follow_ups(ALL, [WHO.span], [WHO.question]) == (SINCE.question,)
    assert follow_ups(ALL, [SINCE.span], ["Who acted for the mayor?"]) == (WHO.question,)


def test_names_of_the_question_count_in_other_documents_too() -> None:
    after = follow_ups(ALL, [Span("elsewhere", 0, 9)], ["Where is Marroquín from?"])
    assert set(after) == {WHO.question, SINCE.question}


@pytest.mark.parametrize("asked", [COUNT.question, COUNT.question.upper().replace("?", " ?")])
def test_what_was_asked_is_not_offered_again(asked: str) -> None:
    assert COUNT.question not in follow_ups(ALL, [RATE.span], [asked, RATE.question])


def test_of_two_that_ask_the_same_one_is_offered() -> None:
    after = follow_ups(ALL, [Span("figures", 900, 950)], ["How safe was Peru in 2021?"])
    assert COUNT.question in after
    assert len({RATE.question, SAME.question} & set(after)) == 1


def test_without_anything_near_nothing_is_offered() -> None:
    assert follow_ups(ALL, [Span("elsewhere", 0, 9)], ["How tall is Mount Everest?"]) == ()
    assert follow_ups((), [], []) == ()
    assert follow_ups((replace(WHO, start=0),), [], [""]) == ()
