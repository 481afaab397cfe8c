"""SQuAD's scores of words against accepted answers. Knows no question and no document.

As the official script has them (Rajpurkar et al. 2018, evaluate-v2.0.py): both sides lose case,
ASCII punctuation and the words a, an and the; of several accepted answers the nearest counts.
"""

import re
from collections import Counter
from collections.abc import Iterable


def exact_match(said: str, accepted: Iterable[str]) -> float:
    """Return 1 if the words are an accepted answer, once normalised (EM)."""
    return float(normalise(said) in _gold(accepted))


def word_f1(said: str, accepted: Iterable[str]) -> float:
    """Return F1 = 2PR / (P + R), the most of it that an accepted answer gives.

    P is the share of the words said that the answer has too, R of the answer's that were said; a
    word counts as often as it stands there. Without a word on either side F1 is 1, on one side 0.
    """
    return max(_word_f1(normalise(said).split(), gold.split()) for gold in _gold(accepted))


def stands_in(texts: Iterable[str], accepted: Iterable[str]) -> float:
    """Return 1 if the words of an accepted answer stand in one of the texts, all normalised.

    Words and not letters: 411 does not stand in 1411. By letters it is the exact match of ALCE
    (Gao et al. 2023) and RGB.
    """
    padded = [f" {normalise(text)} " for text in texts]
    return float(any(f" {gold} " in text for gold in _gold(accepted) if gold for text in padded))


def normalise(text: str) -> str:
    """Return the words without case, punctuation and English articles, a blank between them."""
    letters = re.sub(r"[!-/:-@\[-`{-~]", "", text.lower())
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", letters).split())


def _gold(accepted: Iterable[str]) -> list[str]:
    """Leave out answers of no word, as the script does; where none is left, nothing is right."""
    return [gold for gold in map(normalise, accepted) if gold] or [""]


def _word_f1(said: list[str], gold: list[str]) -> float:
    if not said or not gold:
        return float(said == gold)
    shared = (Counter(said) & Counter(gold)).total()
    return 2 * shared / (len(said) + len(gold))
