"""Statements to train the reader on: some that their text carries, and some with one thing wrong.

Knows what makes a statement wrong, not how it is judged.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from eval.reader_examples import NAME, NUMBER, SENTENCE_GAP, Example, oppose, swap

CARRIED, WRONG = "carried", "wrong"
"""What a statement's kind starts with."""
_QUESTION = re.compile(r"(who|what|which [a-z]+)\s+(\w+)\b(.*?)\??\s*$", re.IGNORECASE)
_INVERTING = set("did do does can could will would should are".split())
_FULL_CLAUSE = re.compile(r"\s*(?:he|she|it|they|there|this|that|[A-Z]\w+ \w+ed)\b")
_PASSIVE = re.compile(r"\s*(?:the|a|[A-Z]).*\b\w+(?:ing|ed)$")
_UNSURE = re.compile(
    r"\b(not|n't|no|never|if|deny|denied|denies|said|claim|alleg|report|would|may|might)", re.I
)
_OPENING = re.compile(
    r"(?:In|On|At|During|After|Before|By|Since|From|However|Also|Then|Moreover)\b[^,]{2,60}, "
    r"(.{25,})$"
)
_INSERTION = re.compile(r", (?![^,]*\b(?:and|or|but)\b)[^,]{5,80},")
_TAIL = re.compile(
    r"(.{30,}?)(?:, (?:which|who|where|while|although|because|with|including|and|but)|;"
    r"| because| although| while)\b.*$"
)
_REPORTED = re.compile(
    r"\b(?:said|says|claimed|claims|alleged|alleges|denied|denies|argued|suggested|believed|stated"
    r"|reported|asserted|insisted|rejected|refused)(?: to \w+)?,? (?:that )?"
    r"((?:the|he|she|it|they|there|his|her|its|an?|[A-Z])\b.{18,})"
)
_AUXILIARY = re.compile(
    r"\b(?:is|was|were|are|has|have|had|can|could|will|would|did|does|do|should|must)\b(?! not)"
)
_NEGATION = re.compile(r"\b(?:not|never) |n't\b")
_LISTED = re.compile(r",? and |, |/")
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)})\b")
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve twenty thirty".split()
_NUMERALS = dict(zip(_NUMBERS, "1 2 3 4 5 6 7 8 9 10 11 12 20 30".split(), strict=True))
_SYNONYMS = dict(
    pair.split(":")
    for pair in """said:stated|stated:said|big:large|large:big|began:started|started:began
|begin:start|also:too|but:however|about:approximately|approximately:about|around:about
|nearly:almost|almost:nearly|many:numerous|several:a number of|used:employed|help:assist
|killed:murdered|got:received|received:got|showed:demonstrated|build:construct|built:constructed
|bought:purchased|purchased:bought|ended:finished|get:obtain|because:since|people:persons
|made:created|created:made|leader:head|leaders:heads|found:discovered|discovered:found
|often:frequently|frequently:often|main:principal|primarily:mainly|mainly:primarily|near:close to
|located:situated|situated:located|children:kids|however:but|percent:per cent|per cent:percent
|important:significant|significant:important|died:passed away|moved:transferred|transferred:moved
|prison:jail|government:state|city:town|chose:selected|selected:chosen|chosen:selected
|shows:demonstrates|thought:believed|believed:thought|different:distinct|whole:entire|entire:whole
|reached:arrived at|usually:normally|normally:usually""".replace("\n", "").split("|")
)


def make_claims(examples: Sequence[Example], rng: Random, count: int) -> list[Example]:
    """Return statements on the examples' texts, made of at most 1.4 `count`; half are wrong."""
    texts = sorted({example.text for example in examples})
    some = rng.sample(examples, min(len(examples), 4_000))
    names = [n for e in some for n in NAME.findall(e.text)[:3] if 3 < len(n) < 40]
    strangers = rng.sample(texts, min(len(texts), 3_000))
    strange = [sentence for text in strangers for sentence in _sentences(text)[:2]]
    claims = []
    for claim, origin in _carried(examples, texts, rng, count):
        luck = rng.random()
        if luck < 0.5:
            claims.append(claim)
        if luck >= 0.35 and (wrong := _wrong(claim, origin, names, strange, luck, rng)):
            claims.append(wrong)
    rng.shuffle(claims)
    return claims


