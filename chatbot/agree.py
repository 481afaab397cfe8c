"""Says what in a claim goes against a document's sentence, as far as rules can see. Reads no model.

Numbers, dates, names, direction, negation, who did what to whom, and whether the document says a
thing itself or only reports it. What words alone cannot tell is the reader's to judge (`check`).
"""

import re
from collections import Counter
from collections.abc import Sequence

from chatbot.claim_words import MONTHS, Number, Words, is_year, value_of
from chatbot.opposites import directions_hold
from chatbot.roles import named_in, roles_hold
from index.words import closeness, is_stop_word, stem

_REPORTS = re.compile(
    r"\b(?:sa(?:id|ys?|ying)|claim\w*|alleg\w*|accord\w* to|stat(?:ed|es)|argu(?:ed?|es|ing)"
    r"|insist\w*|assert\w*|den(?:y|ied|ies|ying)|report(?:ed|edly|s)|accus\w+|suspect\w*|believ\w+"
    r"|suggest\w*|admit\w*|acknowledg\w+|promis\w+|warn\w*|told|tells?|found that|conclud\w+"
    r"|quoted?|rumou?r\w*|think\w*|thought(?! up)|dij[oe]|según|afirm\w+|neg(?:ó|aron)|presunt\w+"
    r"|declar\w+"
    r"|wrote|writes?|announc\w+|explain\w*|describ\w+|recall\w*|add(?:ed|s)|confirm\w*|not(?:ed|es))\b",
    re.IGNORECASE,
)
_VIEWS = re.compile(r"\b(?:call(?:s|ed)|credit(?:s|ed)|terms|dubbed|titled|named by)\b")
"""With these a sentence tells a view; of a claim that uses them it is not asked for."""
_HEDGES = re.compile(
    r"\b(?:may|might|[Aa]lleged(?:ly)?|[Rr]eported(?:ly)?|suppos(?:ed|edly)|suspected|[Ii]f|[Pp]ossibly|perhaps"
    r"|likely|apparently|appear\w*|seem\w*|unless|purported\w*|quizás?|tal vez|presunt\w+)\b",
)
_OUR_SOURCE = re.compile(
    r"^(?:according to|as (?:stated|noted|mentioned) in) (?:the|this|these) (?:\w+ )?"
    r"(?:documents?|texts?|passages?|articles?|sources?|reports?)(?: \[?\d+\]?)?, ",
    re.IGNORECASE,
)
_DEMONYM = re.compile(r"(?:ian|ean|an|ese|ish|o|a|e|i)$")
_BARE_SUBJECT = re.compile(
    r"(?!\w+(?:s|ing|ly|ion|ence)\b)([A-Z]\w+) (?:is|was|has|had|will|can|\w+ed)\b"
)
_UNITS = set("per percent time year month week day hour minut".split())
_LINK = re.compile(r"https?:\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b(?:/\S*)?|\S+@\S+")
_MINUS = re.compile(r"(?<![\w.,])[-−]\d[\d.,]*")
_BOUNDS = {
    word: side
    for side, words in enumerate(("under below fewer less", "over above"))
    for word in words.split()
}
_NAMESAKE = re.compile(r"\b(El|La|Los|Las|San|Santa|New)\s+([A-ZÁÉÍÓÚ]\w+)")
COMPANY_WORDS = 4


def without_preamble(claim: str) -> str:
    """Return the claim without "According to the document, ..." at its head."""
    rest = _OUR_SOURCE.sub("", claim)
    return rest[:1].upper() + rest[1:]


def disagreement(claim: Words, sentence: Words, around: Words) -> str | None:
    """Return what in the claim the sentence does not bear out ("number", "name", ...), or None.

    `around` is what stands before the sentence and above it: names and years may come from there.
    """
    checks = {
        "link": set(_LINK.findall(claim.text)) <= set(_LINK.findall(sentence.text)),
        "number": _numbers_hold(claim, sentence, around),
        "date": _dates_hold(claim, sentence, around),
        "name": _names_hold(claim, sentence, around) and _namesakes_hold(claim, sentence),
        "direction": directions_hold(claim, sentence),
        "negation": negations_hold(claim, sentence),
        "roles": roles_hold(claim, sentence),
        "attribution": _attributions_hold(claim, sentence, around),
    }
    return next((name for name, holds in checks.items() if not holds), None)


