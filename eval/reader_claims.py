"""Statements to train the reader on: some that their text carries, some that it does not.

What is changed in a statement is as often changed in its text, or in both: so no word of a
statement gives away whether it is carried. Knows no model.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eval.errors import BadCase
from eval.reader_examples import NAME, NUMBER, OPPOSITE, SENTENCE_GAP, Example
from eval.reword import MONTHS, UNSURE, capital, reword, shorten
from index.words import is_stop_word

Edit = Callable[[str], str]
"""Changes a text, or returns it as it is where there is nothing to change."""
LEARNED_DOMAINS = ("sales_call", "sales_email", "scitldr")
"""Of SummEdits; the other three are only measured on."""
CLAIM_ONLY, TEXT_ONLY = 0.45, 0.65
"""Of the statements with a change: in itself up to the first, in its text up to the second."""
_ASKED = re.compile(r"(who|what|which [a-z]+)\s+(\w+)\b(.*?)\??\s*$", re.IGNORECASE)
_ASKED_WHEN = re.compile(
    r"(?:when|in what year|what year|where) (is|was|were|are|did|does|do) (.+?)\??\s*$",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(r"(.+) (\w+(?:ed|en|wn|ght|ade|old|eld|orn|uilt)(?: \w+)?)$")
_INVERTING = set("did do does can could will would should are".split())
_FULL_CLAUSE = re.compile(r"\s*(?:he|she|it|they|there|this|that|the|an?|[A-Z]\w+ \w+ed)\b")
_AUXILIARY = re.compile(
    r"\b(is|was|were|are|has|have|had|can|could|will|would|did|does|should|must) (?!not\b)(\w+)"
)
_ALIKE_BOTH_WAYS = re.compile(
    r"^(?:,? ?(?:and|or|&)? ?|/|, | is | was | are | were |.*\b(?:met|with|between|married|known as"
    r"|and|or|than|versus|meet)\b.*)$"
)
_SAID = (
    "{who} said that {it}|{who} says {it}|According to {who}, {it}|{who} claimed that {it}"
    "|{who} alleged that {it}|{who} denied that {it}|{who} has denied that {it}|It is alleged that "
    "{it}|It was reported that {it}|Critics argue that {it}|{who} rejected the claim that {it}"
    "|If {it}, much will change"
).split("|")
_SPEAKERS = (
    "the minister|the government|officials|a spokesman|the newspaper|the report|prosecutors"
    "|the company|researchers|the mayor|the president|local residents"
).split("|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement that its text carries, and the sentence of the text that does."""

    said: str
    text: str
    sentence: str


def make_claims(examples: Sequence[Example], data: Path, rng: Random, count: int) -> list[Example]:
    """Return about `count` statements with their texts, and all of SummEdits to learn from."""
    names = sorted({n for e in examples for n in names_in(e.text) if 3 < len(n) < 40})
    claims = list(_carried(examples, rng, count))
    strange = [claim.sentence for claim in rng.sample(claims, min(len(claims), 3_000))]
    made = []
    for claim in claims:
        luck = rng.random()
        if luck < 0.3:
            made.append(_example(claim.said, claim.text, "carried", claim.sentence))
        elif luck < 0.42:
            rest = claim.text.replace(claim.sentence, "").strip()
            text = rest if len(rest) > 40 and rng.random() < 0.6 else rng.choice(claims).text
            if claim.sentence not in text:
                made.append(_example(claim.said, text, "wrong: unsaid"))
        elif found := _changed(claim, names, strange, rng):
            made.append(found)
    return made + 2 * list(read_summedits(data, LEARNED_DOMAINS))


def read_summedits(data: Path, domains: Sequence[str]) -> Iterator[Example]:
    """Yield each edited sentence with the summary it was edited from; BadCase if a set is missing.

    An edited summary that is wrong tells of a sentence only if a single one was edited.
    """
    for domain in domains:
        file = data / "summedits" / f"{domain}.json"
        try:
            rows = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadCase(f"{file} is missing or cannot be read.") from error
        for row in rows:
            text, right = row["original_summary"], row["label"] == 1
            before, now = SENTENCE_GAP.split(text), SENTENCE_GAP.split(row["summary"])
            edited = [(old, new) for old, new in zip(before, now, strict=False) if old != new]
            if len(before) != len(now) or (not right and len(edited) > 1):
                continue
            for old, new in edited:
                yield _example(new, text, "carried" if right else "wrong: edited", old)


