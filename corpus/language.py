"""Tells the language of a text. Knows nothing of files, nor of what the language is used for."""

import re
from collections.abc import Callable
from functools import cache

SAMPLE_CHARACTERS = 20_000  # more of a text tells no more of its language
LEAST_CONFIDENCE = 0.3  # of 1, over 139 languages; short questions tried had 0.32, names below 0.25
LONG_CHARACTERS = 200  # about 30 words, enough to contradict what a file declares
CODE = re.compile(r"\s*([a-z]{2})(?![a-z])", re.IGNORECASE)


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the text's language, or None if it is too short to tell."""
    try:
        language, confidence = _classifier()(text[:SAMPLE_CHARACTERS])
    except OSError:  # py3langid unpacks its model into a temporary folder, and there is none
        return None
    return language if len(language) == 2 and confidence >= LEAST_CONFIDENCE else None


def language_of(text: str, *, declared: str | None) -> str | None:
    """Return the language of a document that perhaps declares one.

    Templates declare English whatever is written in them, so a text of 30 words or more speaks for
    itself; what is declared decides where the text is shorter or cannot be told.
    """
    match = CODE.match(declared or "")
    detected = detect_language(text)
    if match and (not detected or len(text) < LONG_CHARACTERS):
        return match.group(1).lower()
    return detected


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    """About 0.4 s and 100 MB, so only when a text has to be told."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return lambda text: identifier.classify(text)
