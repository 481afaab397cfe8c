"""Words as search compares them: stems, stop words, near spellings. Does not know passages."""

import re
import threading
import unicodedata
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any

WORD = re.compile(r"\w+(?:[’'.&-]\w+)*%?")
STOP_WORDS = frozenset(
    # English
    "a about after again all also am an and any are as at be because been before being "
    "between both but by can could did do does doing done down during each either few for "
    "from further had has have having he her here hers him his how i if in into is it its "
    "itself just let like many me might more most much must my no nor not of off on once "
    "one only or other our out over own same shall she should so some such tell than that "
    "the their theirs them then there these they this those through to too under until up "
    "upon us very was we were what when where which while who whom whose why will with "
    "within would you your happened happen exactly actually please give "
    # Spanish
    "al algo ante bajo cada como cómo con contra cual cuál cuáles cuando cuándo cuanto "
    "cuánta cuántas cuánto cuántos de del desde donde dónde durante e el él ella ellas "
    "ellos en entre era eran es esa ese eso esta está este esto estos fue fueron ha había "
    "han hasta hay la las le les lo los más mi muy ni o os para pero por porque qué que "
    "quien quién quiénes se ser si sí sin sobre son su sus también tan tiene un una unas "
    "uno unos y ya".split()
)
SHORTEST_NEAR = 5
_STEMMING = threading.Lock()  # the stemmer keeps the word it works on


def words(text: str) -> list[str]:
    """Return the words of `text` in order, as written."""
    return WORD.findall(text)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a word's stem: lower case, no accents, no possessive, Snowball's English ending rules.

    MS-13 and MS13 are one word, and so are U.S. and US.
    """
    if word.isupper() or any(c.isdigit() for c in word):
        word = re.sub(r"(?<=\D)[.-](?=\w)|(?<=[^\d\s])\.$", "", word)
    lowered = re.sub(r"['’]s?$", "", word.lower())
    folded = "".join(
        c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c)
    )
    with _STEMMING:
        return str(_stemmer().stemWord(folded))


def is_stop_word(word: str) -> bool:
    """Say whether a word only holds a sentence together; US is not us."""
    return word.lower() in STOP_WORDS and not (len(word) > 1 and word.isupper())


def closeness(wanted: str, stems: frozenset[str]) -> float:
    """Return 1 if a stem is among `stems`, 0.8 if one of another ending or spelling is, else 0."""
    if wanted in stems:
        return 1.0
    if len(wanted) < SHORTEST_NEAR or _has_digit(wanted):
        return 0.0
    return 0.8 if any(_is_near(wanted, other) for other in stems) else 0.0


@lru_cache(maxsize=100_000)
def _is_near(one: str, other: str) -> bool:
    """clarifi/clarif and photograph/photo share a beginning; bukele/bukelle differ by a letter."""
    if one[0] != other[0] or len(other) < SHORTEST_NEAR or _has_digit(other):
        return False
    shorter, longer = sorted((one, other), key=len)
    if longer.startswith(shorter):
        return True
    return len(longer) - len(shorter) <= 2 and SequenceMatcher(None, one, other).ratio() >= 0.85


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


@cache
def _stemmer() -> Any:  # noqa: ANN401
    import snowballstemmer

    return snowballstemmer.stemmer("english")
