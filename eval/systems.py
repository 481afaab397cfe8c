"""Footnote, and the systems beside it that are too simple to be good: what each makes of a case.

A figure says little by itself; beside a system that always abstains, or quotes by chance, it does.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from chatbot.answer import Answer
from chatbot.evidence import find_candidates
from chatbot.question import read_question
from chatbot.reading import Reader
from chatbot.settle import settle_quotes
from corpus.document import Span
from eval.bench import documents_of
from eval.case import Case
from eval.result import Quote, Read, Result, result_of
from index.keyword import KeywordIndex, write_words
from index.sentences import split_sentences
from index.words import is_stop_word, stem, words

FOOTNOTE = "Footnote"
ABSTAINS, NEVER = "always abstains", "never abstains"
RANDOM, LEAD, BM25 = "random sentence", "first three sentences", "BM25 sentence"
SYSTEMS = (FOOTNOTE, ABSTAINS, NEVER, RANDOM, LEAD, BM25)


class Baselines:
    """The simple systems, over one index's documents; `folder` is for their own files."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._read = reader, reader.generation.document
        self._sentences, stems = list[Span](), list[str]()
        for document in documents_of(reader):
            for sentence in split_sentences(document.text):
                self._sentences.append(Span(document.id, sentence.start, sentence.end))
                text = document.text[sentence.start : sentence.end]
                stems.append(" ".join(map(stem, words(text))))
        write_words(folder, ((n, 0, "", text) for n, text in enumerate(stems)))
        self._words = KeywordIndex(folder)

    def results(self, case: Case, answer: Answer) -> dict[str, Result]:
        """Return each one's result; `answer` is what Footnote without a model says."""
        chosen = Random(case.id).choice(self._sentences)
        by_words, score = self._best_by_words(answer.standalone_question)
        return {
            ABSTAINS: Result(case_id=case.id, status="not_in_documents"),
            NEVER: answer_anyway(case, answer, self._reader),
            RANDOM: _quoting(case, [chosen], 0.5, self._read),
            LEAD: _quoting(case, self._lead(answer), 0.5, self._read),
            BM25: _quoting(case, by_words, score / (1 + score), self._read),
        }

    def _lead(self, answer: Answer) -> list[Span]:
        """Return the first sentences of the document found first."""
        first = {hit.passage.span.document_id for hit in answer.hits[:1]}
        return [s for s in self._sentences if s.document_id in first][:3]

    def _best_by_words(self, question: str) -> tuple[list[Span], float]:
        terms = {stem(word): 1.0 for word in words(question) if not is_stop_word(word)}
        found = self._words.search(terms, k=1)
        return [self._sentences[number] for number in found], max(found.values(), default=0.0)


def answer_anyway(case: Case, answer: Answer, reader: Reader) -> Result:
    """Return the answer, or where there is none what it would be whatever the confidence."""
    read = reader.generation.document
    result = result_of(case.id, answer, read)
    if answer.status == "answered":
        return result
    asked = answer.standalone_question
    candidates = find_candidates(read_question(asked), answer.hits, reader)
    settled, _ = settle_quotes(read_question(asked), candidates, reader)
    quotes, said = [c.span for c in answer.citations or settled], ""
    if candidates:
        best = max(candidates, key=lambda c: c.score)
        start, end = (at - best.span.start for at in (best.answer.start, best.answer.end))
        said = best.text[start:end]
    return replace(_quoting(case, quotes, answer.confidence, read, said), hits=result.hits)


def _quoting(
    case: Case, spans: Sequence[Span], confidence: float, read: Read, answer_words: str = ""
) -> Result:
    """Return an answer that quotes these words; those that answer may be told apart."""
    if not spans:
        return Result(case_id=case.id, status="not_in_documents")
    documents = [(read(span.document_id), span) for span in spans]
    quotes = [Quote(s, d.text[s.start : s.end], d.sha256) for d, s in documents]
    text = " ".join(quote.quote for quote in quotes)
    return Result(
        case_id=case.id,
        status="answered",
        confidence=confidence,
        text=text,
        words=answer_words or text,
        quotes=tuple(quotes),
    )
