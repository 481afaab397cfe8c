"""How many wrong statements the check catches, and how many right ones it doubts.

A statement is wrong by how it was made: one thing changed in a sentence of the documents.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import nan
from pathlib import Path
from random import Random
from statistics import fmean

from chatbot.check import Checker, check_sentence, read_sources
from chatbot.reading import Reader, find_hits
from corpus.document import Document, Span
from eval.bench import Bench, documents_of, spread
from eval.citing import source_of
from eval.edits import EDITS, Claim, claims_in, names_of, sentences_in
from eval.findings import Measured, Tally
from eval.reader_claims import LEARNED_DOMAINS
from eval.reader_examples import load_rows
from eval.reword import PHRASES, reword
from index.passage import Hit
from index.words import is_stop_word, stem, words

PARAPHRASES = Path(__file__).with_name("paraphrases.jsonl")
MADE, TRIES = 200, 5
"""Statements of each kind, and times that a sentence is changed until there are as many."""
READ_HITS = 6
MOST_SHARED = 0.5
"""Of a sentence's content words, in a passage that is taken not to say it."""
Statement = tuple[str, Sequence[Hit]]
"""What is checked, and the hits that it is checked against."""


def unsaid(documents: Sequence[Document]) -> list[str]:
    """Return what is true and said by none of the documents."""
    known = {word for document in documents for word in words(document.text)}
    return [fact for fact in PHRASES["facts"] if max(words(fact), key=len) not in known]


def aside(documents: Sequence[Document]) -> Sequence[Document]:
    """Return every second document: the check was fitted on sentences of the others."""
    return documents[1::2]


def falsify(claim: Claim, kind: str, names: Sequence[str], rng: Random) -> str:
    """Return the claim with one thing changed, or nothing where that makes it no wrong one."""
    edit = EDITS[kind](claim, names, rng)
    wrong = edit(claim.said) if edit else ""
    # "According to the report" is a way to cite.
    return "" if wrong in claim.text or wrong.startswith("According to the report") else wrong


def check_wrong(reader: Reader, bench: Bench) -> list[Tally]:
    """Check wrong statements of each kind; what goes wrong is that one is let through."""
    documents, rng = documents_of(reader), Random(1)
    names, facts = names_of(document.text for document in documents), unsaid(documents)
    claims = _shuffled(aside(documents))

    def changed(kind: str) -> Iterator[str]:
        return (falsify(claim, kind, names, rng) for claim in claims * TRIES)

    made = {kind: changed(kind) for kind in EDITS}
    made["added clause"] = (f"{c.said[:-1]}, and {rng.choice(facts)}." for c in claims if facts)
    asked = {kind: _found(texts, reader) for kind, texts in made.items()}
    asked["another document's fact"] = _strangers(claims, reader)
    return [_tally(kind, of, reader, bench, is_right=False) for kind, of in asked.items()]


def check_right(reader: Reader, bench: Bench) -> list[Tally]:
    """Check right statements of each kind; what goes wrong is that one is doubted."""
    documents, rng = aside(documents_of(reader)), Random(1)
    claims, known = _shuffled(documents), {document.id for document in documents}
    by_hand = load_rows(PARAPHRASES) if PARAPHRASES.is_file() else ()
    made: dict[str, Iterable[str]] = {
        "the sentences themselves": (claim.said for claim in claims),
        "reworded by rule": (reword(claim.said, rng) or "" for claim in claims),
        "paraphrased by hand": (
            row["paraphrase"] for row in by_hand if row["document_id"] in known
        ),
    }
    return [
        _tally(kind, _found(texts, reader), reader, bench, is_right=True)
        for kind, texts in made.items()
    ]


def check_summedits(folder: Path, bench: Bench) -> list[Measured]:
    """Check edited summaries, sentence by sentence, against those that they were made of.

    Balanced accuracy is the mean of the shares of wrong ones caught and of right ones let through.
    """
    measured, checker = list[Measured](), Checker(bench.span_reader, bench.embedder)
    for file in sorted(folder.glob("*.json")):
        rows = spread(load_rows(file), bench.sample)
        held: dict[int, list[bool]] = {0: [], 1: []}
        for done, row in enumerate(rows, start=1):
            text = row["original_summary"]
            said, source = row["summary"], source_of(Span("", 0, len(text)), text)
            checked = (check_sentence(s, [source], checker) for s in sentences_in(said))
            held[row["label"]].append(all(each.spans for each in checked))
            bench.progress(done, len(rows))
        caught, doubted = (1 - fmean(held[label] or [nan]) for label in (0, 1))
        figures = {"balanced accuracy": (caught + 1 - doubted) / 2}
        name = f"{file.stem} (trained on)" if file.stem in LEARNED_DOMAINS else file.stem
        figures |= {"caught": caught, "false alarms": doubted}
        measured.append(Measured(name, len(rows), figures))
    return measured


def _shuffled(documents: Sequence[Document]) -> list[Claim]:
    claims = [claim for document in documents for claim in claims_in(document.text)]
    return Random(0).sample(claims, len(claims))


def _found(texts: Iterable[str], reader: Reader) -> Iterator[Statement]:
    """Yield each statement once, with what is found for it."""
    seen = {""}
    for text in texts:
        if text not in seen:
            yield text, find_hits(text, reader, READ_HITS)
        seen.add(text)


def _strangers(claims: Sequence[Claim], reader: Reader) -> Iterator[Statement]:
    """Yield sentences with what is found for one of another document, where that says them not."""
    for claim, other in zip(claims, [*claims[1:], *claims[:1]], strict=True):
        hits = [
            hit
            for hit in find_hits(other.said, reader, READ_HITS)
            if reader.generation.document(hit.context.document_id).text != claim.text
        ]
        said = {stem(word) for word in words(claim.said) if not is_stop_word(word)}
        read = [{stem(w) for w in words(s.text)} for s in read_sources(hits, reader.generation)]
        if read and max(len(said & each) for each in read) <= MOST_SHARED * len(said):
            yield claim.said, hits


def _tally(
    kind: str, asked: Iterable[Statement], reader: Reader, bench: Bench, *, is_right: bool
) -> Tally:
    checker, most = Checker(reader.span_reader, reader.embedder), min(MADE, bench.sample or MADE)
    tried, wrong = 0, list[str]()
    for tried, (text, hits) in enumerate(islice(asked, most), start=1):
        checked = check_sentence(text, read_sources(hits, reader.generation), checker)
        if bool(checked.spans) is not is_right:
            wrong.append(text)
        bench.progress(tried, most)
    return Tally(kind, tried, tuple(wrong))
