"""Turns a sentence into a question that it answers, by patterns. Knows no index.

English and Spanish. What fits no pattern makes no question: better few than awkward ones.
"""

import re
from functools import cache

from chatbot.names import PERSON
from chatbot.question import read_question

QUESTION_WORDS = range(3, 17)
SENTENCE_WORDS = range(4, 46)
LEAST_TERMS = 3  # of a question without a name

_REGULAR = (
    "abolish adopt announce approve close coin collapse count create decline decrease develop die "
    "discover employ end establish expand found host impose increase introduce invent join kill "
    "launch move name open penalise place publish reach receive record release sanction sign start "
    "visit"
)
_IRREGULAR = (
    "had have became become began begin broke break built build came come dropped drop fell fall "
    "got get gave give grew grow held hold led lead left leave lost lose made make met meet rose "
    "rise sold sell sent send took take won win wrote write"
)
_BASES = (
    {"went down": "go down", "went up": "go up"}
    | dict(zip(_IRREGULAR.split()[::2], _IRREGULAR.split()[1::2], strict=True))
    | {verb + ("d" if verb.endswith("e") else "ed"): verb for verb in _REGULAR.split()}
)
_PASTS = {past: past for past in _BASES} | {"written": "wrote", "taken": "took", "given": "gave"}
_PARTS = {
    "word": r"(?!(?:where|who|when|while)\b)[^ ,;:|()“”\"]+",
    "end": r"(?:(?:,(?!\d)|[;:]| \(| after | when | because ).*)?",
    "aside": r"(?: \([^()]*\)|,[^,;]{3,60},)?",
    "subject": r"(?P<s>[^ ,;:|()“”\"][^,;:|()“”\"]{2,60}?)",
    "value": r"(?P<s>(?:[Tt]he [^,;:|()“”\"]{3,60}?|[^,;:|()“”\"]{3,40}[’']s [a-z][a-z -]{2,40}?))",
    "name": r"(?P<s>[A-Z][\w’'-]*(?: (?:of |de |the )?[A-Z0-9][\w’'-]*){0,4})",
    "person": r"[A-Z][\w’'-]+(?: (?:de |and |y )?[A-Z][\w’'-]+){1,4}",
    "things": r"(?P<n>(?!per ?cent)(?=[a-zá-ú])<word>(?: <word>)*?(?<!ly|er|go))",
    "rest": r"(?P<o>(?: (?!(?:and [a-z]|(?:is|was|are|were|has|have|had)\b))[^ ,;:|()“”\"]+)*?)",
    "more": r"(?P<o>(?: (?:in|on|at|per|from|between|during|by|a|each|every|en|entre|por|al|cada)"
    r" [^,;:|()“”\"]+)?)",
    "resto": r"(?P<o>(?: (?!(?:y|es|fue|era)\b)[^ ,;:|()“”\"\d]+)*?)",
    "object": r"(?P<o> [^,;:|()“”]+?)",
    "known": r"(?P<o>[^,;:|()“”\"]*[A-Z][^,;:|()“”\"]*?)",
    "some": r"(?:(?i:about|around|roughly|nearly|almost|over|more than|an estimated|unos|unas|casi"
    r"|cerca de|alrededor de|más de) )?",
    "count": r"<some>(?i:\d[\d.,]*(?: million| billion| mil| millones de)?|two|three|four|five|six"
    r"|seven|eight|nine|ten|twelve|twenty|thirty|dos|tres|cuatro|cinco|seis|siete|ocho|diez|doce)",
    "percent": r"<some>\d[\d.]*(?: percent| per cent|%)",
    "on": r"(?P<d>[IioO]n (?:(?:early|late|mid) )?(?:\d\d? )?(?:(?:January|February|March|April|May"
    r"|June|July|August|September|October|November|December) (?:\d\d?, )?)?(?:1\d|20)\d\d\b)",
    "en": r"(?P<d>(?i:en|el) (?:\d\d? de )?(?:(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    r"|septiembre|octubre|noviembre|diciembre) de )?(?:1\d|20)\d\d\b)",
    "verb": f"(?P<v>{'|'.join(_BASES)})",
    "did": f"(?P<v>{'|'.join(sorted(_BASES.keys() - {'had'}))})",
    "done": f"(?P<v>{'|'.join(_PASTS)})",
    "be": "(?P<be>is|was|are|were)",
    "es": "(?P<be>es|era|fue)",
    "author": r"(?P<v>coined|invented|founded|discovered|designed|wrote|created|established|leads"
    r"|led|introduced|developed|composed|heads|headed|directs|runs|owns)",
    "autor": r"(?P<v>acuñó|inventó|fundó|descubrió|diseñó|escribió|creó|dirige|dirigió|lidera"
    r"|encabeza|preside)",
    "lasted": "(?:had )?lasted (?:for )?<count> (?:days|weeks|months|years)",
    "lies": "(?P<v>located|based|held|born|buried|situated) (?:in|at|near)",
    "hizo": r"(?P<v>(?:se )?\w+(?:ó|ieron|aron)|fue(?:ron)? \w+[ai]d[oa]s?)",
    "tuvo": r"(?P<v>tiene|tenía|tuvo|\w+ó)",
}
# A sentence without its full stop => the question; the first rule that fits is the one used.
_RULES = {
    "en": r"""
There <be> <count> <things><more><end> => How many {n} {be} there{o}?
(?:Later |Also )?<on>,? <subject> <verb> <count> <things><end> => How many {n} did {s} {base} {d}?
<subject> <verb> <count> <things><more><end> => How many {n} did {s} {base}{o}?
<subject> has <count> <things><more><end> => How many {n} does {s} have{o}?
<count> <things> (?P<v>(?:had|have) been|were)<rest><end> => How many {n} {v}{o}?
<subject> <verb>(?: by)? <percent><more><end> => By how much did {s} {base}{o}?
<on>,? <value> <be> <some>\$?\d.* => What {be} {s} {d}?
<value> <be> <some>\$?\d(?:(?! and )(?:[^,;]|,\d))*? <on><end> => What {be} {s} {d}?
(?!.*(?:1\d|20)\d\d\b)<value> <be> <some>\$?\d.* => What {be} {s}?
(?:Later |Also )?<on>,? <subject> <did><rest><end> => When did {s} {base}{o}?
<subject> <did><rest> <on>(?: and .*)?<end> => When did {s} {base}{o}?
<subject><aside> <be> (?:first |later )?<done>(?: by [^,;]*?)? <on><end> => When {be} {s} {v}?
<subject><aside> (?:was|were) <done> by (?:the )?[A-Z].* => Who {past} {s}?
<person>(?: of [^,]{3,40}?)? <author><object><end> => Who {v}{o}?
<subject> has (?P<v>\w+ed)<rest> since (?:1\d|20)\d\d<end> => Since when has {s} {v}{o}?
(?=\S+ .*[A-Z].* lasted)<subject> <lasted><end> => How long did {s} last?
<name> works (?:at|for|in) [^,;]+ => Where does {s} work?
<subject> (?:had )?called <known> (?:an? |the )?[“"].+ => What did {s} call {o}?
<subject> stands for .+ => What does {s} stand for?
<name> describes <known> as .+ => How does {s} describe {o}?
<name> described <known> as .+ => How did {s} describe {o}?
.*[”"] <name> said <on> => What did {s} say {d}?
<on>,? <name> said(?:[:,]| that) .+ => What did {s} say {d}?
<subject> <be> <lies> .+ => Where {be} {s} {v}?
<subject><aside> <be> (?P<c>(?:both |an? |the |[A-Z]).+) => {who} {be} {s}?
""",
    "es": r"""
(?P<v>Hay|Hubo|Había|Habrá) <count> <things><more><end> => ¿{cuántos} {n} {v}{o}?
<en>,? <subject> <tuvo> <count> <things><end> => ¿{cuántos} {n} {v} {s} {d}?
<subject> <tuvo> <count> <things><more><end> => ¿{cuántos} {n} {v} {s}{o}?
(?P<s>(?:El|La) [^,;:|()“”"]{3,60}?) <es> (?:de )?<some>\$?\d.* => ¿Cuál {be} {s}?
<en>,? <subject> <hizo><resto><end> => ¿Cuándo {v} {s}{o}?
<subject> <hizo><resto> <en><end> => ¿Cuándo {v} {s}{o}?
<person> <autor><object><end> => ¿Quién {v}{o}?
<subject> (?P<v>está|se encuentra|se ubica|nació|murió) en [A-Z].* => ¿Dónde {v} {s}?
<subject><aside> <es> (?P<c>(?:una?|el|la) .+) => {who} {be} {s}?
""",
}
_VAGUE = re.compile(
    r"\b(?:he|she|it|they|we|i|you|him|her|them|us|me|his|its|their|our|your|my|this|these|those"
    r"|that|which|whom|whose|(?<!were )(?<!was )(?<!are )there|here|such|same|other|another|former"
    r"|latter|above|below|article|briefing|post|page|section|document|copy|text|authors?|sources?"
    r"|examples?|similar|better|later|also|not|never|no|él|ellas?|ellos|est[aeo]s?|es[aeo]s?|sus?|dich[ao]s?|mism[ao]s?"
    r"|aquí|allí|les?|lo|se le|artículo|documento|texto|página|ejemplos?|otr[ao]s?|que)\b"
    r"|[–—;:()…|\[\]]",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"\b(?:is|was|are|were|be|been|has|have|had|who|where|when|while|if|because|but|to|not"
    r"|es|era|fue|son|quien|cuando|donde|si|porque|pero)\b|^\w+ed$|^(?:From|In|On|At|By|With|After"
    r"|Before|During|Since|Because|Of|Between|For|Over|Under|As|Although|One|Percent|Much|When|While|If|Perhaps|None|Among|There|Though"
    r"|Such|Only|Even|Like|Unlike|Some|Many|Most|All|Each|Every|Another|Several|Few|Both|And|So"
    r"|Yet|Now|Then|However|Today|En|Desde|Según|Con|Para|Por|Al|Durante|Tras|Entre|Aunque|Y)\b"
)
_STOP = r"\.[”\"»]?$"
_FEMININE = re.compile(
    r"(?!problemas|sistemas|programas|temas|mapas|días|idiomas|planetas)\w+(?:as|iones|dades)\b"
)
_HEAD_ENDS = (
    r"[,;(]| (?:the|of|in|for|from|to|at|by|with|on|between|under|among|that|which|who|whom|whose"
    r"|where|whereby|used|called|born|\w+ed|del?|que|en|con|para|entre|cuy[ao]s?|donde) "
)


