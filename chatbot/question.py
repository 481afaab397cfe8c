"""Reads a question: the words and names to be found. Knows no documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.answer import Turn
from chatbot.errors import WrongQuestion
from chatbot.names import LINKS, PERIOD, PERSON, Name, find_like, find_names
from chatbot.small_talk import small_talk
from index.words import is_stop_word, stem, words

LONGEST_QUESTION = 2_000

MOST_TURNS = 8  # that a question may lean on, one on another

_BE_OR_DO = (
    "(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|may|might|must)"
)
_OPENER = re.compile(
    r"[¿¡\s]*(?:and|but|or|so|then|what about|how about|y|e|pero|o|entonces|qué hay de|qué tal)"
    r",? +(?=\S)",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"[¿¡\s]*(?:(?:hi|hello|hey|hola)[,!.]? )?(?:please,? )?(?:(?:(?:can|could|would|will) you"
    r"(?: please| kindly)?|i(?:'d| would) like(?: you)? to|i want(?: you)? to|do you"
    r"|¿?(?:me )?(?:puede|podr[ií]a)s?|quisiera|quiero) )?(?:please )?"
    r"(?:tell me|let me know|explain to me|know|dime|decirme|saber|sabes)(?: please)?[:,]? "
    r"(?=(?:(?:in|on|at|from|to|by|for|of|since|under) )?(?:wh\w+|how|if|qu[ié]\w*|cu[aá]\w+|cómo"
    r"|dónde|por qué)\b)",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"[¿\s]*((?:why|how|when|where|who|por qué|cómo|cuándo|dónde|quién)(?: exactly)?)[\s?.!]*",
    re.IGNORECASE,
)
# What "Why?" may be put before, and what it may take the place of.
_ASKS_WHETHER = re.compile(rf"{_BE_OR_DO} |¿(?!(?:qu|c[uó]|d[óo]nde|por|en|de|a|con)\w* )", re.I)
_ASKS_HOW = re.compile(
    rf"(?:why|how|when|where) (?={_BE_OR_DO} )|¿(?:por qué|cómo|cuándo|dónde) ", re.IGNORECASE
)
_DEFINITION = re.compile(
    r"[¿\s]*(?:what|who|qué|quién(?:es)?) (?:is|are|was|were|es|son|fue|era) "
    r"(?!(?:the|el|la|los|las)\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    rf"\b(?:{_BE_OR_DO}|wh\w+|how|qu[ié]\w*|cu[aá]\w+|cómo|dónde)\b", re.IGNORECASE
)
_PRONOUN = re.compile(
    r"\b(?:(?P<person>he|she|him|his|hers?|él|ella)|(?P<group>they|them|theirs?|ellos|ellas)"
    r"|(?P<thing>its?)|(?P<own>sus?(?= \w)))\b",
    re.IGNORECASE,
)
_NO_PRONOUN = re.compile(
    rf"\bit \w+ (?:that|to|for|if)\b|\b{_BE_OR_DO} it (?:take|cost|rain|snow)s?\b", re.IGNORECASE
)
_POINTS = re.compile(
    r"(?:^|\b(?:is|was|are|were|do|does|did|about|after|before|for|of|with|like|from|by|to|at|in"
    r"|on|than|under) )(?:that|this|those|these)\b(?! (?:who|which|that|year|month|week|document"
    r"|site|page|collection))|(?<!were )(?<!was )(?<!are )(?<!is )\bthere(?=[\s?.!]*$)"
    r"|\b(?:the other(?: one|s)?|el otro|la otra)(?=[\s?.!]*$)|\b(?:es[aeo]s?|esto|allí|ahí)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: the `terms` to be found, and of those the `names` that must be.

    `terms` are content words by stem; `names` are stems of capitalised words, numbers and acronyms:
    evidence without them speaks of another thing.
    """

    text: str
    terms: dict[str, str]
    names: frozenset[str]