def state(question: str, answer: str) -> str | None:
    """Put the answer in the place of the question word, where the question asks for its subject."""
    match = _QUESTION.match(question)
    if not match or len(answer) > 60 or len(match[3].split()) < 2:
        return None
    asked, verb, rest = match[1].lower(), match[2].lower(), match[3]
    if verb in _INVERTING:
        return None
    if verb in {"is", "was", "were", "has", "have", "had"} and _FULL_CLAUSE.match(rest):
        return None
    passive = verb in {"is", "was", "were"} and asked in {"who", "what"}
    if passive and _PASSIVE.match(rest.rstrip()):
        return None
    return f"{answer[0].upper()}{answer[1:]} {match[2]}{rest}."


def shorten(sentence: str, rng: Random) -> str | None:
    """Leave out an opening, a part between commas or a tail; what is left is still said."""
    if _UNSURE.search(sentence):
        return None
    shorter = [
        sentence[: part.start()] + sentence[part.end() :] for part in _INSERTION.finditer(sentence)
    ]
    if opening := _OPENING.match(sentence):
        shorter.append(_capital(opening[1]))
    if tail := _TAIL.match(sentence):
        shorter.append(tail[1] + ".")
    return rng.choice(shorter) if shorter else None


def reword(sentence: str, rng: Random) -> str | None:
    """Say the same in other words: two synonyms at most, numerals, a date turned round."""
    text, changes = sentence, 0
    order = rng.sample(list(_SYNONYMS), len(_SYNONYMS))
    for word, other, most in [
        *((word, _SYNONYMS[word], 2) for word in order),
        *((word, digits, 3) for word, digits in _NUMERALS.items() if rng.random() < 0.5),
    ]:
        if changes < most and (found := re.search(rf"\b{word}\b", text)):
            text, changes = swap(text, found, other), changes + 1
    text = _DATE.sub(r"\2 \1", text, count=1)
    return text if text != sentence else None


KEEPING = (("shortened", shorten), ("reworded", reword)) * 2 + (("same", lambda s, _: s),)


def spoil(claim: Example, names: Sequence[str], rng: Random) -> Example | None:
    """Change one thing of a statement, so that its text does not carry it."""
    said, text = claim.question, claim.text
    ways = [(k, wrong) for k, change in CHANGES.items() for wrong in change(said, text, names, rng)]
    if not ways:
        return None
    kind, wrong = rng.choice(ways)
    return Example(question=wrong, text=text, kind=f"{WRONG}: {kind}")


def _number(said: str, text: str, _names: Sequence[str], rng: Random) -> Iterator[str]:
    every = dict.fromkeys(NUMBER.findall(text))
    for match in NUMBER.finditer(said):
        alike = [n for n in every if n not in said and len(n) == len(match.group())]
        digits = re.sub(r"\D", "", match.group())
        if alike and rng.random() < 0.5:
            yield swap(said, match, rng.choice(alike))
        elif len(digits) < 8:
            step = rng.choice((-40, -20, -10, -3, -2, -1, 1, 2, 3, 5, 10, 30))
            if (number := str(max(1, int(digits) + step))) != digits:
                yield swap(said, match, number)
    yield from _other_word(said, _NUMBERS, rng)


def _name(said: str, text: str, names: Sequence[str], rng: Random) -> Iterator[str]:
    every = [name for name in dict.fromkeys(NAME.findall(text)) if len(name) > 3]
    for match in _names_in(said):
        near = [n for n in every if n not in said and n.count(" ") == match.group().count(" ")]
        new = rng.choice(near if near and rng.random() < 0.6 else names)
        if new not in said:
            yield swap(said, match, new)


