"""Puts a Spanish question into English, word by word, for documents that are in English.

What finds and reads knows English; a gloss is poor English, but the right passage comes first in
.81 of dev's Spanish questions in place of .48 (eval/LOG.md). The words are in spanish.txt.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from index.generation import Generation
from index.query import question_language
from index.words import is_stop_word, stem, words

LONGEST_PHRASE = 4
_ENDINGS = (
    *(("s", ""), ("es", ""), ("as", "o"), ("a", "o"), ("ces", "z")),
    *((end, "ar") for end in "ado ada ados adas ando ó aron aba aban a an e en ará arán".split()),
    *((end, "er") for end in "ido ida idos idas iendo ió ieron ía ían e en erá erán".split()),
    *((end, "ir") for end in "ido ida idos idas iendo ió ieron ía ían e en irá irán".split()),
)
"""Of plurals, and of verbs as they are told of others: what stands in the list in their place."""
_ARTICLES = ("el", "la", "los", "las")
_WORD = re.compile(r"[\w’']+")
_SPANISH_MARKS = str.maketrans("", "", "¿¡")


def in_english(question: str, generation: Generation) -> str:
    """Return a Spanish question in English where documents are English and none is Spanish.

    Any other is returned as it is. Names, and what the list does not hold, stay as they are.
    """
    languages = generation.languages
    if "en" not in languages or "es" in languages:
        return question
    if question_language(words(question), languages) != "es":
        return question
    return gloss(question, lambda word: bool(generation.words.count_with(stem(word, "en"))))


def gloss(question: str, is_known: Callable[[str], bool]) -> str:
    """Return a Spanish question in English words; what opens with a capital and is known stays."""
    glossed, end = list[str](), 0
    tokens = list(_WORD.finditer(question))
    while tokens:
        found = [token.group() for token in tokens[:LONGEST_PHRASE]]
        count, english = _next(found, end, is_known)
        glossed += [question[end : tokens[0].start()], english]
        end = tokens[count - 1].end()
        tokens = tokens[count:]
    text = " ".join("".join([*glossed, question[end:]]).translate(_SPANISH_MARKS).split())
    return text[:1].upper() + text[1:]


def _next(found: list[str], place: int, is_known: Callable[[str], bool]) -> tuple[int, str]:
    """Return how many of the words are one entry of the list, and the English for it.

    The first word of a question asks, whether it has its accent or not.
    """
    forms, plain, stems = _entries()
    for count in range(len(found), 1, -1):
        phrase = " ".join(found[:count]).lower()
        if english := (not place and plain.get(phrase)) or forms.get(phrase):
            return count, english
    word, lowered = found[0], found[0].lower()
    is_name = place and word[0].isupper()
    if is_name and (is_known(word) or (lowered in _ARTICLES and word.istitle())):  # "El Viejo"
        return 1, word
    if not place and lowered in plain:
        return 1, plain[lowered]
    known = (forms.get(form) for form in (word, lowered, *_bare(lowered)))
    english = next((one for one in known if one is not None), None)
    if english is None:
        english = plain.get(lowered, stems.get(stem(word, "es"), word))
    return 1, english


def _bare(word: str) -> Iterator[str]:
    """Yield what the list may hold in place of a form: the singular, the infinitive."""
    for ending, bare in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            yield word.removesuffix(ending) + bare
    if word.endswith("iones"):
        yield word.removesuffix("ones") + "ón"


@cache
def _entries() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the English for each form, each without accents, and each stem of no small word."""
    forms, plain, stems = dict[str, str](), dict[str, str](), dict[str, str]()
    for line in Path(__file__).with_name("spanish.txt").read_text("utf-8").splitlines():
        for entry in [] if line.startswith("#") else line.split():
            form, _, english = entry.replace("_", " ").partition("=")
            forms[form] = english
            bare = unicodedata.normalize("NFD", form).replace("\N{COMBINING ACUTE ACCENT}", "")
            plain.setdefault(bare, english)
            if " " not in form and not is_stop_word(form, "es"):
                stems.setdefault(stem(form, "es"), english)
    return forms, plain, stems
