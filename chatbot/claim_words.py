"""A text taken apart into words, numbers, names and what is negated. Judges nothing."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from index.words import NUMBERS, WORD, is_stop_word, stem

MONTHS = (
    "january february march april may june july august september october november december "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
).split()
_NO_NUMERALS = (
    "cero trece catorce quince dieciséis diecisiete dieciocho diecinueve sesenta setenta ochenta "
    "noventa"
).split()
"""Number words that are compared as any other word is."""
NUMERALS = {word: value for word, value in NUMBERS.items() if word not in _NO_NUMERALS} | {
    "una": 1,
    "both": 2,
    "dozen": 12,
}
SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "cien": 1e2, "mil": 1e3, "millones": 1e6,
}  # fmt: skip
_SAYS_LITTLE = {"longer", "go"}
"""After "no" or "not": of "did not go down" the other word tells."""
_NEGATES = re.compile(
    r"not|no|never|nobody|none|nothing|neither|nor|without|cannot|hardly|barely|scarcely|unable"
    r"|den(?:y|ied|ies|ying)|refus\w+|reject\w*|fail\w*|lack\w*|oppos\w+|false|untrue|few|unwilling"
    r"|\w+n[’']t|nunca|nada|nadie|jamás|ningun[oa]?|sin|neg(?:ó|aron|ado)|rechaz\w+",
    re.IGNORECASE,
)
PASSIVE = set("be been is are was were being sido fue fueron".split())
_APART = re.compile(r"\b([Mm]id|[Ee]arly|[Ll]ate)-")
_NO_THING = {"nothing", "none", "nobody", "nada", "nadie"}
_PERCENT = re.compile(r"\s?%|\bper[ -]cent\b")
_DENIES = re.compile(r"den|refus|reject|oppos|neg|rechaz", re.IGNORECASE)
SCOPE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and the words it is written in: `at` up to `end`."""

    value: float
    at: int
    end: int


class Words:
    """A text taken apart once: words, their stems, which of them are content, names, numbers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self._gaps: list[str] = []  # what stands before each word
        end, text = 0, _PERCENT.sub(" percent", _APART.sub(r"\1 ", text))
        for match in WORD.finditer(text):
            self._gaps.append(text[end : match.start()])
            self.words.append(match.group())
            end = match.end()

    @cached_property
    def breaks(self) -> set[int]:
        """Return the places of words that stand after a comma or the like."""
        return {i for i, gap in enumerate(self._gaps) if re.search(r"[,;:.()–—]", gap)}

    @cached_property
    def stems(self) -> list[str]:
        """Return the stem of each word."""
        return [stem(word) for word in self.words]

    @cached_property
    def content(self) -> list[int]:
        """Return the places of words that are neither small ones nor negations."""
        return [
            i
            for i, word in enumerate(self.words)
            if not is_stop_word(word) and not _NEGATES.fullmatch(word)
        ]

    @cached_property
    def known(self) -> frozenset[str]:
        """Return every stem."""
        return frozenset(self.stems)

    @cached_property
    def numbers(self) -> list[Number]:
        """Return the numbers with the places of their words: 6,650, thirty, 1.2 million, 21st."""
        found: list[Number] = []
        at = 0
        while at < len(self.words):
            value = None if self._joins(at) else value_of(self.words[at])
            start = at
            while value is not None and at + 1 < len(self.words):
                following = self.words[at + 1].lower()
                after = self.words[at + 2].lower() if at + 2 < len(self.words) else ""
                more = value_of(after) if after.isascii() and not after[:1].isdigit() else None
                if following == "and" and value % 100 == 0 and more and more < 100:
                    value, at = value + more, at + 1
                elif following in SCALES:
                    value *= SCALES[following]
                elif value in range(20, 100, 10) and 0 < NUMERALS.get(following, 0) < 10:
                    value += NUMERALS[following]
                else:
                    break
                at += 1
            if value is not None:
                found.append(Number(value, start, at + 1))
            at += 1
        return found

    def _joins(self, at: int) -> bool:
        """Say whether a word is the both of "both the gangs and the police": no number."""
        return self.words[at].lower() == "both" and "and" in self.words[at + 1 : at + 6]

    @cached_property
    def names(self) -> list[int]:
        """Return the places of capitalised words that do not merely open the sentence."""
        opens_a_name = len(self.words) > 1 and self.words[1][0].isupper()
        return [
            i
            for i, word in enumerate(self.words)
            if word[0].isupper()
            and not is_stop_word(word)
            and word.lower() not in MONTHS
            and word.lower() not in NUMERALS
            and (i > 0 or not word[1:].islower() or opens_a_name)
        ]

    def near(self, at: int, count: int) -> set[str]:
        """Return stems of the next `count` content words after a place, and of those before it."""
        after = [i for i in self.content if i > at][:count]
        before = [i for i in self.content if i < at][-count:]
        return {self.stems[i] for i in (*before, *after)}

    def negated(self) -> list[list[str]]:
        """Return what each negation negates: the content words after it, up to the next comma."""
        found = []
        for i, word in enumerate(self.words):
            only = self.words[i + 1 : i + 2] in (["only"], ["just"]) and "but" in self.words[i:]
            if _NEGATES.fullmatch(word) and not only:
                stop = min((b for b in self.breaks if b > i), default=len(self.words))
                inside = [
                    j for j in self.content if i < j < stop and self.words[j] not in _SAYS_LITTLE
                ]
                before = [j for j in self.content if j < i][-SCOPE_WORDS:]
                if i - 1 in self.content and word.lower() in _NO_THING:  # "says nothing about"
                    inside = [i - 1, *inside]
                if (
                    i and _DENIES.match(word) and self.words[i - 1].lower() in PASSIVE
                ):  # "talks were denied by"
                    inside = []
                found.append([self.stems[j] for j in inside[:SCOPE_WORDS] or before])
        return [scope for scope in found if scope]


@lru_cache(maxsize=4_096)
def words_of(text: str) -> Words:
    """Return a text taken apart; the sentences of an answer are compared with the same ones."""
    return Words(text)


def value_of(word: str) -> float | None:
    """Return the number that a word is, if it is one: 6,650, 21st, thirty, twenty-one."""
    plain = word.lower().rstrip("%")
    if plain in NUMERALS and plain not in {"one", "una", "uno", "once", "no"}:
        return float(NUMERALS[plain])
    if "-" in plain:
        tens, _, ones = plain.partition("-")
        if NUMERALS.get(tens, 1) > 1:
            return float(NUMERALS[tens] + NUMERALS.get(ones, 0))
    digits = re.fullmatch(r"(\d+(?:,\d{3})*(?:\.\d+)?)(?:st|nd|rd|th|s)?", plain)
    return float(digits[1].replace(",", "")) if digits else None


def is_year(value: float) -> bool:
    """Say whether a number may be a year."""
    return value.is_integer() and 1000 <= value < 2100
