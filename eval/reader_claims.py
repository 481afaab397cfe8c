"""Statements to train the reader on: some that their text carries, some that it does not.

What is changed in a statement is as often changed in its text, or in both: so no word of a
statement gives away whether it is carried. Knows no model.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from eval.edits import EDITS, Claim, claims_in, names_of, sentences_in, within
from eval.reader_examples import Example, load_rows, some
from eval.reword import capital, reword, shorten
from index.sentences import split_sentences

LEARNED_DOMAINS = ("sales_call", "sales_email", "scitldr")
"""Of SummEdits; the other three are only measured on."""
AS_IT_IS, UNSAID = 0.3, 0.42
"""Of all statements: carried up to the first, beside a text that lacks them up to the second."""
CLAIM_ONLY, TEXT_ONLY = 0.45, 0.65
"""Of the others, with a change: in itself up to the first, in its text up to the second."""
FROM_QUESTIONS = 0.4
"""Of all statements; the others are sentences of the texts."""
OFTEN = {"number": 4, "date": 6, "roles": 6, "name": 2, "negation": 2, "opposite": 2}
"""How often a change is chosen where it can be made; others once."""
_ASKED = re.compile(r"(who|what|which [a-z]+)\s+(\w+)\b(.*?)\??\s*$", re.IGNORECASE)
_ASKED_WHEN = re.compile(
    r"(?:when|in what year|what year|where) (is|was|were|are|did|does|do) (.+?)\??\s*$",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"((?:the |an? )?(?:[A-Z][\w'-]+ ?)+)(.+)")
_PARTICIPLE = re.compile(r"(.+) (\w+(?:ed|en|wn|ght|ade|old|eld|orn|uilt)(?: \w+)?)$")
_NO_STATEMENT = set(
    "did do does can could will would should are year time day kind type sort".split()
)
"""After the word that asks: an inverted question, or one that asks for a kind of thing."""
_FULL_CLAUSE = re.compile(r"\s*(?:he|she|it|they|there|this|that|the|an?|[A-Z]\w+ \w+ed)\b")


def make_claims(examples: Sequence[Example], data: Path, rng: Random, count: int) -> list[Example]:
    """Return about `count` statements with their texts, and all of SummEdits to learn from."""
    names = names_of(example.text for example in examples)
    claims = list(_carried(examples, rng, count))
    made = []
    for claim in claims:
        luck, other = rng.random(), rng.choice(claims)
        if luck < AS_IT_IS:
            made.append(_example(claim.said, claim.text, "carried", claim.sentence))
        elif luck < UNSAID:
            rest = claim.text.replace(claim.sentence, "").strip()
            text = rest if len(rest) > 40 and rng.random() < 0.6 else other.text
            if claim.sentence not in text:
                made.append(_example(claim.said, text, "wrong: unsaid"))
        else:
            made.append(_changed(claim, names, other.sentence, rng))
    return made + 2 * list(read_summedits(data, LEARNED_DOMAINS))


def read_summedits(data: Path, domains: Sequence[str]) -> Iterator[Example]:
    """Yield each edited sentence with the summary it was edited from; BadCase if a set is missing.

    An edited summary that is wrong tells of a sentence only if a single one was edited.
    """
    for domain in domains:
        for row in load_rows(data / "summedits" / f"{domain}.json"):
            text, right = row["original_summary"], row["label"] == 1
            before, now = sentences_in(text), sentences_in(row["summary"])
            edited = [(old, new) for old, new in zip(before, now, strict=False) if old != new]
            if len(before) != len(now) or (not right and len(edited) > 1):
                continue
            for old, new in edited:
                yield _example(new, text, "carried" if right else "wrong: edited", old)


def state(question: str, answer: str) -> str | None:
    """Turn a question and its answer into a statement; None where that takes more than rules."""
    if len(answer) > 60:
        return None
    if when := _ASKED_WHEN.match(question):
        verb, rest = when[1].lower(), when[2]
        parts = (_SUBJECT if verb in {"did", "does", "do"} else _PARTICIPLE).match(rest)
        by = "" if re.match(r"(?:in|on|at|by|from|during|after|before|the)\b", answer) else "in "
        return f"{capital(parts[1].strip())} {verb} {parts[2]} {by}{answer}." if parts else None
    asked = _ASKED.match(question)
    if not asked or len(asked[3].split()) < 2:
        return None
    verb, rest = asked[2].lower(), asked[3]
    inverted = verb in _NO_STATEMENT or (
        verb in {"is", "was", "were", "has", "have", "had"}
        and (_FULL_CLAUSE.match(rest) or re.search(r"\b\w+(?:ing|ed)$", rest))
        and not re.match(r"\s*\w+(?:ed|ing|en)\b", rest)
    )
    return None if inverted else f"{capital(answer)} {asked[2]}{rest}."


def _carried(examples: Sequence[Example], rng: Random, count: int) -> Iterator[Claim]:
    stated = [
        (said, e)
        for e in examples
        if e.start >= 0 and (said := state(e.question, e.text[e.start : e.end]))
    ]
    asked = int(count * FROM_QUESTIONS)
    for said, example in some(stated, asked, rng):
        places = split_sentences(example.text)
        place = next(place for place in places if place.end > example.start)
        sentence = example.text[place.start : place.end]
        if len(sentence) < 400:
            yield Claim(said=said, text=_near(example.text, sentence, rng), sentence=sentence)
    texts = sorted({example.text for example in examples})
    for text in rng.choices(texts, k=count - asked):
        if found := claims_in(text):
            sentence = rng.choice(found).said
            change = rng.choice((shorten, reword, reword, lambda said, _: said))
            said = change(sentence, rng) or reword(sentence, rng) or sentence
            yield Claim(said=said, text=_near(text, sentence, rng), sentence=sentence)


def _near(text: str, sentence: str, rng: Random) -> str:
    """Return the sentence with none to two of those before and after it."""
    sentences = sentences_in(text)
    at = sentences.index(sentence)
    first, last = at - rng.choice((0, 1, 1, 2)), at + rng.choice((0, 1, 1, 2))
    return " ".join(sentences[max(0, first) : last + 1])


def _changed(claim: Claim, names: Sequence[str], other: str, rng: Random) -> Example:
    """Change one thing in a statement, in its text, or in both: then it is carried again."""
    ways = [
        (kind, edit)
        for kind, make in EDITS.items()
        if (edit := make(claim, names, rng))
        and edit(claim.said) != claim.said
        and edit(claim.sentence) != claim.sentence
    ]
    ways.append(("added", lambda text: f"{text.rstrip('.!?')}, and {within(other)}."))
    ((kind, edit),) = rng.choices(ways, [OFTEN.get(kind, 1) for kind, _ in ways])
    told = edit(claim.sentence)
    if kind == "added" and rng.random() < 0.5:
        told = f"{claim.sentence} {other}"
    text, luck = claim.text.replace(claim.sentence, told), rng.random()
    if luck < CLAIM_ONLY:
        return _example(edit(claim.said), claim.text, f"wrong: {kind}")
    if luck < TEXT_ONLY:
        # What is added to a text takes nothing from the statement; any other change its truth.
        right = kind == "added"
        return _example(claim.said, text, "carried" if right else f"wrong: {kind}", told)
    return _example(edit(claim.said), text, "carried", told)


def _example(said: str, text: str, kind: str, sentence: str = "") -> Example:
    """A statement that is carried is answered by the whole sentence that carries it."""
    start = text.find(sentence) if kind == "carried" else -1
    end = start + len(sentence) if start >= 0 else -1
    return Example(question=said, text=text, kind=kind, start=start, end=end)
