"""Finds the names in a text and tells what they may be names of. Knows no documents.

By their capitals alone: English and Spanish, and what is written as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.claim_words import MONTHS
from index.words import WORD, is_stop_word

PERSON = re.compile(
    r"(?!list|mist|twist)(?:(?:president|(?:vice )?minister|mayor|head|leader|director|secretary|"
    r"governor|king|queen|prince|princess|emperor|empress|pope|bishop|commander|officer|captain|soldier|operative|"
    r"guerrilla|senator|lawyer|judge|author|writer|poet|painter|singer|actor|actress|composer|"
    r"teacher|professor|doctor|nurse|engineer|inventor|founder|explorer|philosopher|researcher|"
    r"reporter|editor|producer|designer|manager|player|athlete|coach|hero|saint|prophet|"
    r"negotiator|mediator|observer|ambassador|candidate|chief executive|spokesperson|alias|"
    r"codename|nickname|brother|sister|father|mother|son|daughter|wife|husband|boy|girl|person|"
    r"presidenta?|ministr[oa]|alcalde(?:sa)?|jef[ea]|líder|directora?|secretari[oa]|"
    r"gobernadora?|rey|reina|poeta|escritora?|autora?|pintora?|profesora?|fundadora?|abogad[oa]|"
    r"\w+(?:ist|ista|ian|woman|(?<!hu)man|ólog[oa]))s?|\w+(?:men|women))",
    re.IGNORECASE,
)
"""A noun for a person, in English or Spanish."""
PERIOD = re.compile(rf"\b(?:{'|'.join(MONTHS)}|(?:1\d|20)\d\d)\b", re.IGNORECASE)
"""A month or a year."""
_ARTICLES = ("the", "el", "la", "los", "las")
_JOINERS = ("of", "de", "del", "the", "la")
_PREPOSITIONS = (
    "in at from of near to for by about with under on "
    "en de del desde a para por con sobre bajo".split()
)
LINKS = {*_ARTICLES, *_PREPOSITIONS, "and", "y", "e"}
_PLACE_BEFORE = ("in", "at", "from", "of", "near", "en", "desde", "de")
_NO_PERSON = re.compile(
    r"^(?:El|La|Los|Las|San|Santa|New|North|South|East|West|Museo|Plan|Partido|Unidad|Ministerio"
    r"|Biblioteca|Banco|Universidad|Operación)\b|[A-Z]{2}|\d|\B[A-Z]|\b(?:Plan|Party|Unit|Corps"
    r"|Department|Command|Cartel|Ministry|Agency|Policy|Crime|Act|Law|University|Company|Bank|City"
    r"|River|War|Institution|Front|Alliance|Salvador|Security|Zone|Office|Street|Club|Council)$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name: code points `start` to `end`, without what follows an apostrophe.

    `before` holds the words that lead up to it: a preposition, an article, or both.
    """

    text: str
    start: int
    end: int
    before: tuple[str, ...]

    @property
    def with_article(self) -> str:
        """Return the name as it is spoken of: the FMLN, but Carlos Marroquín."""
        return " ".join([*(word for word in self.before if word in _ARTICLES), self.text])

    @property
    def is_person(self) -> bool:
        """Say whether it may be a person's."""
        led = set(self.before) & {*_ARTICLES, *_PLACE_BEFORE}
        return not led and not _NO_PERSON.search(self.text)

    @property
    def is_place(self) -> bool:
        """Say whether it stands where a place would."""
        return bool(self.before) and self.before[0] in _PLACE_BEFORE


def find_names(text: str) -> list[Name]:
    """Return the names in a text, in order; months and years are none."""
    found: list[Name] = []
    tokens = list(WORD.finditer(text))
    place = 0
    while place < len(tokens):
        length = _length(tokens[place:], text)
        if length:
            run = tokens[place : place + length]
            name = re.sub("[’']s?$", "", text[run[0].start() : run[-1].end()])
            before = tuple(token.group().lower() for token in tokens[max(0, place - 2) : place])
            found.append(Name(name, run[0].start(), run[0].start() + len(name), _leading(before)))
        place += max(1, length)
    return found


def find_like(name: Name, names: Sequence[Name]) -> Name | None:
    """Return the one of `names` that `name` could stand in for."""
    if name.before[:1] and name.before[0] in _PREPOSITIONS:
        alike = [n for n in names if n.before[:1] == name.before[:1]]
    else:
        alike = [n for n in names if n.is_person == name.is_person and not n.is_place]
    return next(iter(alike or (names if len(names) == 1 else ())), None)


def _length(tokens: Sequence[re.Match[str]], text: str) -> int:
    """Return how many of the tokens, from the first on, are one name."""
    words = [token.group() for token in tokens[:10]]
    if not _is_capital(words[0]):
        return 0
    length = 1
    while length < len(words) and not re.search("[’']s?$", words[length - 1]):
        step = 2 if words[length] in _JOINERS and length + 1 < len(words) else 1
        last = words[length + step - 1]
        is_number = last.isdigit() and not PERIOD.fullmatch(last)
        gaps = text[tokens[length - 1].end() : tokens[length + step - 1].start()]
        if gaps.strip(" ") not in ("", words[length]) or not (_is_capital(last) or is_number):
            break
        length += step
    is_plain = length == 1 and words[0].isalpha() and words[0][1:].islower()
    lead = text[max(0, tokens[0].start() - 4) : tokens[0].start()].rstrip(' “"¿¡')
    opens = not lead or lead[-1] in ".?!:\n"  # there any word has a capital
    is_article = length == 1 and words[0].lower() in _ARTICLES
    return 0 if is_article or (is_plain and opens and len(words) > 1) else length


def _is_capital(word: str) -> bool:
    lowered = word.lower()
    is_article = lowered in _ARTICLES and lowered != "the"
    return (
        word[0].isupper() and not PERIOD.fullmatch(word) and (is_article or not is_stop_word(word))
    )


def _leading(before: tuple[str, ...]) -> tuple[str, ...]:
    """Return a preposition, an article, or both, of the two words that stand before a name."""
    if before[-1:] and before[-1] in _ARTICLES:
        return before if before[0] in _PREPOSITIONS else before[-1:]
    return before[-1:] if before[-1:] and before[-1] in _PREPOSITIONS else ()