def _numbers_hold(claim: Words, sentence: Words, around: Words) -> bool:
    """Say whether each number stands there, and counts or measures the same thing.

    It must not have taken the place of another, nor stand only around where one of its kind is.
    """
    values = {n.value for n in claim.numbers}
    left = [n for n in sentence.numbers if n.value not in values]
    for number in claim.numbers:
        same = [n for n in sentence.numbers if n.value == number.value]
        if same and not any(_measures_alike(claim, number, sentence, n) for n in same):
            return False
        if _takes_a_place(claim, number.at, sentence, [n.at for n in left], [n.at for n in same]):
            return False
        if same:
            continue
        if any(is_year(other.value) == is_year(number.value) for other in left):
            return False
        company = claim.near(number.at, 2)
        there = [
            around.near(n.at, COMPANY_WORDS) for n in around.numbers if n.value == number.value
        ]
        if not there or (company and not any(_share(company, t) for t in there)):
            return False
    return True


def _measures_alike(claim: Words, number: Number, source: Words, other: Number) -> bool:
    """Say whether two numbers have the same unit after them, and bound, if the claim gives one."""
    (unit, bound, minus, per), (other_unit, other_bound, other_minus, other_per) = (
        (
            words.stems[n.end] if n.end < len(words.stems) else "",
            _bound(words.words[max(0, n.at - 2) : n.at]),
            any(m.startswith(words.words[n.at], 1) for m in _MINUS.findall(words.text)),
            words.words[max(0, n.at - 1)] in {"per", "every", "por", "cada"},
        )
        for words, n in ((claim, number), (source, other))
    )
    return (
        (unit == other_unit or not {unit, other_unit} <= _UNITS)
        and (bound is None or bound == other_bound)
        and minus == other_minus
        and per <= other_per
    )


def _bound(before: Sequence[str]) -> int | None:
    """Return the side that a number is bound to by the two words before it: over, fewer than."""
    last = before[-2:-1] if before[-1:] in (["than"], ["a"]) else before[-1:]
    return next((_BOUNDS[word] for word in last if word in _BOUNDS), None)


def _takes_a_place(
    claim: Words, at: int, sentence: Words, left: Sequence[int], own: Sequence[int]
) -> bool:
    """Say whether a word stands where the sentence has one that is left out, and not where its own.

    The place of a word is the word after it, or one before it that says something.
    """
    slot = _slot(claim, at)
    return any(slot & _slot(sentence, other) for other in left) and not any(
        slot & _slot(sentence, place) for place in own
    )


def _slot(words: Words, at: int) -> set[tuple[int, str]]:
    after = words.stems[at + 1] if at + 1 < len(words.stems) else ""
    places = [i for i in (at - 1, at - 2) if i >= 0 and at not in words.breaks]
    before = next((words.stems[i] for i in places if i in words.content), "")
    return {(side, stem_) for side, stem_ in ((1, after), (-1, before)) if stem_}


def _share(some: set[str], others: set[str]) -> bool:
    there = frozenset(others)
    return any(closeness(one, there) for one in some)


def _dates_hold(claim: Words, sentence: Words, around: Words) -> bool:
    """Say whether each month stands there, and each number is still told of the same date."""
    months, given, near = (
        {w.lower() for w in text.words if w.lower() in MONTHS and w[0].isupper()}
        for text in (claim, sentence, around)
    )
    borrowed = months - given
    if borrowed - near or (borrowed and given - months):
        return False
    for kind in (_years, _months):
        if len(set(kind(sentence).values())) < 2:
            continue
        for number in claim.numbers:
            there = {
                anchor
                for n in sentence.numbers
                if n.value == number.value
                for anchor in _nearest(sentence, n.at, kind(sentence))
            }
            told = _nearest(claim, number.at, kind(claim)) & set(kind(sentence).values())
            if there and told and not is_year(number.value) and not there & told:
                return False
    return True


def _years(words: Words) -> dict[int, str]:
    return {n.at: f"{n.value:.0f}" for n in words.numbers if is_year(n.value)}


def _months(words: Words) -> dict[int, str]:
    return {i: word.lower() for i, word in enumerate(words.words) if word.lower() in MONTHS}


def _nearest(words: Words, at: int, anchors: dict[int, str]) -> set[str]:
    """Return the months or years that stand nearest; a comma or `and` between counts as five."""

    def distance(place: int) -> int:
        first, last = sorted((place, at))
        walls = sum(
            i in words.breaks or words.words[i] in {"and", "y"} for i in range(first + 1, last + 1)
        )
        return last - first + 5 * walls

    least = min(map(distance, anchors), default=0)
    return {anchor for place, anchor in anchors.items() if distance(place) == least}


