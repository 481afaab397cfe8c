"""Footnote, and the systems beside it that are too simple to be good: what each makes of a case.

A figure says little by itself; beside a system that always abstains, or quotes by chance, it does.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from chatbot.answer import Answer
from chatbot.ask import Reader
from corpus.document import Span
from eval.bench import documents_of
from eval.case import Case
from eval.quality import force
from eval.result import Quote, Result, result_of
from index.keyword import KeywordIndex, write_words
from index.sentences import split_sentences
from index.words import is_stop_word, stem, words

FOOTNOTE = "Footnote"
ABSTAINS, NEVER = "always abstains", "never abstains"
RANDOM, LEAD, BM25 = "random sentence", "first three sentences", "BM25 sentence"
SYSTEMS = (FOOTNOTE, ABSTAINS, NEVER, RANDOM, LEAD, BM25)
LEAD_SENTENCES = 3


class Baselines:
    """The simple systems, over one index's documents; `folder` is for their own files."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader = reader
        self._sentences = [
            Span(document.id, sentence.start, sentence.end)
            for document in documents_of(reader)
            for sentence in split_sentences(document.text)
        ]
        stems = (" ".join(map(stem, words(self._text(span)))) for span in self._sentences)
        write_words(folder, ((n, 0, "", text) for n, text in enumerate(stems)))
        self._words = KeywordIndex(folder)

    def results(self, case: Case, answer: Answer) -> dict[str, Result]:
        """Return each one's result; `answer` is what Footnote without a model says."""
        chosen = Random(case.id).choice(self._sentences)
        by_words, score = self._best_by_words(answer.standalone_question)
        return {
            ABSTAINS: Result(case_id=case.id, status="not_in_documents"),
            NEVER: self._never(case, answer),
            RANDOM: self._quote(case, [chosen], 0.5),
            LEAD: self._quote(case, self._lead(answer), 0.5),
            BM25: self._quote(case, by_words, score / (1 + score)),
        }

    def _never(self, case: Case, answer: Answer) -> Result:
        result = result_of(case.id, answer, self._reader.generation.document)
        if answer.status == "answered":
            return result
        forced = force(case, answer, self._reader)
        quoted = self._quote(case, forced.quotes, answer.confidence, forced.words)
        return replace(quoted, hits=result.hits)

    def _lead(self, answer: Answer) -> list[Span]:
        """Return the first sentences of the document found first."""
        if not answer.hits:
            return []
        first = answer.hits[0].passage.span.document_id
        return [s for s in self._sentences if s.document_id == first][:LEAD_SENTENCES]

    def _best_by_words(self, question: str) -> tuple[list[Span], float]:
        terms = {stem(word): 1.0 for word in words(question) if not is_stop_word(word)}
        found = self._words.search(terms, k=1)
        return [self._sentences[number] for number in found], max(found.values(), default=0.0)

    def _quote(
        self, case: Case, spans: Sequence[Span], confidence: float, answer_words: str = ""
    ) -> Result:
        if not spans:
            return Result(case_id=case.id, status="not_in_documents")
        text = " ".join(map(self._text, spans))
        return Result(
            case_id=case.id,
            status="answered",
            confidence=confidence,
            text=text,
            words=answer_words or text,
            quotes=tuple(Quote(s, self._text(s), self._sha256(s)) for s in spans),
        )

    def _text(self, span: Span) -> str:
        return self._reader.generation.document(span.document_id).text[span.start : span.end]

    def _sha256(self, span: Span) -> str:
        return self._reader.generation.document(span.document_id).sha256
