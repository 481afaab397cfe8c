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
WORTH_ADDING = 0.6
"""The least share of the best score that a further sentence must have. On CLAPNQ's half to fit on,
gold-sentence F1 .59 (from .4 to .6 alike; .51 with the best alone), on SQuAD 1.3 sentences."""
OWED = 0.15
"""The share of the question's weight that the sentence before must add to be quoted too: what the
best is about may stand there alone, as the picture does before its credit."""
SAME_WORDS = 0.5
"""Of the shorter sentence's words, where two tell of the same thing."""
# A sentence in which no name stands before this rests on the one before it.
LEANING = re.compile(
    r"(?:he|she|they|it|this|these|those|such|him|them|his|her|their|its|él|ella|ellos|ellas|esto"
    r"|este|esta|eso|su|sus)",
    re.IGNORECASE,
)
_OPENS_LEANING = re.compile(
    r"[\"“'‘]?(?:but|however|there|that|(?:by |since |until )?then|pero|sin embargo|entonces"
    r"|(?:in |on )?the (?:same|following|next|previous) (?:year|month|week|day|night)"
    r"|(?:al|el) año siguiente|ese mismo (?:año|mes|día))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d[\d,.]*")
_YEAR = re.compile(r"(?:1\d|20)\d\d$")


def pick_quotes(candidates: Sequence[Candidate], *, listing: bool = False) -> list[Candidate]:
    """Return the sentences to quote, in reading order: the best, and those that complete it.

    That is the one before, if it leans on it ("He said...") or lacks what is asked about and that
    has it, and those of its passage that answer .6 as well and do not give another number, nor tell
    of another time or place than was asked about.
    For a list (`listing`) all that answer .6 as well are quoted, wherever, each thing once.
    """
    if not candidates:
        return []
    best = candidates[0]
    chosen, beside = [best], [c for c in candidates[1:] if c.hit.rank == best.hit.rank]
    before = _sentence_before(best, beside)
    if before is not None and _is_needed(before, best) and _fits(chosen, before):
        chosen.append(before)
    limits = (MOST_LISTED, MOST_LISTED_WORDS) if listing else (MOST_SENTENCES, MOST_WORDS)
    for candidate in candidates[1:] if listing else beside:
        known = {_answer(c).casefold() for c in chosen}
        if listing:
            adds = candidate.is_marked and _answer(candidate).casefold() not in known
        else:
            adds = not (candidate.is_of_another or _are_rivals(candidate, best))
        is_worth = adds and candidate.score >= WORTH_ADDING * best.score
        if is_worth and candidate not in chosen and _fits(chosen, candidate, *limits):
            chosen.append(candidate)
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


def _is_needed(before: Candidate, best: Candidate) -> bool:
    """Say whether what the best speaks of is only named in the sentence before it."""
    added = sum(share for term, share in before.covered.items() if term not in best.covered)
    return added >= OWED or leans(best.text)


def _conflicts(candidate: Candidate, best: Candidate) -> bool:
    """Say whether two sentences tell the same of the same thing, but for the number."""
    one, other = (set(_NUMBER.findall(_answer(c))) for c in (candidate, best))
    given, other_given = (set(_NUMBER.findall(c.text)) for c in (candidate, best))
    if candidate.span.document_id == best.span.document_id or not one or not other:
        return False
    if one & other_given or other & given:
        return False
    if candidate.score < WORTH_ADDING * best.score or not candidate.is_marked:
        return False
    told, others = (_told(c) for c in (candidate, best))
    times, other_times = ({t for t in of if t in MONTHS or _YEAR.match(t)} for of in (told, others))
    if (times or other_times) and not times & other_times:
        return False
    told, others = told - times, others - other_times
    shared = len(told & others) / max(1, min(len(told), len(others)))
    return shared >= SAME_WORDS and set(candidate.covered) >= set(best.covered)


def _are_rivals(candidate: Candidate, best: Candidate) -> bool:
    """Say whether both are sure of an answer, and of another number."""
    one, other = (set(_NUMBER.findall(_answer(c))) for c in (candidate, best))
    return candidate.is_marked and best.is_marked and bool(one and other) and not one & other


def _told(candidate: Candidate) -> set[str]:
    """Return the sentence's stems, years and months included, without those of its answer."""
    answer = {stem(word) for word in words(_answer(candidate))}
    return {stem(w) for w in words(candidate.text) if not is_stop_word(w)} - answer


def _answer(candidate: Candidate) -> str:
    first = candidate.span.start
    return candidate.text[candidate.answer.start - first : candidate.answer.end - first]


def _sentence_before(best: Candidate, beside: Sequence[Candidate]) -> Candidate | None:
    earlier = [c for c in beside if c.span.end <= best.span.start]
    return max(earlier, key=lambda c: c.span.end, default=None)


def _fits(
    chosen: Sequence[Candidate],
    candidate: Candidate,
    most: int = MOST_SENTENCES,
    most_words: int = MOST_WORDS,
) -> bool:
    word_count = sum(len(c.text.split()) for c in [*chosen, candidate])
    return len(chosen) < most and word_count <= most_words
