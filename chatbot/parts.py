"""Takes apart what is asked at once: two questions in one, two things compared, a list.

Considered a parser (spaCy, 40 MB and a model to download): a question that no rule takes apart is
asked as it stands.
"""

import re
from itertools import pairwise

from chatbot.answer import Turn
from chatbot.question import make_standalone

MOST_PARTS = 3
SHORT = 6
"""Words; a second question with fewer leans on the first."""
_ASKS = (
    r"(?:who|whom|whose|what|when|where|why|which|how|did|does|was|were|quién|quiénes|qué|cuándo"
    r"|dónde|por qué|cuál|cuáles|cómo|cuántos|cuántas)\b"
)
_BEFORE_ASKING = "(?:(?:in|on|at|to|from|for|of|by|with|under|en|de|a|con) )?"
_SECOND = re.compile(
    rf"\?\s+(?!\()|(?:,? (?:and|y) (?:also )?|; )(?=¿?{_BEFORE_ASKING}{_ASKS})", re.IGNORECASE
)
_THING = (
    r"(?!(?:Was|Were|Is|Are|Did|Does|Has|Which|Who)\b)"
    r"(?:(?:in |en )?(?:(?:early|mid|late|[A-Z]\w+)[- ])?\d{4}"
    r"|[A-ZÁÉÍÓÚ]\w+(?: (?:of |de )?[A-ZÁÉÍÓÚ]\w+)*)"
)
_EITHER = re.compile(rf"(?:,\s*)?\b(?P<one>{_THING}),? (?:or|o) (?:in |en )?(?P<other>{_THING})")
_BOTH = re.compile(rf"\b(?:between|entre) (?P<one>{_THING}) (?:and|y) (?P<other>{_THING})")
_MORE = re.compile(r"\b(?:more|fewer) (\w+s)\b")
_COMPARES = re.compile(
    r"\b(?:differ\w*|compar\w*|more|fewer|less|higher|lower|larger|smaller|earlier|later|first|than"
    r"|más|menos|mayor|menor|diferencia)\b",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?:list|enumerate|enumera|name (?:all|the|some|every|two|three|four|five)"
    r"|what (?:are|were) the|who (?:are|were) the|¿?cuáles|¿?quiénes"
    r"|(?:which|what|¿?qué)(?: \w+)? (?P<plural>\w{3,}s)\b)",
    re.IGNORECASE,
)
_SINGULAR = re.compile(r"(?:ss|us|is)$|^(?:was|has|does|president\w*'s|news|series)$")


def split_question(question: str) -> tuple[str, ...]:
    """Return the questions to be answered one by one, each complete in itself; mostly one."""
    starts = [0, *(match.end() for match in _SECOND.finditer(question)), len(question)]
    parts = [question[a:b].strip(" ,;") for a, b in pairwise(starts)]
    parts = [re.sub(r"(?:,? (?:and|y))$", "", part).rstrip("? ") + "?" for part in parts]
    parts = [part for part in parts if len(part.split()) > 1][:MOST_PARTS]
    if "¿" in question:  # the second of a Spanish question lacks its first mark
        parts = [part if "¿" in part else f"¿{part}" for part in parts]
    if len(parts) > 1:
        whole = [parts[0]]
        for part in parts[1:]:
            opening = " ".join(parts[0].split()[:2])
            if part.lower().startswith(opening.lower()) and len(part.split()) < SHORT:
                part = f"And{part[len(opening) :]}"  # "and how many in March?"
            whole.append(make_standalone(part, [Turn(whole[-1])]))
        return tuple(whole)
    return _compared(question) or (question,)


def asks_for_list(question: str) -> bool:
    """Say whether more than one thing is asked for: "Which perks ...", "List the ..."."""
    found = _LIST.match(question)
    return bool(found and not (found["plural"] and _SINGULAR.search(found["plural"].lower())))


def _compared(question: str) -> tuple[str, ...]:
    """Return the question asked of each of the two things that it compares."""
    both = _BOTH.search(question)  # two years; things are told apart in one sentence
    found = both if both and both["other"][-1].isdigit() else _EITHER.search(question)
    if not found or not _COMPARES.search(question):
        return ()
    before, after = question[: found.start()], question[found.end() :]
    if counted := _MORE.search(before):
        before, after = f"How many {counted[1]} were there in", "?"
    things = (re.sub("^(?:in|en) ", "", thing) for thing in (found["one"], found["other"]))
    return tuple(" ".join(f"{before} {_in(thing, before)}{after}".split()) for thing in things)


def _in(thing: str, before: str) -> str:
    """Return a year with "in" before it, unless that or another such word stands there."""
    is_said = before.rstrip().lower().endswith((" in", " en", " of", " de"))
    in_ = "en" if "¿" in before else "in"
    return f"{in_} {thing}" if thing[-1].isdigit() and not is_said else thing
