"""Says whether a claim leaves to each name what the document's sentence says of it: who did what.

By order and neighbours alone: no sentence is parsed.
"""

import re
from itertools import combinations

from chatbot.claim_words import MONTHS, PASSIVE, Words, value_of

_OWNS = re.compile("[’']s?$")


def roles_hold(claim: Words, sentence: Words) -> bool:
    """Say whether names stand on the same sides of a verb, and in order where the rest is alike."""
    acts, other_acts = _acts(claim, sentence), _acts(sentence, claim)
    if any(other_acts.get(verb) == pair[::-1] != pair for verb, pair in acts.items()):
        return False
    if _have_changed_company(claim, sentence):
        return False
    named = {w.stems[i] for w in (claim, sentence) for i in w.names}
    rest, other_rest = (
        [w.stems[i] for i in w.content if w.stems[i] not in named] for w in (claim, sentence)
    )
    turned = ("by" in claim.words) != ("by" in sentence.words)
    if turned or not _is_part(rest, other_rest):
        return True
    names, other_names = (
        [words.stems[i] for i in named_in(words, other)]
        for words, other in ((claim, sentence), (sentence, claim))
    )
    return _is_part([name for name in names if name in other_names], other_names)


def _have_changed_company(claim: Words, sentence: Words) -> bool:
    """Say whether of two names each stands beside what the other stands beside there."""
    company, there = _company(claim, sentence), _company(sentence, claim)
    shared = [(name, other) for name in company for other in there if name & other]

    def alike(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> int:
        return len(company[one[0]] & there[other[1]])

    return any(
        one[1] != other[1]
        and alike(one, other) + alike(other, one) > alike(one, one) + alike(other, other)
        for one, other in combinations(shared, 2)
    )


def _company(words: Words, other: Words) -> dict[frozenset[str], set[str]]:
    """Return, for each name (its stems), the content words next to it that belong to no name."""
    names: list[list[int]] = []
    for place in named_in(words, other):
        if names and place == names[-1][-1] + 1 and place not in words.breaks:
            names[-1].append(place)
        else:
            names.append([place])
    own = {words.stems[i] for name in names for i in name}
    plain = [
        i for i in words.content if words.stems[i] not in own and value_of(words.words[i]) is None
    ]
    found = dict[frozenset[str], set[str]]()
    for name in names:
        next_to = [i for i in plain if i < name[0]][-1:] + [i for i in plain if i > name[-1]][:1]
        key = frozenset(words.stems[i] for i in name)
        found.setdefault(key, set()).update(words.stems[i] for i in next_to)
    return found


def _is_part(some: list[str], others: list[str]) -> bool:
    """Say whether `some` stand among the others in the same order."""
    rest = iter(others)
    return all(one in rest for one in some)


def _acts(words: Words, other: Words) -> dict[str, tuple[str, str]]:
    """Return, for each word between two names, who stands before and after it; `by` turns them.

    Of "Salvador's gang, Barrio 18" nothing is said: it is also "Barrio 18, a gang of Salvador".
    """
    found, names = {}, named_in(words, other)
    for i in words.content:
        before = [j for j in names if j < i]
        after = [j for j in names if j > i]
        is_time = value_of(words.words[i]) is not None or words.words[i].lower() in MONTHS
        if is_time or i in names or not (before and after):
            continue
        if not _OWNS.search(words.words[before[-1]]):
            pair = words.stems[before[-1]], words.stems[after[0]]
            by = {"by", "por"} & {word.lower() for word in words.words[i + 1 : after[0]]}
            is_passive = by and PASSIVE & {word.lower() for word in words.words[max(0, i - 3) : i]}
            found[words.stems[i]] = pair[::-1] if is_passive else pair
    return found


def named_in(words: Words, *others: Words) -> list[int]:
    """Return the places of names; that of the word that opens the text if others have it as one."""
    known = {other.stems[i] for other in others for i in other.names}
    opens = words.stems[:1] if 0 not in words.names else []
    return [0] * (opens != [] and opens[0] in known) + words.names
