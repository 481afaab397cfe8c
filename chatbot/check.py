"""Ties each sentence that a model wrote to the document sentences that support it, or to none.

Does not trust the model's own citations: they are removed before anything is checked. This is a
check of words: numbers and names must stand in the support, and most other words as well.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from chatbot.evidence import Candidate
from index.sentences import split_sentences
from index.words import closeness, is_stop_word, stem, words

SUPPORT_NEEDED = 0.7
MOST_SUPPORTS = 2
NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand million billion dozen half third quarter first second once"
    " twice".split()
)
_MARKER = re.compile(r"\s*(?:\[\d+(?:\s*[,;–-]\s*\d+)*\]|【[^】]*】|\^\d+)")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_OTHER_NUMBER = re.compile(r"\b(?!(?:1\d{3}|20\d{2})\b)\d[\d.,]*\d|\b\d\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|nor|without|den(?:y|ies|ied)|refus\w+|reject\w*"
    r"|cannot)\b|n[’']t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A model's sentence without its markers, and the candidates that support it, if any do."""

    text: str
    supports: tuple[Candidate, ...]
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
    """Find the one or two candidates of one document that support `text`.

    Support is the share of its content words found in them. It is 0 if a number or a name of it is
    missing there, if its numbers stand in another order, or if it is negated and they are not.
    """
    claim = _read_claim(text)
    if not claim.words:
        return Checked(claim.text, (), 0.0)
    alone = sorted(
        ((_support(claim, [c]), c) for c in candidates),
        key=lambda pair: (-pair[0], pair[1].span.document_id, pair[1].span.start),
    )
    if alone and alone[0][0] >= SUPPORT_NEEDED:
        return Checked(claim.text, (alone[0][1],), alone[0][0])
    for first, second in combinations(candidates, MOST_SUPPORTS):
        if first.span.document_id == second.span.document_id:
            pair = sorted((first, second), key=lambda c: c.span.start)
            support = _support(claim, pair)
            if support >= SUPPORT_NEEDED:
                return Checked(claim.text, tuple(pair), support)
    return Checked(claim.text, (), 0.0)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence to check: its content words by stem, and those that must be found as they are."""

    text: str
    words: dict[str, str]
    exact: frozenset[str]


def _read_claim(text: str) -> _Claim:
    plain = _MARKER.sub("", text).strip().lstrip("-*• ").strip()
    content = {stem(word): word for word in words(plain) if not is_stop_word(word)}
    # The first word's capital may be only a capital, but a name there must not go unchecked.
    exact = {key for key, word in content.items() if word[0].isupper() or _is_number(word)}
    return _Claim(plain, content, frozenset(exact))


def _support(claim: _Claim, candidates: Sequence[Candidate]) -> float:
    joined = " ".join(c.text for c in candidates)
    found = frozenset(stem(word) for word in words(joined))
    negated = bool(_NEGATION.search(claim.text))
    if (
        not all(closeness(key, found) for key in claim.exact)
        or not {key for key in claim.exact if _is_number(claim.words[key])} <= found
        or any(bool(_NEGATION.search(c.text)) != negated for c in candidates)
        or not _same_order(claim.text, joined)
    ):
        return 0.0
    return round(sum(closeness(key, found) for key in claim.words) / len(claim.words), 4)


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word) or word.lower() in NUMBER_WORDS


def _same_order(claim: str, support: str) -> bool:
    """Say whether the claim's years, and its other numbers, follow each other as in the support."""
    for pattern in (_YEAR, _OTHER_NUMBER):
        following = iter(pattern.findall(support))
        if not all(number in following for number in dict.fromkeys(pattern.findall(claim))):
            return False
    return True
