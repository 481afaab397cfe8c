"""Ties each sentence that a model wrote to the document sentence that carries it, or to none.

Does not trust the model's own citations: they are removed before anything is checked. This is a
check of words: each content word of a sentence must stand in the one that carries it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.evidence import Candidate
from index.sentences import split_sentences
from index.words import closeness, is_stop_word, stem, words

SUPPORT_NEEDED = 0.8
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand million billion dozen half third quarter first second once"
    " twice".split()
)
# Small words that turn a claim round; search passes over them, the check must not.
DIRECTIONS = frozenset(
    "up down under over above below before after more less most least only few until since against "
    "without off out".split()
)
_MARKER = re.compile(r"\s*(?:\[\d+(?:\s*[,;–-]\s*\d+)*\]|【[^】]*】|\^\d+)")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_OTHER_NUMBER = re.compile(r"\b(?!(?:1\d{3}|20\d{2})\b)\d[\d.,]*\d|\b\d\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|nor|without|den(?:y|ies|ied)|refus\w+|reject\w*"
    r"|cannot|false|untrue|wrong|fail\w*|hardly|barely|scarcely)\b|n[’']t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A model's sentence without its markers, and the candidate that carries it, if one does."""

    text: str
    carrier: Candidate | None
    support: float


def split_stream(pieces: Iterable[str]) -> Iterator[str]:
    """Yield whole sentences as soon as the text that streams in has brought them to an end.

    Citation markers are taken out on the way: what a model cites is of no account here.
    """
    pending = ""
    for piece in pieces:
        pending = _MARKER.sub("", pending + piece)
        sentences = split_sentences(pending)
        # Whether a full stop was an end is known only from the whole word after it.
        if len(sentences) > 1 and re.search(r"\w\W", pending[sentences[-1].start :]):
            yield from (pending[s.start : s.end] for s in sentences[:-1])
            pending = pending[sentences[-1].start :]
    yield from (pending[s.start : s.end] for s in split_sentences(pending))


def check_sentence(text: str, candidates: Sequence[Candidate]) -> Checked:
    """Find the candidate that supports `text` best.

    Support is how close its words come to those of `text`. It is 0 if a content word is not there
    at all (a model may leave out and reorder, not add), if a number or direction differs, or if one
    is negated and the other is not. Two candidates are never taken together: each would lend the
    other words that it uses of something else.
    """
    claim = _read_claim(text)
    best = min(
        candidates,
        key=lambda c: (-_support(claim, c.text), c.span.document_id, c.span.start),
        default=None,
    )
    support = _support(claim, best.text) if best else 0.0
    if best is None or support < SUPPORT_NEEDED:
        return Checked(claim.text, None, 0.0)
    return Checked(claim.text, best, support)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence to check: its content words by stem, and those that must be found as they are."""

    text: str
    words: dict[str, str]
    exact: frozenset[str]


def _read_claim(text: str) -> _Claim:
    plain = _MARKER.sub("", text).strip().lstrip("-*• ").strip()
    kept = [w for w in words(plain) if not is_stop_word(w) or w.lower() in DIRECTIONS]
    content = {stem(word): word for word in kept}
    # A name may be of another spelling; a number or a direction may not.
    exact = {k for k, word in content.items() if _is_number(word) or word.lower() in DIRECTIONS}
    return _Claim(plain, content, frozenset(exact))


def _support(claim: _Claim, support: str) -> float:
    found = frozenset(stem(word) for word in words(support))
    closest = {key: closeness(key, found) for key in claim.words}
    if (
        not closest
        or not all(closest.values())
        or not claim.exact <= found
        or bool(_NEGATION.search(claim.text)) != bool(_NEGATION.search(support))
        or not _numbers_agree(claim.text, support)
    ):
        return 0.0
    return round(sum(closest.values()) / len(closest), 4)


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word) or word.lower() in NUMBER_WORDS


def _numbers_agree(claim: str, support: str) -> bool:
    """Say whether the claim's numbers stand in the support in the same order, sign and company.

    Years may change places with other numbers ("in 2012 there were 411", "411 in 2012"), but a
    number must keep one of the words beside it.
    """
    for pattern in (_YEAR, _OTHER_NUMBER):
        following = iter(pattern.findall(support))
        if not all(number in following for number in dict.fromkeys(pattern.findall(claim))):
            return False
    claimed, given = _company(claim), _company(support)
    return all(
        any(mine[0] == theirs[0] or mine[1] == theirs[1] for theirs in given.get(number, []))
        for number, places in claimed.items()
        for mine in places
    )


def _company(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return the words before and after each place where a number stands, sign included."""
    found = ["", *(word.lower().strip(".,;:!?()\"'“”") for word in text.split()), ""]
    places: dict[str, list[tuple[str, str]]] = {}
    for before, word, after in zip(found, found[1:], found[2:], strict=False):
        if any(c.isdigit() for c in word):
            places.setdefault(word, []).append((before, after))
    return places
