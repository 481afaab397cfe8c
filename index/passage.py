"""What is found: passages of documents, and hits with their rank. Does not know how."""

from dataclasses import dataclass

from corpus.document import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of whole sentences of one document; `text` is exactly `document.text[start:end]`.

    `heading_path` holds the headings above it, highest first; `token_count` is in cl100k tokens.
    """

    id: str
    span: Span
    heading_path: tuple[str, ...]
    page: int | None
    text: str
    token_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSentence:
    """A sentence of a found passage.

    `cosine` is of question and sentence; `words` is the share (0-1) of the question's words that
    stand in it, weighted by rarity.
    """

    span: Span
    cosine: float
    words: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found for a query: higher `score` is better, `rank` counts from 1.

    `passage` is cut down to the sentences that matter; `context` is the whole one, for reading on,
    and `sentences` are all of that, its headings left out: a heading states nothing.

    `title` is its document's; `found_by` names the searches that found it (`dense`, `keyword`);
    `duplicates` are the ids of documents that say the same in nearly the same words.
    """

    passage: Passage
    context: Span
    sentences: tuple[FoundSentence, ...]
    title: str
    score: float
    rank: int
    found_by: tuple[str, ...]
    duplicates: tuple[str, ...] = ()