def names_in(text: str) -> list[str]:
    """Return the names in a text, in order, without a small word or month that stands first."""
    found = []
    for match in NAME.finditer(text):
        said = match.group().split()
        opens = match.start() == 0 or text[: match.start()].rstrip()[-1:] in '.!?"'
        while said and (is_stop_word(said[0].lower()) or said[0] in MONTHS):
            said, opens = said[1:], False
        name = " ".join(said)
        if name and not (opens and " " not in name and text.count(name) < 2):
            found.append(name)
    return found


def state(question: str, answer: str) -> str | None:
    """Turn a question and its answer into a statement; None where that takes more than rules."""
    if len(answer) > 60:
        return None
    if when := _ASKED_WHEN.match(question):
        verb, rest = when[1].lower(), when[2]
        if verb in {"did", "does", "do"}:
            subject = re.match(r"((?:the |an? )?(?:[A-Z][\w'-]+ ?)+)(.+)", rest)
            said = f"{subject[1].strip()} {verb} {subject[2]}" if subject else ""
        else:
            split = _PARTICIPLE.match(rest)
            said = f"{split[1]} {verb} {split[2]}" if split else ""
        by = "" if re.match(r"(?:in|on|at|by|from|during|after|before|the)\b", answer) else "in "
        return f"{capital(said)} {by}{answer}." if said else None
    asked = _ASKED.match(question)
    if not asked or len(asked[3].split()) < 2:
        return None
    word, verb, rest = asked[1].lower(), asked[2].lower(), asked[3]
    inverted = verb in _INVERTING or (
        verb in {"is", "was", "were", "has", "have", "had"}
        and (_FULL_CLAUSE.match(rest) or re.search(r"\b\w+(?:ing|ed)$", rest))
        and not re.match(r"\s*\w+(?:ed|ing|en)\b", rest)
    )
    if inverted or re.match(
        r"(?:what|which) (?:year|time|day|kind|type|sort)\b", word + " " + verb
    ):
        return None
    return f"{capital(answer)} {asked[2]}{rest}."


def _carried(examples: Sequence[Example], rng: Random, count: int) -> Iterator[Claim]:
    """Yield statements that their text carries."""
    stated = [
        (said, e)
        for e in examples
        if e.start >= 0 and (said := state(e.question, e.text[e.start : e.end]))
    ]
    for said, example in rng.sample(stated, min(len(stated), int(count * 0.4))):
        sentence = _sentence_at(example.text, example.start)
        if len(sentence) < 400:
            yield Claim(said=said, text=_near(example.text, sentence, rng), sentence=sentence)
    texts = sorted({example.text for example in examples})
    for text in rng.choices(texts, k=count - int(count * 0.4)):
        if sentences := [s for s in SENTENCE_GAP.split(text) if 40 < len(s) < 300]:
            sentence = rng.choice(sentences)
            change = rng.choice((shorten, reword, reword, lambda said, _: said))
            said = change(sentence, rng) or reword(sentence, rng) or sentence
            yield Claim(said=said, text=_near(text, sentence, rng), sentence=sentence)


def _changed(
    claim: Claim, names: Sequence[str], strange: Sequence[str], rng: Random
) -> Example | None:
    """Change one thing in a statement, in its text, or in both: then it is carried again."""
    ways = [
        (kind, edit)
        for kind, make in EDITS.items()
        if (edit := make(claim, names, rng))
        and edit(claim.said) != claim.said
        and edit(claim.sentence) != claim.sentence
    ]
    other = rng.choice(strange)
    ways.append(("added", lambda text: f"{text.rstrip('.!?')}, and {_small(other)}"))
    ((kind, edit),) = rng.choices(ways, [OFTEN.get(kind, 1) for kind, _ in ways])
    told = edit(claim.sentence)
    if kind == "added" and rng.random() < 0.5:
        told = f"{claim.sentence} {other}"
    text, luck = claim.text.replace(claim.sentence, told), rng.random()
    if luck < CLAIM_ONLY:
        return _example(edit(claim.said), claim.text, f"wrong: {kind}")
    if luck < TEXT_ONLY:
        # What is added to a text, or said less surely, takes nothing from the statement but its
        # truth; an addition not even that.
        right = kind == "added"
        return _example(claim.said, text, "carried" if right else f"wrong: {kind}", told)
    return _example(edit(claim.said), text, "carried", told)


