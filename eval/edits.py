"""Changes one thing in a statement so that it says something else: a number, a name, a role.

Knows neither what carries the statement nor what it is changed for.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from chatbot.names import find_names
from chatbot.opposites import OPPOSITES
from eval.reword import MONTHS, PHRASES, UNSURE, capital
from index.sentences import split_sentences
from index.words import is_stop_word

Edit = Callable[[str], str]
"""Changes a text, or returns it as it is where there is nothing to change."""
NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
_OPPOSITE = {other: one for one, other in OPPOSITES} | dict(OPPOSITES)
_AUXILIARY = re.compile(
    r"\b(is|was|were|are|has|have|had|can|could|will|would|did|does|should|must) (?!not\b)(\w+)"
)
_ALIKE_BOTH_WAYS = re.compile(
    r"^(?:,? ?(?:and|or|&)? ?|/|, | is | was | are | were |.*\b(?:met|with|between|married|known as"
    r"|and|or|than|versus|meet)\b.*)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement that its text carries, and the sentence of the text that does."""

    said: str
    text: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A number, or a word of a name, and what is to stand in its place wherever it stands whole."""

    old: str
    new: str

    def edit(self, text: str) -> str:
        """Return the text with the new in the place of the old."""
        return _replacing({self.old: self.new})(text)


def find_swap(
    text: str, marks: Sequence[tuple[int, int]], *, asked: str, known: Collection[str]
) -> Swap | None:
    """Return a swap for the longest number between the marks, or else for a name; None: no such.

    What was asked names neither, and nobody `known` is called as the new. Of a person the last name
    goes, of anything else the longest word.
    """
    for start, end in marks:
        numbers = [n for n in NUMBER.findall(text[start:end]) if n not in NUMBER.findall(asked)]
        if old := max(numbers, key=len, default=""):
            head = old[:-2] if old[-2:].isdigit() else old[:-1]
            others = [f"{head}{tail}" for tail in range(11, 100)]
            return Swap(old, next((n for n in others if n not in known), others[0]))
    for name in find_names(text):
        if any(start <= name.start and name.start + len(name.text) <= end for start, end in marks):
            parts = [part for part in name.text.split() if len(part) > 3 and part[0].isupper()]
            parts = [p for p in parts if p.isalpha() and p.casefold() not in asked.casefold()]
            old = (parts[-1] if name.is_person else max(parts, key=len)) if parts else ""
            new = next((n for n in PHRASES["new_names"] if n not in known), PHRASES["new_names"][0])
            if old:
                return Swap(old, new.upper()[: len(old)] if old.isupper() else new)
    return None


def sentences_in(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [text[place.start : place.end] for place in split_sentences(text)]


def claims_in(text: str) -> list[Claim]:
    """Return the text's whole sentences, each as a claim that the text carries."""
    return [
        Claim(said=said, text=text, sentence=said)
        for said in sentences_in(text)
        if 40 < len(said) < 300 and said.endswith(".")
    ]


def names_in(text: str) -> list[str]:
    """Return the names in a text, in order."""
    return [name.text for name in find_names(text)]


def names_of(texts: Iterable[str]) -> list[str]:
    """Return the names in some texts, each once, but for very short and very long ones."""
    return sorted({name for text in texts for name in names_in(text) if 3 < len(name) < 40})


def within(sentence: str) -> str:
    """Write the sentence as part of another: its first word small if it is a small word."""
    first, _, rest = sentence.rstrip(".!?").partition(" ")
    return f"{first.lower() if is_stop_word(first) else first} {rest}"


def _number(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = NUMBER.findall(claim.said)
    if not found:
        return None
    old = rng.choice(found)
    near = [n for n in NUMBER.findall(claim.text) if n not in claim.said and len(n) == len(old)]
    if near and rng.random() < 0.5:
        return _replacing({old: rng.choice(near)})
    place = rng.choice([digit.start() for digit in re.finditer(r"\d", old)])
    digit = rng.choice([d for d in "123456789" if d != old[place]])
    return _replacing({old: old[:place] + digit + old[place + 1 :]})


def _month(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = [month for month in MONTHS if re.search(rf"\b{month}\b", claim.said)]
    others = [month for month in MONTHS if month not in found]
    return _replacing({rng.choice(found): rng.choice(others)}) if found else None


def _name(claim: Claim, names: Sequence[str], rng: Random) -> Edit | None:
    found = names_in(claim.said)
    if not found:
        return None
    old = rng.choice(found)
    near = [n for n in names_in(claim.text) if n not in claim.said and n not in old]
    new = rng.choice(near if near and rng.random() < 0.5 else names)
    return None if new in claim.said or old in new else _replacing({old: new})


def _roles(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = list(dict.fromkeys(names_in(claim.said)))
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    first, last = sorted((claim.said.find(one), claim.said.find(other)))
    between = claim.said[first:last].replace(one, "", 1).replace(other, "", 1)
    if one in other or other in one or _ALIKE_BOTH_WAYS.match(between):
        return None
    return _replacing({one: other, other: one})


def _negation(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    if negated := re.search(r"\b(?:not|never) (\w+)", claim.said):
        return _replacing({negated.group(): negated[1]})
    found = [verb for verb in _AUXILIARY.finditer(claim.said) if verb.group() in claim.sentence]
    if not found:
        return None
    verb, word = rng.choice(found), rng.choice(("not", "not", "never", "no longer"))
    return _replacing({verb.group(): f"{verb[1]} {word} {verb[2]}"})


def _opposite(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = [word for word in re.findall(r"[a-z-]+", claim.said) if word in _OPPOSITE]
    return _replacing({(old := rng.choice(found)): _OPPOSITE[old]}) if found else None


def _reported(claim: Claim, names: Sequence[str], rng: Random) -> Edit | None:
    if UNSURE.search(claim.said):
        return None
    frame = rng.choice(PHRASES["reported"])
    who = rng.choice(names if rng.random() < 0.5 else PHRASES["speakers"])
    return lambda text: capital(frame.format(who=who, it=within(text))) + "."


EDITS: dict[str, Callable[[Claim, Sequence[str], Random], Edit | None]] = {
    "number": _number,
    "date": _month,
    "name": _name,
    "roles": _roles,
    "negation": _negation,
    "opposite": _opposite,
    "reported": _reported,
}
"""Given a claim and names of elsewhere; None where the claim holds nothing to change."""


def _replacing(new: dict[str, str]) -> Edit:
    """Put other words in the place of each that stands whole."""
    whole = re.compile(rf"(?<![\w.,])(?:{'|'.join(map(re.escape, new))})(?!\w|[.,]\d)")
    return lambda text: whole.sub(lambda old: new[old.group()], text)
