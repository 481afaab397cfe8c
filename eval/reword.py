"""Says the same in other words, by rule: synonyms, numerals, the passive, parts left out."""

import re
import tomllib
from pathlib import Path
from random import Random

from chatbot import claim_words
from index.words import is_stop_word

MONTHS = [month.title() for month in claim_words.MONTHS[:12]]
PHRASES = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))
SYNONYMS: dict[str, str] = PHRASES["synonyms"]
_NUMERALS = "two three four five six seven eight nine ten eleven twelve".split()
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})\b")
UNSURE = re.compile(
    r"\b(?:not|no|never|if|den(?:y|ied|ies)|sa(?:id|ys)|claim\w*|alleg\w*|report\w*|would"
    r"|(?-i:may|might)"
    r"|accord\w*|believ\w*|suggest\w*|argu\w*|without|unless|only)\b|n't",
    re.IGNORECASE,
)
_INSERTION = re.compile(r", (?=(?:who|which|a|an|the|also|formerly)\b)[^,;]{5,80},(?! and| or)")
_TAIL = re.compile(r"(.{40,}?)(?:, (?:which|who|where|while|although|with)\b|; ).*$")
_ACTIVE = re.compile(
    r"((?:[A-Z][\w'-]+ ?){1,3}) (\w{3,}ed) ((?:the )?(?:[A-Z][\w'-]+ ?){1,3})"
    r"(?=[.,;]| (?:in|on|by)\b)"
)


def shorten(sentence: str, rng: Random) -> str | None:
    """Leave out a part between commas or a tail, where what is left is still said."""
    if UNSURE.search(sentence):
        return None
    shorter = [
        sentence[: part.start()] + sentence[part.end() :] for part in _INSERTION.finditer(sentence)
    ]
    if tail := _TAIL.match(sentence):
        shorter.append(tail[1] + ".")
    return rng.choice(shorter) if shorter else None


def reword(sentence: str, rng: Random) -> str | None:
    """Say the same in other words: some synonyms, numerals, a date turned round, the passive."""
    text = sentence
    for word in rng.sample(list(SYNONYMS), len(SYNONYMS)):
        if rng.random() < 0.8:
            text = re.sub(rf"\b{word}\b", SYNONYMS[word], text, count=1)
    for number, word in enumerate(_NUMERALS, start=2):
        if rng.random() < 0.5:
            text = re.sub(rf"\b{word}\b", str(number), text, count=1)
    text = _DATE.sub(r"\2 \1", text, count=1)
    if rng.random() < 0.7:
        text = _ACTIVE.sub(r"\3 was \2 by \1", text, count=1)
    if rng.random() < 0.3 and (
        opening := re.match(r"(In|On|During|After) ([^,]{3,30}), (.+)\.$", text)
    ):
        text = f"{capital(opening[3])} {opening[1].lower()} {opening[2]}."
    return text if text != sentence else None


def ask_otherwise(question: str) -> dict[str, str]:
    """Return the question asked in other ways, by what was done to it; some cannot be done."""
    lead = "Por favor, dígame: " if question.startswith("¿") else "Could you please tell me: "
    ways = {
        "politely": lead + question,
        "in small letters": question.lower(),
        "in capitals": question.upper(),
        "without its mark": question.rstrip("? "),
        "in other words": reword(question, Random(0)) or question,
        "with a word misspelt": misspell(question),
    }
    return {way: asked for way, asked in ways.items() if asked != question}


def misspell(question: str) -> str:
    """Return the question with two letters swapped inside its longest word of six or more."""
    found = [w for w in re.finditer(r"[^\W\d_]{6,}", question) if not is_stop_word(w.group())]
    for word in sorted(found, key=lambda w: w.start() - w.end()):
        for at in range(word.start() + 1, word.end() - 2):
            one, other = question[at], question[at + 1]
            if one.casefold() != other.casefold():
                return question[:at] + other + one + question[at + 2 :]
    return question


def capital(text: str) -> str:
    """Return the text with its first letter large."""
    return text[:1].upper() + text[1:]
