"""Ties each sentence that a model wrote to the document sentences that support it, or to none.

Does not trust the model's own citations: they are removed before anything is checked. This is a
check of words: numbers and names must stand in the support, and most other words as well.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.evidence import Candidate
from index.sentences import split_sentences
from index.words import closeness, is_stop_word, stem, words

SUPPORT_NEEDED = 0.7
MOST_SUPPORTS = 2
_MARKER = re.compile(r"\s*(?:\[\d+(?:\s*[,;–-]\s*\d+)*\]|【[^】]*】|\^\d+)")
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
    """Yield whole sentences as soon as the text that streams in has brought them to an end."""
    pending = ""
    for piece in pieces:
        pending += piece
        sentences = split_sentences(pending)
        # The last one may go on: an abbreviation or a decimal point looks like an end.
        for sentence in sentences[:-1]:
            yield pending[sentence.start : sentence.end]
        if len(sentences) > 1:
            pending = pending[sentences[-1].start :]
    yield from (pending[s.start : s.end] for s in split_sentences(pending))


def check_sentence(text: str, candidates: Sequence[Candidate]) -> Checked:
    """Find the one or two candidates of one document that support `text`.

    Support is the share of its content words found in them; it is 0 if a number, a name or a
    negation of one side is missing on the other.
    """
    plain = _MARKER.sub("", text).strip().lstrip("-*• ").strip()
    wanted = _content(plain)
    if not wanted:
        return Checked(plain, (), 0.0)
    alone = sorted(
        ((_support(plain, wanted, [c]), c) for c in candidates),
        key=lambda pair: (-pair[0], pair[1].span.document_id, pair[1].span.start),
    )
    if alone and alone[0][0] >= SUPPORT_NEEDED:
        return Checked(plain, (alone[0][1],), alone[0][0])
    for _, first in alone[:5]:
        for second in candidates:
            if second is not first and second.span.document_id == first.span.document_id:
                pair = sorted((first, second), key=lambda c: c.span.start)
                support = _support(plain, wanted, pair)
                if support >= SUPPORT_NEEDED:
                    return Checked(plain, tuple(pair), support)
    return Checked(plain, (), 0.0)


def _support(plain: str, wanted: dict[str, str], candidates: Sequence[Candidate]) -> float:
    joined = " ".join(c.text for c in candidates)
    found = frozenset(stem(word) for word in words(joined))
    exact = {
        key for key, word in wanted.items() if any(c.isdigit() for c in word) or word[0].isupper()
    }
    if not exact <= found:
        return 0.0
    if bool(_NEGATION.search(plain)) != bool(_NEGATION.search(joined)):
        return 0.0
    return round(sum(closeness(key, found) for key in wanted) / len(wanted), 4)


def _content(text: str) -> dict[str, str]:
    """Content words by stem; the first word's capital is only a capital."""
    found = words(text)
    if found:
        found[0] = found[0] if found[0].isupper() else found[0][:1].lower() + found[0][1:]
    return {stem(word): word for word in found if not is_stop_word(word)}
