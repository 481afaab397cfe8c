"""Reads a question: the words and names to be found. Knows no documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.answer import Turn
from chatbot.errors import WrongQuestion
from index.words import is_stop_word, stem, words

LONGEST_QUESTION = 2_000

_FRAGMENT = re.compile(
    r"^(?:and|but|or|so|what about|how about|why|y|¿?y|pero|por qué)\b"
    r"|\b(?:he|she|it|they|him|her|them|his|their|its|there|that|those|this|él|ella|ellos|eso)\b",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|\d{4})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: the `terms` to be found, and of those the `names` that must be.

    `terms` are content words by stem; `names` are stems of capitalised words, numbers and acronyms:
    evidence without them speaks of another thing.
    """

    text: str
    terms: dict[str, str]
    names: frozenset[str]


def check_length(question: str) -> str:
    """Return the question, trimmed; WrongQuestion if it cannot be asked."""
    stripped = question.strip()
    if not stripped.isascii() and re.search("[\ud800-\udfff]", stripped):
        raise WrongQuestion("the question holds bytes that are no text; write it again.")
    if not stripped:
        raise WrongQuestion("the question is empty; write what you want to know.")
    if len(stripped) > LONGEST_QUESTION:
        raise WrongQuestion(
            f"the question has {len(stripped):,} characters; "
            f"ask it in at most {LONGEST_QUESTION:,}."
        )
    return stripped


def read_question(text: str) -> Question:
    """Take a question apart."""
    found = words(text)
    content = [word for word in found if not is_stop_word(word)]
    names = {
        stem(word)
        for position, word in enumerate(found)
        if word in content and _is_name(word, position)
    }
    return Question(
        text=text,
        terms={stem(word): word for word in content},
        names=frozenset(names),
    )


def make_standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it leans on of the one before it.

    "And in February?" after "How many homicides were there in January?" is the same question of
    another month; anything else gets the words that it lacks, at its end.
    """
    if not history:
        return question
    before, now = read_question(history[-1].question), read_question(question)
    if not _FRAGMENT.search(question) and len(now.terms) > 2:
        return question
    periods, earlier = _PERIOD.findall(question), _PERIOD.findall(history[-1].question)
    if periods and len(now.terms) == len(periods):
        asked = history[-1].question
        for period in periods:
            alike = [word for word in earlier if word.isdigit() == period.isdigit()]
            asked = re.sub(rf"\b{alike[-1]}\b", period, asked) if alike else f"{asked} ({period})"
        return asked
    missing = [
        word
        for word in words(history[-1].question)
        if stem(word) in before.terms
        and stem(word) not in now.terms
        and not (periods and word in earlier)  # a month or year gives way to a new one
    ]
    return f"{question} ({' '.join(missing)})" if missing else question


def _is_name(word: str, position: int) -> bool:
    if any(c.isdigit() for c in word):
        return True
    return word[0].isupper() and (position > 0 or word.isupper() or not word[1:].islower())
