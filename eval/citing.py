"""Whether the words cited are enough for an answer, and each of them needed, by asking again.

ALCE's citation recall and precision (Gao et al. 2023), with the answerer where ALCE has a judge.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan

from chatbot.answer import Answer, Citation
from chatbot.ask import answer_question
from chatbot.check import Checker, Source, check_sentence
from chatbot.reading import Reader
from corpus.document import Span
from eval.bench import Bench, with_text
from eval.case import Case
from index.sentences import split_sentences


def score_citing(case: Case, answer: Answer, reader: Reader, bench: Bench) -> dict[str, float]:
    """Return citation recall and precision of an answer; NaN where nothing was answered.

    Recall is 1 if the cited words alone give the same answer. Precision is the share of citations
    that count: with recall 1, all but those that alone give it not, and without which the others
    still do. A quote is asked for again, and "it" is then the words that answer; a model's sentence
    is checked again.
    """
    if answer.status != "answered" or not answer.citations:
        return {"citation recall": nan, "citation precision": nan}
    is_written = any(sentence.verdict == "supported" for sentence in answer.sentences)
    checker = Checker(reader.span_reader, reader.embedder)
    every, marked = answer.citations, [s.text[a:b] for s in answer.sentences for a, b in s.marks]

    def carries(citations: Sequence[Citation]) -> bool:
        if is_written:
            sources = [source_of(citation.span, citation.quote) for citation in citations]
            return all(check_sentence(s.text, sources, checker).spans for s in answer.sentences)
        said = [s.text for s in ask_again(case, citations, reader, bench).sentences]
        if citations is every:
            return set(said) == {s.text for s in answer.sentences}
        return bool(marked) and all(words in " ".join(said) for words in marked)

    if not carries(every):
        return {"citation recall": 0.0, "citation precision": 0.0}
    spared = sum(
        len(every) > 1 and not carries([one]) and carries([c for c in every if c is not one])
        for one in every
    )
    return {"citation recall": 1.0, "citation precision": 1 - spared / len(every)}


def ask_again(case: Case, citations: Sequence[Citation], reader: Reader, bench: Bench) -> Answer:
    """Ask documents that hold these words alone."""
    quotes: dict[str, list[str]] = {}
    for citation in sorted(citations, key=lambda c: c.span.start):
        quotes.setdefault(citation.span.document_id, []).append(citation.quote)
    read = reader.generation.document
    alone = {id_: replace(read(id_), headings=(), pages=()) for id_ in quotes}
    with bench.reading(with_text(alone[i], "\n\n".join(quotes[i])) for i in quotes) as again:
        alone_with = replace(reader, generation=again.generation, model=None)
        return answer_question(case.question, case.history, reader=alone_with)


def source_of(span: Span, text: str) -> Source:
    """Return words as a passage to check against, with nothing above them."""
    sentences = tuple(
        Span(span.document_id, span.start + s.start, span.start + s.end)
        for s in split_sentences(text)
    )
    return Source(span=span, text=text, sentences=sentences, above="")
