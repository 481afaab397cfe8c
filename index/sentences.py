"""Finds where sentences start and end in a text, exactly. Does not know tokens or passages.

Considered: nltk's punkt (breaks at "vs. the", needs its data files), pysbd (unmaintained, loses
offsets). Sentences are what is cited, so the rules stand here, where they can be read and tested.
"""

import re
from dataclasses import dataclass

# A sentence may end at one of these, with the quotes and brackets that close after it.
END = re.compile(r"(?:(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』）]*)")
BREAK = re.compile(r"\n[^\S\n]*\n\s*")  # a blank line always ends a sentence
OPENERS = "\"'“‘«([¿¡—–-"
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr sra jr st gen col lt sgt capt gov sen rep rev hon pres "
    "vs etc al cf ca no nos vol pp p fig ed eds e.g i.e a.m p.m u.s u.k u.n ee.uu "
    "jan feb mar apr jun jul aug sep sept oct nov dec inc ltd co corp dept est approx lic".split()
)
LONGEST_ABBREVIATION = 40  # characters looked at before a full stop
# These end sentences too; the word after them settles it.
SOMETIMES_LAST = frozenset("etc al a.m p.m u.s u.k u.n ee.uu inc ltd co corp no".split())
STARTERS = frozenset(
    "a an the this that these those it he she they we you i his her their its there then in on at "
    "by for from with after before but and or so however when while as if although no not one "
    "el la los las un una este esta eso él ella en pero y no cuando entonces".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Where a sentence stands: code points, half open, without the white space around it."""

    start: int
    end: int


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Sentence]:
    """Return the sentences of `text[start:end]` in order, with offsets into `text`.

    Every character that is not white space belongs to exactly one sentence.
    """
    end = len(text) if end is None else end
    sentences: list[Sentence] = []
    for paragraph_start, paragraph_end in _paragraphs(text, start, end):
        cursor = paragraph_start
        for match in END.finditer(text, paragraph_start, paragraph_end):
            if match.end() < paragraph_end and _is_boundary(text, cursor, match, paragraph_end):
                sentences.append(_trim(text, cursor, match.end()))
                cursor = match.end()
        sentences.append(_trim(text, cursor, paragraph_end))
    return [sentence for sentence in sentences if sentence.end > sentence.start]


def _paragraphs(text: str, start: int, end: int) -> list[tuple[int, int]]:
    edges = [start]
    for match in BREAK.finditer(text, start, end):
        edges += [match.start(), match.end()]
    edges.append(end)
    return list(zip(edges[::2], edges[1::2], strict=True))


def _is_boundary(text: str, start: int, match: re.Match[str], end: int) -> bool:
    mark = match.group()
    if mark[0] in "。！？":
        return True
    rest = text[match.end() : min(end, match.end() + 40)].lstrip()
    following = (rest.lstrip(OPENERS + " ").split(maxsplit=1) or [""])[0]
    if not following:
        return True
    if following[0].islower():
        return False  # '"Stop!" he said' and 'approx. five' go on
    if mark[0] != "." or mark.startswith(("...", "..")):
        return True
    return not _is_abbreviation(text[start : match.start()], following)


def _is_abbreviation(before: str, following: str) -> bool:
    found = re.search(r"[^\s(\[“\"'‘]+$", before[-LONGEST_ABBREVIATION:])
    word = found.group() if found else ""
    lowered = word.lower()
    if lowered in ABBREVIATIONS:
        if lowered == "no":  # "No. 5" but "He said no. Then"
            return following[0].isdigit()
        if lowered in SOMETIMES_LAST:  # "the U.S. Treasury" but "in the U.S. The Treasury"
            return following.lower() not in STARTERS
        return True
    if re.fullmatch(r"[A-ZÀ-Þ]", word):  # an initial: "J. Edgar"
        return True
    return bool(re.fullmatch(r"\d{1,3}", word)) and len(before.strip()) == len(word)  # "1. First"


def _trim(text: str, start: int, end: int) -> Sentence:
    piece = text[start:end].lstrip()
    return Sentence(end - len(piece), end - len(piece) + len(piece.rstrip()))
