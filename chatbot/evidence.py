"""Finds the sentences that may answer a question, and scores them. Does not know which are quoted.

A small model reads the best passages; what it makes of each sentence and a few other numbers go
into a logistic model, fitted by `eval/fit.py` and frozen in evidence.json with the name of the
data.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chatbot.claim_words import MONTHS, NUMERALS
from chatbot.question import Question
from chatbot.reading import Reader, logistic
from chatbot.span_reader import Reading
from corpus.document import Span
from index.generation import Generation
from index.passage import Hit
from index.query import KnownWords
from index.words import closeness, is_stop_word, stem, words

READ_HITS = 6
LONGEST_MARK = 80
"""Characters; longer ones would mark most of a sentence."""
FEATURES = (
    "span",  # how much the words that answer it are for the reader: log odds, in tens
    "words",  # share of the question's words that stand in the sentence, weighted by rarity
    "cosine",  # of question and sentence
    "other_time",  # it gives a year or month, and not the one asked for
    "passage_score",  # of the search
    "agreement",  # how much the same answer in another passage is one for the reader, 0 to 1
    "other_place",  # it is in a place named, and the question asks of another
)
_ENDS_ASKING = re.compile(r"\?[\"'”’»)\]]*$")
LONGEST_SHARED = 3
"""Words of a question that a statement may well hold in the same order."""
_IN_PLACE = re.compile(rf"\b(?:in|of|from|at|en|de) (?!(?i:{'|'.join(MONTHS)})\b)([A-ZÁÉÍÓÚ]\w+)")
_MONTH = re.compile(
    rf"\b(?:{'|'.join(month.title() for month in MONTHS)}|{'|'.join(MONTHS[12:])})\b"
)
_YEAR = re.compile(r"\b(?:1[0-9]{3}|20[0-9]{2})\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, and how well (0-1).

    `answer` are the words in it that answer; `covered` holds the words of the question that stand
    in it, by stem, each with its share of the question's weight; `features` are the values that
    FEATURES names.
    """

    span: Span
    text: str
    hit: Hit
    answer: Span
    covered: dict[str, float]
    features: tuple[float, ...]
    score: float

    @property
    def is_marked(self) -> bool:
        """Say whether the words that answer are sure and few enough to be shown as the answer."""
        return self.features[0] > 0 and self.answer.end - self.answer.start <= LONGEST_MARK

    @property
    def is_of_another(self) -> bool:
        """Say whether it tells of another time or place than the question asks about."""
        return any(self.features[FEATURES.index(name)] for name in ("other_time", "other_place"))


def find_candidates(question: Question, hits: Sequence[Hit], reader: Reader) -> list[Candidate]:
    """Return every sentence of the best hits, best first; ties break by document and place."""
    generation = reader.generation
    shown = [(hit, _text(hit.context, generation)) for hit in hits[:READ_HITS]]
    return score_sentences(
        question, shown, generation.words, generation.manifest.passage_count, reader
    )


def score_sentences(
    question: Question,
    shown: Sequence[tuple[Hit, str]],
    known: KnownWords,
    passage_count: int,
    reader: Reader,
) -> list[Candidate]:
    """Return every sentence of the texts shown, which are of these hits, best first.

    How rare a word is tells among how many passages it stands in how many.
    """
    if not question.terms:
        return []
    counts = {term: known.count_with(term) for term in question.terms}
    rarity = _rarity(counts, passage_count)
    readings = reader.span_reader.read(question.text, [text for _, text in shown])
    candidates = [
        candidate
        for (hit, text), reading in zip(shown, readings, strict=True)
        for candidate in _read_hit(question, rarity, hit, text, reading)
    ]
    scored = [
        replace(c, score=logistic(c.features, reader.weights.sentence))
        for c in _agreeing(candidates)
    ]
    return sorted(scored, key=lambda c: (-c.score, c.span.document_id, c.span.start))