def check_length(question: str) -> str:
    """Return the question, trimmed; WrongQuestion if it cannot be asked."""
    stripped = question.strip()
    if not stripped.isascii() and re.search("[\ud800-\udfff]", stripped):
        raise WrongQuestion("the question holds bytes that are no text; write it again.")
    if not stripped:
        raise WrongQuestion("the question is empty; write what you want to know.")
    if len(stripped) > LONGEST_QUESTION:
        raise WrongQuestion(
            f"the question has {len(stripped):,} characters; "
            f"ask it in at most {LONGEST_QUESTION:,}."
        )
    return stripped


def plain(question: str) -> str:
    """Return a question without "could you please tell me", and not in capitals throughout."""
    asked = _POLITE.sub("", question, count=1)
    if asked != question:
        asked = asked[0].upper() + asked[1:]
    return asked.capitalize() if len(words(asked)) > 2 and asked.isupper() else asked


def read_question(text: str) -> Question:
    """Take a question apart."""
    found = words(text)
    content = [word for word in found if not is_stop_word(word)]
    names = frozenset(
        stem(word)
        for position, word in enumerate(found)
        if word in content and _is_name(word, position)
    )
    return Question(text=text, terms={stem(word): word for word in content}, names=names)


def make_standalone(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it leans on of those before it; one that leans on none as is.

    "And in February?" after "How many homicides were there in January?" is the same question of
    another month; "Why?" asks it of the same; "he" gives way to a name; any other gets the words
    that it lacks at its end, in brackets.
    """
    before, answer = "", ""
    for turn in history[-MOST_TURNS:]:
        if turn.question.strip() and not small_talk(turn.question):
            asked = turn.question[:LONGEST_QUESTION]
            before = _complete(asked, before, answer) if before else asked
            answer = turn.answer[:LONGEST_QUESTION]
    return _complete(question, before, answer) if before else question


def _complete(question: str, before: str, answer: str) -> str:
    body = _OPENER.sub("", question, count=1) if _OPENER.match(question) else question
    if bare := _BARE.fullmatch(body):
        return _ask_so(bare[1], before) or _with_missing(question, before)
    made = _replace_like(body, before) or _name_pronoun(question, before, answer)
    if made:
        return made
    return _with_missing(question, before) if _leans(question, body) else question


def _ask_so(word: str, before: str) -> str | None:
    """Return the question before, asked with another word; None where that cannot be done."""
    opening = "¿" if before.startswith("¿") else ""
    asked = word[0].upper() + word[1:].lower()
    if word.lower().startswith(("who", "quién")):
        return None
    if how := _ASKS_HOW.match(before):
        return f"{opening}{asked} {before[how.end() :]}"
    if _ASKS_WHETHER.match(before):
        rest = before.removeprefix("¿")
        return f"{opening}{asked} {rest[0].lower()}{rest[1:]}"
    return None


def _replace_like(body: str, before: str) -> str | None:
    """Return the question before with its month, year or name replaced, if `body` is no more."""
    names, periods = find_names(body), PERIOD.findall(body)
    rest = PERIOD.sub("", body)
    for name in names:
        rest = rest.replace(name.text, "")
    lowered = re.fullmatch(r"(in|for|at|from|of|en|de) ((?:\w+ ?){1,3})[?.!\s]*", body)
    if lowered and not names and not periods:
        names, rest = [Name(lowered[2], 0, 0, (lowered[1],))], ""
    is_more = any(word.lower() not in LINKS for word in words(rest))
    kinds = [*("name" for _ in names), *(period.isdigit() for period in periods)]
    if is_more or not kinds or len(kinds) > len(set(kinds)):  # of two months one would be lost
        return None
    made = before
    for period in periods:
        alike = [p for p in PERIOD.findall(before) if p.isdigit() == period.isdigit()]
        made = re.sub(rf"\b{alike[-1]}\b", period, made) if alike else f"{made} ({period})"
    for name in names:
        if not (like := find_like(name, find_names(made))):
            return None
        start = like.end - len(like.with_article)
        made = made[:start] + name.with_article + made[like.end :]
    return made


def _name_pronoun(question: str, before: str, answer: str) -> str | None:
    """Return the question with its first pronoun replaced by the name it stands for, if clear."""
    pronoun = _leaning_pronoun(question)
    if pronoun is None:
        return None
    said = question.casefold()
    is_thing = re.match(r"[¿\s]*(?:what|qué) (?:is|are|was|were|es|son|fue)\b", before, re.I)
    names = [n for n in find_names(before) if not n.is_place and n.text.casefold() not in said]
    persons = [] if is_thing else [n for n in names if n.is_person]
    if pronoun["person"]:
        in_answer = {n.text: n for n in find_names(answer) if n.is_person and " " in n.text}
        names = persons or (list(in_answer.values()) if len(in_answer) == 1 else [])
    elif pronoun["thing"]:
        names = [n for n in names if n not in persons]
    return _put(names[0], pronoun, question) if names else None


def _put(name: Name, pronoun: re.Match[str], question: str) -> str:
    """Return the question with the name where the pronoun stands."""
    word, rest = pronoun[0].lower(), question[pronoun.end() :]
    named = name.with_article
    if pronoun["own"]:  # su cargo: el cargo de Elena Márquez
        noun = rest.split()[0].rstrip("?.!,")
        article = (
            ("la" if re.search("(?:a|ión|dad|tud)s?$", noun) else "el")
            if word == "su"
            else ("las" if re.search("(?:as|iones|dades)$", noun) else "los")
        )
        owner = f"de {named}".replace("de el ", "del ")
        return f"{question[: pronoun.start()]}{article} {noun} {owner}{rest[1 + len(noun) :]}"
    follows = words(rest)[:1]
    is_owner = word in ("his", "hers", "its", "their", "theirs") or (
        word == "her" and follows and not is_stop_word(follows[0])
    )
    ending = ("’" if named.endswith("s") else "’s") if is_owner else ""
    return f"{question[: pronoun.start()]}{named}{ending}{rest}"


def _leaning_pronoun(question: str) -> re.Match[str] | None:
    """Return the first pronoun, if what it stands for is not in the question before it."""
    pronoun = _PRONOUN.search(question)
    if pronoun is None or _NO_PRONOUN.search(question):
        return None
    earlier = question[: pronoun.start()]
    is_object = pronoun[0].lower() in ("him", "them", "it") and len(find_names(earlier)) < 2
    after_verb = re.split(rf"\b{_BE_OR_DO}\b|\b(?:el|la|los|las) (?=\w)", earlier, flags=re.I)[1:]
    spoken = [word for word in words(" ".join(after_verb)) if not is_stop_word(word)]
    if pronoun["person"]:
        spoken = [word for word in spoken if PERSON.fullmatch(word)]
    return pronoun if is_object or not (find_names(earlier) or spoken) else None


def _leans(question: str, body: str) -> bool:
    """Say whether a question cannot be understood by itself."""
    if _leaning_pronoun(question) or _POINTS.search(question):
        return True
    if find_names(question):
        return body != question and not _CLAUSE.search(body)
    if _DEFINITION.match(body):
        return False
    terms = read_question(body).terms
    drops_subject = "¿" in question and not re.search(r"\b(?:el|la|l[oa]s|un|una) ", question)
    return body != question or len(terms) < (3 if drops_subject else 2)


def _with_missing(question: str, before: str) -> str:
    """Return the question with the words that it lacks of the one before, in brackets."""
    now, earlier = read_question(question).terms, read_question(before).terms
    periods = PERIOD.findall(before) if PERIOD.search(question) else []
    missing = [
        word
        for word in words(before)
        if stem(word) in earlier
        and stem(word) not in now
        and word not in periods  # a month or year gives way to a new one
    ]
    return f"{question} ({' '.join(missing)})" if missing else question


def _is_name(word: str, position: int) -> bool:
    if any(c.isdigit() for c in word):
        return True
    return word[0].isupper() and (position > 0 or word.isupper() or not word[1:].islower())