def _number(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = [n for n in NUMBER.findall(claim.said) if len(re.sub(r"\D", "", n)) < 8]
    if not found:
        return None
    old = rng.choice(found)
    near = [n for n in NUMBER.findall(claim.text) if n not in claim.said and len(n) == len(old)]
    if near and rng.random() < 0.5:
        return _replacing(old, rng.choice(near))
    last = max(i for i, c in enumerate(old) if c.isdigit())
    place = rng.choice([i for i, c in enumerate(old) if c.isdigit()] + [last])
    digit = rng.choice([d for d in "123456789" if d != old[place]])
    return _replacing(old, old[:place] + digit + old[place + 1 :])


def _month(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = [month for month in MONTHS if re.search(rf"\b{month}\b", claim.said)]
    old = rng.choice(found) if found else ""
    return _replacing(old, rng.choice([m for m in MONTHS if m != old])) if found else None


def _name(claim: Claim, names: Sequence[str], rng: Random) -> Edit | None:
    found = names_in(claim.said)
    if not found:
        return None
    old = rng.choice(found)
    near = [n for n in names_in(claim.text) if n not in claim.said and n not in old]
    new = rng.choice(near if near and rng.random() < 0.5 else names)
    return None if new in claim.said or old in new else _replacing(old, new)


def _roles(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = list(dict.fromkeys(names_in(claim.said)))
    if len(found) < 2:
        return None
    one, other = rng.sample(found, 2)
    first, last = sorted((claim.said.find(one), claim.said.find(other)))
    between = claim.said[first:last].replace(one, "", 1).replace(other, "", 1)
    if one in other or other in one or _ALIKE_BOTH_WAYS.match(between):
        return None
    either = re.compile(rf"\b(?:{re.escape(one)}|{re.escape(other)})\b")
    return lambda text: either.sub(lambda m: other if m.group() == one else one, text)


def _negation(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    negated = re.search(r"\b(?:not|never) (\w+)", claim.said)
    if negated:
        return lambda text: text.replace(negated.group(), negated[1])
    found = [m for m in _AUXILIARY.finditer(claim.said) if m.group() in claim.sentence]
    if not found:
        return None
    verb, word = rng.choice(found), rng.choice(("not", "not", "never", "no longer"))
    return lambda text: text.replace(verb.group(), f"{verb[1]} {word} {verb[2]}")


def _opposite(claim: Claim, _names: Sequence[str], rng: Random) -> Edit | None:
    found = [w for w in re.findall(r"[a-z-]+", claim.said) if w in OPPOSITE]
    return _replacing(old := rng.choice(found), OPPOSITE[old]) if found else None


def _reported(claim: Claim, names: Sequence[str], rng: Random) -> Edit | None:
    if UNSURE.search(claim.said):
        return None
    frame = rng.choice(_SAID)
    who = rng.choice(names if rng.random() < 0.5 else _SPEAKERS)
    return lambda text: capital(frame.format(who=who, it=_small(text).rstrip(".!?"))) + "."


EDITS: dict[str, Callable[[Claim, Sequence[str], Random], Edit | None]] = {
    "number": _number,
    "date": _month,
    "name": _name,
    "roles": _roles,
    "negation": _negation,
    "opposite": _opposite,
    "reported": _reported,
}
OFTEN = {"number": 4, "date": 6, "roles": 6, "name": 2, "negation": 2, "opposite": 2}
"""How often a change is chosen where it can be made; others once."""


def _example(said: str, text: str, kind: str, sentence: str = "") -> Example:
    """A statement that is carried is answered by the whole sentence that carries it."""
    start = text.find(sentence) if kind == "carried" and sentence else -1
    end = start + len(sentence) if start >= 0 else -1
    return Example(question=said, text=text, kind=kind, start=start, end=end)


def _replacing(old: str, new: str) -> Edit:
    whole = re.compile(rf"(?<![\w.,]){re.escape(old)}(?!\w|[.,]\d)")
    return lambda text: whole.sub(lambda _: new, text)


def _sentence_at(text: str, place: int) -> str:
    start = 0
    for gap in SENTENCE_GAP.finditer(text):
        if gap.start() >= place:
            return text[start : gap.start()]
        start = gap.end()
    return text[start:]


def _near(text: str, sentence: str, rng: Random) -> str:
    """Return the sentence with none to two of those before and after it."""
    sentences = SENTENCE_GAP.split(text)
    at = sentences.index(sentence) if sentence in sentences else 0
    first, last = at - rng.choice((0, 1, 1, 2)), at + rng.choice((0, 1, 1, 2))
    return " ".join(sentences[max(0, first) : last + 1])


def _small(text: str) -> str:
    """Write the sentence as part of another: its first word small unless that is a name."""
    first = re.match(r"\w+", text)
    small = first and (is_stop_word(first.group().lower()) or first.group() in {"The", "A", "In"})
    return text[:1].lower() + text[1:] if small else text