def _names_hold(claim: Words, sentence: Words, around: Words) -> bool:
    """Say whether each name stands there, and none has taken the place of another."""
    left = [i for i in sentence.names if not _is_among(sentence.stems[i], claim.known)]
    named = {claim.stems[i] for i in named_in(claim, sentence, around)}
    if any(claim.stems.count(name) > max(1, sentence.stems.count(name)) for name in named):
        return False  # none of 252 paraphrases says a name more often
    if _opens_with_a_stranger(claim, sentence.known | around.known):
        return False
    opens = claim.content[:1] == [0] and not _is_among(claim.stems[0], sentence.known)
    whole = [i for i in sentence.names if {i - 1, i, i + 1} & {*left}]  # Crime of InSight Crime
    if opens and _takes_a_place(claim, 0, sentence, whole, ()):
        return False
    for i in named_in(claim, sentence, around):
        if value_of(claim.words[i]) is not None or _is_among(claim.stems[i], sentence.known):
            continue
        if not _is_among(claim.stems[i], around.known):
            return False
        if _takes_a_place(claim, i, sentence, left, ()):
            return False
    return True


def _namesakes_hold(claim: Words, sentence: Words) -> bool:
    """Say whether no name stands for one that differs in a small word: San or El Salvador."""
    mine, theirs = (_NAMESAKE.findall(text) for text in (claim.text, sentence.text))
    others = [{first for first, same in theirs if same == name} for _, name in mine]
    return all(first in there or not there for (first, _), there in zip(mine, others, strict=True))


def _opens_with_a_stranger(claim: Words, known: frozenset[str]) -> bool:
    """Say whether a claim opens with a word that is not known and may be a name.

    Any word has a capital there, but one that is no plural seldom does something without an
    article.
    """
    opens = _BARE_SUBJECT.match(claim.text)
    if opens is None or is_stop_word(opens[1]) or value_of(opens[1]) is not None:
        return False
    return not _is_among(stem(opens[1]), known)


def _is_among(wanted: str, known: frozenset[str]) -> bool:
    """Say whether a name stands there, perhaps of another spelling or as Mexican is of Mexico."""
    root = _DEMONYM.sub("", wanted)
    return closeness(wanted, known) > 0 or (
        len(root) > 3 and any(_DEMONYM.sub("", other) == root for other in known)
    )


def negations_hold(claim: Words, sentence: Words) -> bool:
    """Say whether the claim negates what is negated there, as often, and nothing else."""
    mine, theirs = claim.negated(), sentence.negated()
    for scopes, others, text in ((theirs, mine, claim), (mine, theirs, sentence)):
        denied = frozenset(one for scope in others for one in scope)
        if any(_is_said(s[0], text.known) and not _is_said(s[0], denied) for s in scopes):
            return False
    counts, other_counts = (Counter(scope[0] for scope in scopes) for scopes in (mine, theirs))
    return all(n % 2 == other_counts[head] % 2 for head, n in counts.items() if other_counts[head])


def _is_said(wanted: str, stems: frozenset[str]) -> bool:
    """Say whether a word is there, perhaps in another form: free is in freed."""
    return closeness(wanted, stems) > 0 or any(
        len(min(wanted, other, key=len)) > 2
        and abs(len(wanted) - len(other)) < 3
        and (wanted.startswith(other) or other.startswith(wanted))
        for other in stems
    )


def _attributions_hold(claim: Words, sentence: Words, around: Words) -> bool:
    """Say whether a claim is told as the document tells it: as its own words, or as reported."""
    mine = _reports(claim)
    theirs = _reports(sentence)
    if mine and not theirs and not _VIEWS.search(sentence.text):
        return bool(_reports(around)) and any(_speaker_is_known(c, claim, around) for c in mine)
    if mine:
        return True
    content = {claim.stems[i] for i in claim.content}
    for cue in theirs:
        before, after = Words(sentence.text[: cue.start()]), Words(sentence.text[cue.end() :])
        aside = cue.group().lower().startswith(("accord", "report", "alleg", "según"))
        reported = before.known | after.known if aside else after.known
        inside = sum(bool(closeness(s, reported)) for s in content)
        outside = 0 if aside else sum(bool(closeness(s, before.known)) for s in content)
        if inside >= max(2, outside, len(content) / 2):
            return False
    return True


def _reports(words: Words) -> list[re.Match[str]]:
    return [*_REPORTS.finditer(words.text), *_HEDGES.finditer(words.text)]


def _speaker_is_known(cue: re.Match[str], claim: Words, around: Words) -> bool:
    """Say whether who is made to say it stands around the sentence."""
    after = cue.group().lower().startswith(("accord", "según"))
    near = Words(claim.text[cue.end() :] if after else claim.text[: cue.start()])
    places = near.content[:2] if after else near.content[-2:]
    return bool(places) and all(closeness(near.stems[i], around.known) for i in places)
