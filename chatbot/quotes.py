"""The `quotes:` answerer: picks one to three sentences that answer and quotes them exactly.

Needs no language model. Does not decide whether to answer.
"""

import re
from collections.abc import Sequence

from chatbot.claim_words import MONTHS
from chatbot.evidence import Candidate
from index.words import is_stop_word, stem, words

MOST_SENTENCES, MOST_WORDS = 3, 60
MOST_LISTED, MOST_LISTED_WORDS = 8, 200
WORTH_ADDING = 0.1  # the least share of the best score that a further sentence must have
WORTH_LISTING = 0.5
LEAST_GAIN = 0.15
"""Of the question's weight, that a further sentence must cover and those chosen do not."""
SAME_WORDS = 0.5
"""Of the shorter sentence's words, where two tell of the same thing."""
# A sentence in which no name stands before this rests on the one before it.
LEANING = re.compile(
    r"(?:he|she|they|it|this|these|those|such|him|them|his|her|their|its|él|ella|ellos|ellas|esto"
    r"|este|esta|eso|su|sus)",
    re.IGNORECASE,
)
_OPENS_LEANING = re.compile(r"[\"“'‘]?(?:but|however|there|that|pero|sin embargo)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d,.]*")
_YEAR = re.compile(r"(?:1\d|20)\d\d$")


def pick_quotes(candidates: Sequence[Candidate], *, listing: bool = False) -> list[Candidate]:
    """Return the sentences to quote, in reading order: the best, and those that complete it.

    A sentence completes it if it stands beside it and covers words of the question that are not
    covered yet, or if the best one leans on it ("He said..."). For a list (`listing`) every
    sentence that answers half as well as the best is quoted, each thing once.
    """
    if not candidates:
        return []
    best = candidates[0]
    chosen = [best]
    rest = [c for c in candidates[1:] if c.span.document_id == best.span.document_id]
    before = _sentence_before(best, rest)
    if before is not None and leans(best.text) and _fits(chosen, before):
        chosen.append(before)
    if listing:
        chosen += _others(candidates, chosen)
    above = " ".join((best.hit.title, *best.hit.passage.heading_path))
    covered = {term for c in chosen for term in c.covered} | {stem(word) for word in words(above)}
    for candidate in (c for c in rest if c.hit.rank == best.hit.rank):
        gain = sum(weight for term, weight in candidate.covered.items() if term not in covered)
        worth = gain >= LEAST_GAIN and candidate.score >= WORTH_ADDING * best.score
        rivals = candidate.is_marked and best.is_marked
        if (
            worth
            and not rivals
            and _is_beside(candidate, chosen, rest)
            and _fits(chosen, candidate)
        ):
            chosen.append(candidate)
            covered |= candidate.covered.keys()
    return sorted(
        chosen,
        key=lambda c: (
            c.span.document_id != best.span.document_id,
            c.span.document_id,
            c.span.start,
        ),
    )


def find_conflict(candidates: Sequence[Candidate], quotes: Sequence[Candidate]) -> Candidate | None:
    """Return another document's sentence that gives another number for the same, if any."""
    best = max(quotes, key=lambda quote: quote.score)
    return next((c for c in candidates if _conflicts(c, best)), None)


def leans(sentence: str) -> bool:
    """Say whether a sentence speaks of someone or something that only the one before it names."""
    if _OPENS_LEANING.match(sentence):
        return True
    for position, match in enumerate(re.finditer(r"[^\W\d_]+", sentence)):
        word, opens_aside = match.group(), sentence[match.end() : match.end() + 1] == ","
        if LEANING.fullmatch(word):
            return True
        named = word[0].isupper() and word.lower() not in MONTHS
        if named and (position or not (is_stop_word(word) or opens_aside)):
            return False
    return False


def _conflicts(candidate: Candidate, best: Candidate) -> bool:
    """Say whether two sentences tell the same of the same thing, but for the number."""
    one, other = (set(_NUMBER.findall(_answer(c))) for c in (candidate, best))
    given, other_given = (set(_NUMBER.findall(c.text)) for c in (candidate, best))
    if candidate.span.document_id == best.span.document_id or not one or not other:
        return False
    if one & other_given or other & given:
        return False
    if candidate.score < WORTH_LISTING * best.score or not candidate.is_marked:
        return False
    told, others = (_told(c) for c in (candidate, best))
    times, other_times = ({t for t in of if t in MONTHS or _YEAR.match(t)} for of in (told, others))
    if (times or other_times) and not times & other_times:
        return False
    told, others = told - times, others - other_times
    shared = len(told & others) / max(1, min(len(told), len(others)))
    return shared >= SAME_WORDS and set(candidate.covered) >= set(best.covered)


def _told(candidate: Candidate) -> set[str]:
    """Return the sentence's stems, years and months included, without those of its answer."""
    answer = {stem(word) for word in words(_answer(candidate))}
    return {stem(w) for w in words(candidate.text) if not is_stop_word(w)} - answer


def _answer(candidate: Candidate) -> str:
    first = candidate.span.start
    return candidate.text[candidate.answer.start - first : candidate.answer.end - first]


def _others(candidates: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """Return further sentences of a list: those that answer well, and give another answer."""
    best, found = candidates[0], list[Candidate]()
    known = {_answer(c).casefold() for c in chosen}
    for candidate in candidates[1:]:
        worth = candidate.score >= WORTH_LISTING * best.score and candidate.is_marked
        if not worth or candidate in chosen:
            continue
        answer = _answer(candidate).casefold()
        fits = sum(len(c.text.split()) for c in [*chosen, *found, candidate]) <= MOST_LISTED_WORDS
        if fits and len(chosen) + len(found) < MOST_LISTED and answer not in known:
            found.append(candidate)
            known.add(answer)
    return found


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
