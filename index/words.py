"""Words as search compares them: stems, stop words, near spellings. Does not know passages."""

import re
import threading
import unicodedata
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Any

WORD = re.compile(r"\w+(?:[’'.&-]\w+|,\d{3}(?!\d))*%?")
PARTS = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|\d+|[^\W\d_A-Za-zÀ-ÿ]+")
UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""Scripts that put no space between words: pairs of characters stand for words."""
STOP_WORDS = {
    "en": frozenset(
        "a about after again all also am an and any are as at be because been before being "
        "between both but by can could did do does doing done down during each either few for "
        "from further had has have having he her here hers him his how i if in into is it its "
        "itself just let like many me might more most much must my no nor not of off on once "
        "one only or other our out over own same shall she should so some such tell than that "
        "the their theirs them then there these they this those through to too under until up "
        "upon us very was we were what when where which while who whom whose why will with "
        "within would you your happened happen exactly actually please give".split()
    ),
    "es": frozenset(
        "al algo ante bajo cada como cómo con contra cual cuál cuáles cuando cuándo cuanto "
        "cuánta cuántas cuánto cuántos de del desde donde dónde durante e el él ella ellas "
        "ellos en entre era eran es esa ese eso esta está este esto estos fue fueron ha había "
        "han hasta hay la las le les lo los más mi muy ni o os para pero por porque qué que "
        "quien quién quiénes se ser si sí sin sobre son su sus también tan tiene un una unas "
        "uno unos y ya".split()
    ),
}
NUMBERS = dict(
    zip(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen twenty cero uno dos tres cuatro cinco "
            "seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
            "dieciocho diecinueve veinte thirty forty fifty sixty seventy eighty ninety treinta "
            "cuarenta cincuenta sesenta setenta ochenta noventa"
        ).split(),
        (*range(21), *range(21), *range(30, 100, 10), *range(30, 100, 10)),
        strict=True,
    )
)
"""Number words of English and Spanish: "Barrio dieciocho" is Barrio 18."""
_ANY_STOP_WORD = frozenset().union(*STOP_WORDS.values())
SHORTEST_NEAR = 5
# The languages that are stemmed; others are compared as they are written.
STEMMED = frozenset(
    "ar ca da de el en es et eu fi fr ga hi hu hy id it lt ne nl no pl pt ro ru sr sv ta tr "
    "yi".split()
)
_STEMMING = threading.Lock()  # a stemmer keeps the word it works on


def words(text: str) -> list[str]:
    """Return the words of `text` in order, as written."""
    return WORD.findall(text)


def analyse(text: str, language: str | None) -> list[str]:
    """Return the stems that keyword search knows `text` by, in order.

    A compound is found whole and by its parts: getUserName, user_name, gang-related.
    """
    stems: list[str] = []
    for word in WORD.findall(text):
        stems.append(stem(word, language))
        stems += parts(word, language)
    return stems


@lru_cache(maxsize=100_000)
def parts(word: str, language: str | None) -> tuple[str, ...]:
    """Return the stems of a compound's parts, or of unspaced script's pairs; none if it is one."""
    if not word.isascii() and (run := UNSPACED.search(word)):
        characters = run.group()
        return tuple(characters[i : i + 2] for i in range(len(characters) - 1))
    word = re.split("['’]", word, maxsplit=1)[0]
    if (word.isalpha() and word[1:].islower()) or not any(c.isalpha() for c in word):
        return ()
    found = [part for part in PARTS.findall(word) if len(part) > 1]
    return tuple(stem(part, language) for part in found) if found and found != [word] else ()


@lru_cache(maxsize=200_000)
def stem(word: str, language: str | None = "en") -> str:
    """Return a word's stem: lower case, no accents, no possessive, Snowball's ending rules.

    MS-13 and MS13 are one word, so are U.S. and US, and 1,234 and 1234; WHO is not who.
    """
    if word.isupper() or any(c.isdigit() for c in word):
        word = re.sub(r"(?<=\D)[.-](?=\w)|(?<=[^\d\s])\.$|(?<=\d),(?=\d{3})", "", word)
        if len(word) > 1 and word.isalpha() and word.lower() in _ANY_STOP_WORD:
            return word
    stemmed = re.sub(r"['’]s?$", "", word.lower())
    if (language or "en") in STEMMED:
        with _STEMMING:
            stemmed = str(_stemmer(language or "en").stemWord(stemmed))
    if stemmed.isascii():
        return stemmed
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", stemmed))
    return unicodedata.normalize("NFC", bare)


def is_stop_word(word: str, language: str | None = None) -> bool:
    """Say whether a word only holds a sentence together, in its language or in any; US is not us.

    A language without a list of its own has no stop words: rarity alone weighs them.
    """
    known = _ANY_STOP_WORD if language is None else STOP_WORDS.get(language, frozenset())
    return word.lower() in known and not (len(word) > 1 and word.isupper())


def closeness(wanted: str, stems: frozenset[str]) -> float:
    """Return 1 if a stem is among `stems`, 0.8 if one of another ending or spelling is, else 0."""
    if wanted in stems:
        return 1.0
    if len(wanted) < SHORTEST_NEAR:
        return 0.0
    first = wanted[0]
    return 0.8 if any(other[0] == first and _is_near(wanted, other) for other in stems) else 0.0


@lru_cache(maxsize=100_000)
def _is_near(one: str, other: str) -> bool:
    """clarifi/clarif and photograph/photo share a beginning; bukele/bukelle differ by a letter."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < SHORTEST_NEAR or one[0] != other[0] or any(map(str.isdigit, one + other)):
        return False
    if longer.startswith(shorter):
        return True
    return len(longer) - len(shorter) <= 2 and SequenceMatcher(None, one, other).ratio() >= 0.85


@cache
def _stemmer(language: str) -> Any:  # noqa: ANN401
    import Stemmer

    return Stemmer.Stemmer(language)