def question_of(sentence: str, *, text: str, language: str) -> str | None:
    """Return a question that `sentence` answers; `text` is all of its document."""
    plain = " ".join(sentence.split()).rpartition("| ")[2]
    if not re.search(_STOP, plain) or len(plain.split()) not in SENTENCE_WORDS:
        return None
    for pattern, template in _rules(language):
        if match := pattern.fullmatch(re.sub(_STOP, "", plain)):
            made = _fill(template, match.groupdict(default=""), text, language)
            if made:
                return made if is_clear(made) else None
    return None


@cache
def _rules(language: str) -> list[tuple[re.Pattern[str], str]]:
    rows = [row.split(" => ") for row in _RULES.get(language, "").strip().splitlines()]
    return [(re.compile(_spell_out(pattern)), template) for pattern, template in rows]


def _spell_out(pattern: str) -> str:
    """Return a pattern with its <parts> put in, and theirs."""
    spelt = re.sub(r"(?<!P)<(\w+)>", lambda part: _PARTS[part[1]], pattern)
    return spelt if spelt == pattern else _spell_out(spelt)


def _fill(template: str, words: dict[str, str], text: str, language: str) -> str | None:
    """Return the question; None where the sentence's subject or verb makes none."""
    subject, verb = words.get("s", ""), words.get("v", "")
    if _NO_SUBJECT.search(subject):
        return None
    filled = words | {
        "s": _inside(subject, text, language),
        "v": verb[:1].lower() + verb[1:],
        "d": words.get("d", "")[:1].lower() + words.get("d", "")[1:],
        "base": _BASES.get(verb, ""),
        "past": _PASTS.get(verb, ""),
        "who": _who(subject, words["be"], words["c"]) if "c" in words else "",
        "cuántos": "Cuántas" if _FEMININE.match(words.get("n", "")) else "Cuántos",
    }
    used = re.findall(r"\{(\w+)\}", template)
    return (
        template.format_map(filled) if all(filled[name] for name in used if name != "o") else None
    )