def _roles(said: str, _text: str, _names: Sequence[str], rng: Random) -> Iterator[str]:
    found = list({match.group(): match for match in _names_in(said)}.values())
    for _ in range(2 if len(found) > 1 else 0):
        one, other = sorted(rng.sample(found, 2), key=lambda match: match.start())
        listed = _LISTED.fullmatch(said[one.end() : other.start()])
        if not listed and one.group() not in other.group() and other.group() not in one.group():
            yield swap(swap(said, other, one.group()), one, other.group())


def _negation(said: str, _text: str, _names: Sequence[str], rng: Random) -> Iterator[str]:
    if found := list(_AUXILIARY.finditer(said)):
        verb = rng.choice(found)
        yield from (
            swap(said, verb, verb.group() + n) for n in (" not", rng.choice((" never", " not")))
        )
    if negation := _NEGATION.search(said):
        yield from [swap(said, negation, "")] * 2


def _stripped(said: str, _text: str, _names: Sequence[str], _rng: Random) -> Iterator[str]:
    if reported := _REPORTED.search(said):
        yield from [_capital(reported[1])] * 3


CHANGES: dict[str, Callable[[str, str, Sequence[str], Random], Iterable[str]]] = {
    "number": _number,
    "date": lambda said, _text, _names, rng: _other_word(
        said, [month for month in _MONTHS if month != "May" or "in May" in said], rng
    ),
    "name": _name,
    "roles": _roles,
    "negation": _negation,
    "relation": lambda said, _text, _names, _rng: oppose(said),
    "stripped": _stripped,
}
"""What can be changed; what comes twice or thrice is chosen so much oftener."""


def _other_word(said: str, words: Sequence[str], rng: Random) -> Iterator[str]:
    for word in words:
        if found := re.search(rf"\b{word}\b", said):
            yield swap(said, found, rng.choice([other for other in words if other != word]))


def _carried(
    examples: Sequence[Example], texts: Sequence[str], rng: Random, count: int
) -> Iterator[tuple[Example, Example | None]]:
    """Yield statements that their text carries, with the question that they were made of if any."""
    stated = [
        (Example(question=statement, text=e.text, kind=f"{CARRIED}: question"), e)
        for e in examples
        if e.start >= 0 and (statement := state(e.question, e.text[e.start : e.end]))
    ]
    yield from rng.sample(stated, min(len(stated), int(count * 0.4)))
    for text in rng.sample(texts, min(len(texts), count)):
        if sentences := _sentences(text):
            kind, make = rng.choice(KEEPING)
            if said := make(rng.choice(sentences), rng):
                yield Example(question=said, text=text, kind=f"{CARRIED}: {kind}"), None


def _wrong(
    claim: Example,
    origin: Example | None,
    names: Sequence[str],
    strange: Sequence[str],
    luck: float,
    rng: Random,
) -> Example | None:
    if origin and rng.random() < 0.35 and (others := _other_answers(origin, claim.question)):
        said = state(origin.question, rng.choice(others))
        return Example(question=said, text=claim.text, kind=f"{WRONG}: answer") if said else None
    if luck < 0.85:
        return spoil(claim, names, rng)
    said, kind = rng.choice(strange), "unsaid"
    if luck >= 0.9:
        said, kind = f"{claim.question[:-1]}, and {said[0].lower()}{said[1:]}", "added"
    return Example(question=said, text=claim.text, kind=f"{WRONG}: {kind}")


def _other_answers(origin: Example, said: str) -> list[str]:
    answer = origin.text[origin.start : origin.end]
    found = (NUMBER if answer[0].isdigit() else NAME).findall(origin.text)
    return [other for other in found if other not in f"{answer}\n{said}" and answer not in other]


def _names_in(said: str) -> list[re.Match[str]]:
    return [match for match in NAME.finditer(said) if match.start() or " " in match.group()]


def _sentences(text: str) -> list[str]:
    every = (sentence.strip() for sentence in SENTENCE_GAP.split(text))
    return [sentence for sentence in every if 40 < len(sentence) < 260 and sentence[-1] in ".!?"]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