def _rarity(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """Each term's share of the question's weight: inverse document frequency, as in BM25."""
    weight = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in counts.items()}
    return {term: value / sum(weight.values()) for term, value in weight.items()}


def _text(span: Span, generation: Generation) -> str:
    return generation.document(span.document_id).text[span.start : span.end]


def _read_hit(
    question: Question,
    rarity: Mapping[str, float],
    hit: Hit,
    text: str,
    reading: Reading,
) -> Iterator[Candidate]:
    """Yield a candidate for each of the hit's sentences, as far as the reader has read."""
    above = " ".join((hit.title, *hit.passage.heading_path))
    first, before = hit.context.start, stems_of(above)
    for sentence in hit.sentences:
        span = sentence.span
        found = reading.best(span.start - first, span.end - first)
        if found is None:
            continue
        words_of_it = text[span.start - first : span.end - first]
        if _only_asks(words_of_it, question.text):
            continue
        stems = stems_of(words_of_it)
        covered = {t: w * close for t, w in rarity.items() if (close := closeness(t, stems))}
        features = (
            found.score / 10,
            sum(covered.values()),
            sentence.cosine,
            tells_other_time(question, words_of_it),
            hit.score,
            0.0,  # known when every passage is read
            _other_place(question, words_of_it, before | stems),
        )
        yield Candidate(
            span=span,
            text=words_of_it,
            hit=hit,
            answer=Span(span.document_id, first + found.start, first + found.end),
            covered=covered,
            features=features,
            score=0.0,
        )
        before = stems_of(above) | stems


def _only_asks(sentence: str, question: str) -> bool:
    """Say whether a sentence is a question, or holds this one: it may be there to be answered so.

    What a document says to whoever asks this is no evidence: "if you are asked ..., say ...".
    """
    asked, said = words(question.casefold()), words(sentence.casefold())
    runs = range(len(said) - len(asked) + 1) if len(asked) > LONGEST_SHARED else ()
    return bool(_ENDS_ASKING.search(sentence)) or any(
        said[at : at + len(asked)] == asked for at in runs
    )


def _agreeing(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield each with how much of an answer the same words are for the reader elsewhere."""
    at, said = FEATURES.index("agreement"), [_answer_words(c) for c in candidates]
    for mine, candidate in zip(said, candidates, strict=True):
        alike = [
            other.features[0]
            for theirs, other in zip(said, candidates, strict=True)
            if other.hit.rank != candidate.hit.rank
            and len(mine & theirs) * 2 >= max(1, len(mine), len(theirs))
        ]
        agreement = min(1.0, max(0.0, max(alike, default=-1.0) + 0.5))
        features = (*candidate.features[:at], agreement, *candidate.features[at + 1 :])
        yield replace(candidate, features=features)


def _answer_words(candidate: Candidate) -> frozenset[str]:
    """Return the answer's content words by stem, numbers as figures: thirty is 30."""
    first = candidate.span.start
    answer = candidate.text[candidate.answer.start - first : candidate.answer.end - first]
    return frozenset(
        str(NUMERALS.get(word.lower(), stem(word)))
        for word in words(answer)
        if not is_stop_word(word)
    )


def tells_other_time(question: Question, text: str) -> float:
    """Return 1 if the text gives a year or month, and not the one asked for."""
    conflicts = []
    for time in (_YEAR, _MONTH):
        asked, given = ({found.lower() for found in time.findall(t)} for t in (question.text, text))
        conflicts.append(bool(asked and given and not asked & given))
    return float(any(conflicts))


def _other_place(question: Question, text: str, known: frozenset[str]) -> float:
    """Return 1 if the question asks of a place that is not known here, and the text names one."""
    asked, given = ({stem(name) for name in _IN_PLACE.findall(t)} for t in (question.text, text))
    return float(bool(given - asked) and any(not closeness(place, known) for place in asked))


def stems_of(text: str) -> frozenset[str]:
    """Return the stems of a text's words."""
    return frozenset(stem(word) for word in words(text))
