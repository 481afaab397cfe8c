"""The `quotes:` answerer: picks one to three sentences that answer and quotes them exactly.

Needs no language model. Does not decide whether to answer.
"""

import re
from collections.abc import Sequence

from chatbot.evidence import Candidate

MOST_SENTENCES = 3
MOST_WORDS = 60
WORTH_ADDING = 0.1  # the least share of the best score that a further sentence must have
# A sentence that opens like this rests on the one before it.
LEANING = re.compile(
    r"^[\"“'‘]?(?:he|she|it|they|this|that|these|those|his|her|their|its|such|but|however|there"
    r"|él|ella|ellos|esto|esta|este|eso)\b",
    re.IGNORECASE,
)


def pick_quotes(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the sentences to quote, in reading order: the best, and those that complete it.

    A sentence completes it if it stands beside it and covers words of the question that are not
    covered yet, or if the best one leans on it ("He said...").
    """
    if not candidates:
        return []
    best = candidates[0]
    chosen = [best]
    rest = [c for c in candidates[1:] if c.span.document_id == best.span.document_id]
    before = _sentence_before(best, rest)
    if before is not None and LEANING.match(best.text) and _fits(chosen, before):
        chosen.append(before)
    covered = {term for c in chosen for term in c.covered}
    for candidate in (c for c in rest if c.hit.rank == best.hit.rank):
        adds = candidate.covered.keys() - covered
        worth = candidate.score >= WORTH_ADDING * best.score
        if adds and worth and _is_beside(candidate, chosen, rest) and _fits(chosen, candidate):
            chosen.append(candidate)
            covered |= candidate.covered.keys()
    return sorted(chosen, key=lambda c: c.span.start)


def _sentence_before(best: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    earlier = [c for c in others if c.span.end <= best.span.start and c.hit.rank == best.hit.rank]
    return max(earlier, key=lambda c: c.span.end, default=None)


def _is_beside(
    candidate: Candidate, chosen: Sequence[Candidate], others: Sequence[Candidate]
) -> bool:
    """Say whether no other sentence stands between the candidate and one that is chosen."""
    if candidate in chosen:
        return False

    def between(one: Candidate, other: Candidate) -> bool:
        first, last = sorted((one, other), key=lambda c: c.span.start)
        return any(
            first.span.end <= c.span.start < last.span.start
            for c in [*others, *chosen]
            if c is not last
        )

    return any(not between(candidate, c) for c in chosen)


def _fits(chosen: Sequence[Candidate], candidate: Candidate) -> bool:
    word_count = sum(len(c.text.split()) for c in [*chosen, candidate])
    return len(chosen) < MOST_SENTENCES and word_count <= MOST_WORDS
