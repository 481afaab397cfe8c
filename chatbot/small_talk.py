"""Tells small talk from questions, and what to say to it. Knows no documents.

English and Spanish, by whole phrases: a word that stands in none of them makes it a question.
"""

import re
import unicodedata
from typing import Literal

Talk = Literal["scope", "goodbye", "thanks", "greeting"]

LONGEST_TALK = 100  # characters
# Without accents. Where several kinds are found, the first counts: "Hi, what can you answer?"
_PHRASES: dict[str, dict[Talk, str]] = {
    "en": {
        "scope": r"help(?: me)?|(?:can|could) you help(?: me)?|i need(?: some)? help"
        r"|(?:who|what) are you|are you (?:an? )?(?:bot|robot|human|person|ai|real)"
        r"|what(?:'s| is) (?:this|footnote)(?: (?:site|page|bot|chat))?(?: about)?"
        r"|what (?:can|do) you (?:do|answer|know|tell me|help(?: me)?(?: with)?)(?: about| here)*"
        r"|what can i ask(?: you)?(?: about| here)*|what (?:questions|topics|documents)"
        r" (?:can (?:i ask|you answer)|do you (?:have|know|cover)|are (?:there|here))(?: here)?"
        r"|how (?:does this (?:site|page|bot|chat )?work|do you work|do i use (?:this|you))",
        "goodbye": r"bye(?: bye)?|goodbye|good ?night|see you(?: (?:later|soon|tomorrow))?"
        r"|have a (?:nice|good|great) (?:day|evening|weekend)",
        "thanks": r"thank(?:s| you)(?: (?:so|very) much| a lot| again)?|many thanks|thx|cheers"
        r"|(?:that(?:'s| is) )?(?:great|perfect|helpful|very helpful|awesome)",
        "greeting": r"hi+|hello|hey|good (?:morning|afternoon|evening|day)|greetings"
        r"|how (?:are you|is it going)(?: doing)?(?: today)?|what's up|nice to meet you",
    },
    "es": {
        "scope": r"ayuda(?:me)?|(?:me )?puedes? ayudar(?:me)?|necesito ayuda"
        r"|(?:quien|que) (?:eres|es (?:usted|esto))|eres (?:una? )?(?:bot|robot|persona|humano)"
        r"|(?:de|sobre) que (?:trata|va) esto|(?:(?:de|sobre) )?que (?:sabes|haces)(?: hacer)?"
        r"|(?:(?:de|sobre) )?que (?:me )?puedes? (?:responder|contestar|decir|contar|hacer)(?:me)?"
        r"|(?:(?:de|sobre) )?que puedo preguntar(?:te|le)?(?: aqui)?"
        r"|que (?:preguntas|temas|documentos) (?:puedo hacer(?:te|le)?|tienes?|hay(?: aqui)?)"
        r"|como (?:funciona esto|funcionas|te uso)",
        "goodbye": r"adios|chao|chau|hasta (?:luego|pronto|manana|la vista)|nos vemos",
        "thanks": r"(?:muchas |mil )?gracias(?: por (?:todo|(?:la|su|tu) ayuda))?"
        r"|muy amable|(?:te|se) lo agradezco|perfecto|genial",
        "greeting": r"hola|buen(?:os|as)?(?: (?:dias?|tardes|noches))?|saludos|que tal"
        r"|como (?:estas?|(?:te|le) va)(?: hoy)?|mucho gusto",
    },
}
_FILLER = "there|everyone|all|please|ok|okay|well|and|so|a todos|por favor|bueno|pues|y"
_PATTERNS = {
    language: re.compile(
        f"(?:(?:{'|'.join(f'(?P<{kind}>{phrases})' for kind, phrases in kinds.items())}"
        f"|{_FILLER})(?: |$))+"
    )
    for language, kinds in _PHRASES.items()
}
_FIRST = {
    "en": {"goodbye": "Goodbye. ", "thanks": "You’re welcome. ", "greeting": "Hello. "},
    "es": {"goodbye": "Adiós. ", "thanks": "De nada. ", "greeting": "Hola. "},
}
_SCOPE = {
    "en": "I answer from the documents here, and each sentence shows the words it rests on.",
    "es": "Respondo con los documentos de aquí, y cada frase muestra las palabras en que se apoya.",
}


def small_talk(question: str) -> Talk | None:
    """Return the kind of small talk that this is; None if it may have content of its own."""
    return _recognise(question)[1]


def reply_to(question: str) -> str:
    """Return the fixed words that answer small talk, in its language."""
    language, kind = _recognise(question)
    return _FIRST[language].get(kind or "scope", "") + _SCOPE[language]


def _recognise(question: str) -> tuple[str, Talk | None]:
    plain = unicodedata.normalize("NFD", question.casefold().replace("’", "'"))
    text = " ".join(re.findall(r"[\w']+", re.sub("[\u0300-\u036f]", "", plain)))
    for language, pattern in _PATTERNS.items() if len(text) <= LONGEST_TALK else ():
        if match := pattern.fullmatch(text):
            found = (kind for kind in _PHRASES[language] if match[kind])
            return language, next(found, None)
    return "en", None