def _inside(subject: str, text: str, language: str) -> str:
    """Return a subject as it is written within a sentence: names alone keep their capital."""
    first, _, rest = subject.partition(" ")
    lowered = first.lower() + subject[len(first) :]
    if first in ("The", "A", "An"):
        return lowered
    article = language == "es" and first in ("El", "La", "Los", "Las", "Un", "Una")
    is_name = (
        (rest[:1].isupper() and not article)
        or not first.replace("-", "").isalpha()
        or not first[1:].islower()
        or re.search(rf"[a-zà-ÿ,;] {re.escape(' '.join(subject.split()[: 1 + article]))}\b", text)
    )
    is_word = (
        article
        or re.search(rf"\b{re.escape(first.lower())}\b", text)
        or rest.islower()
        or "-" in first
    )
    return lowered if is_word and not is_name else subject


def _who(subject: str, be: str, complement: str) -> str:
    """Return whether one asks `Who` or `What` of a subject that is `complement`; "" if unsure."""
    spanish = be in ("es", "era", "fue")
    kind = re.split(_HEAD_ENDS, re.sub("^(?:both|one of the) ", "", complement), maxsplit=1)[0]
    nouns = kind.split() if spanish else kind.split()[-1:]
    if any(PERSON.fullmatch(noun) for noun in nouns) and be not in ("are", "were"):
        return "¿Quién" if spanish else "Who"
    has_name = re.search("[A-Z]", subject[1:])
    has_article = subject.startswith(("The ", "El ", "La "))
    may_be_person = re.search("(?:or|er|ant|ent|ee|figure|star)$", nouns[-1]) and " " in subject
    unsure = may_be_person or complement[0].isupper() or (has_article and not has_name)
    if unsure or (be not in ("is", "es") and not has_article):
        return ""
    return "¿Qué" if spanish else "What"


def is_clear(question: str) -> bool:
    """Say whether a question can be understood by itself, and is of a length to be offered."""
    asked = read_question(question)
    is_definition = re.match(r"(?:What|Who) is (?!the )|¿(?:Qué|Quién) es (?!el |la )", question)
    return (
        len(question.split()) in QUESTION_WORDS
        and not _VAGUE.search(question)
        and question.count('"') % 2 == 0
        and bool(is_definition or asked.names or len(asked.terms) >= LEAST_TERMS)
    )
