"""What must hold of every answer in quotes: exact, cited, short, the same again, no more, no less.

Does not know which answer is right.
"""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from chatbot.answer import Answer, as_json
from chatbot.ask import Reader, answer_question
from corpus.document import Document
from corpus.errors import UnknownDocument
from eval.bench import Bench, Tally, documents_of, spread, with_text
from eval.case import Case
from eval.citing import ask_again

MOST_WORDS, MOST_SENTENCES = 60, 3
LONGER = {"list", "two-questions"}
"""Tags of cases that may be answered at greater length."""
REINDEXED = 60
"""Questions, at most, that are asked again of the words cited alone, and of all others."""
ENOUGH = f"the words cited are enough (tried on {REINDEXED})"
NEEDED = f"the words cited are needed (tried on {REINDEXED})"
Asked = tuple[Case, Answer]


def check_contract(
    asked: Sequence[Asked], reader: Reader, bench: Bench, *, is_brief: bool
) -> list[Tally]:
    """Try each rule on answers of `reader`, which has no model; `is_brief`: their length too."""
    documents, read = documents_of(reader), reader.generation.document
    some = spread([(case, answer) for case, answer in asked if answer.citations], REINDEXED)

    def rule(name: str, problem: Callable[[Case, Answer], str], of: Sequence[Asked]) -> Tally:
        def tried(one: Asked) -> str:
            said = problem(*one)
            return f"{one[0].id}: {said}" if said else ""

        return bench.tally(name, of, len(of), tried)

    shuffled = Random(0).sample(documents, len(documents))
    with bench.reading(shuffled) as rebuilt, tempfile.TemporaryDirectory() as folder:
        cut = Path(folder)
        return [
            rule("quotes are the document's characters", lambda _, a: _misquotes(a, read), asked),
            rule("every sentence is a quote it cites", lambda _, a: _uncited(a), asked),
            *([rule("60 words, 3 sentences at most", _too_long, asked)] if is_brief else ()),
            rule("the same bytes again", lambda c, a: _differs(c, a, reader), asked),
            rule("the same, rebuilt and shuffled", lambda c, a: _differs(c, a, rebuilt), asked),
            rule(ENOUGH, lambda c, a: _lacks(c, a, reader, bench), some),
            rule(NEEDED, lambda c, a: _spares(c, a, documents, bench, cut), some),
        ]


def _misquotes(answer: Answer, read: Callable[[str], Document]) -> str:
    for citation in answer.citations:
        span = citation.span
        try:
            text = read(span.document_id).text
        except UnknownDocument as error:
            return str(error)
        within = 0 <= span.start < span.end <= len(text)
        if not within or text[span.start : span.end] != citation.quote:
            return f"[{citation.number}] quotes other words than {span}"
    return ""


def _uncited(answer: Answer) -> str:
    quotes = {citation.number: citation.quote for citation in answer.citations}
    for sentence in answer.sentences if "greeting" not in answer.notices else ():
        cited = [quotes.get(number) for number in sentence.citations]
        if sentence.text not in cited or None in cited or sentence.verdict != "quoted":
            return f"no citation quotes {sentence.text!r}"
    return ""


def _too_long(case: Case, answer: Answer) -> str:
    count, words = len(answer.sentences), sum(len(s.text.split()) for s in answer.sentences)
    is_long = count > MOST_SENTENCES or words > MOST_WORDS
    return f"{words} words, {count} sentences" if is_long and not LONGER & {*case.tags} else ""


def _differs(case: Case, answer: Answer, reader: Reader) -> str:
    return difference(answer, answer_question(case.question, case.history, reader=reader))


def difference(answer: Answer, again: Answer) -> str:
    """Say that an answer is not the same bytes again, but for the time it took."""
    # What is known to be answered is made by the command that builds an index, not here.
    left = {"seconds": None, "follow_ups": None}
    first, other = (json.dumps(as_json(a) | left) for a in (answer, again))
    return "" if first == other else f"{answer.status}, then otherwise: {again.status}"


def _lacks(case: Case, answer: Answer, reader: Reader, bench: Bench) -> str:
    again = ask_again(case, answer.citations, reader, bench)
    same = {s.text for s in again.sentences} == {s.text for s in answer.sentences}
    return "" if same else f"{again.status} on them alone, sure {again.confidence:.2f}"


def _spares(
    case: Case, answer: Answer, documents: Sequence[Document], bench: Bench, index: Path
) -> str:
    with bench.reading(blank(documents, answer), index) as reader:
        return still_cited(answer, answer_question(case.question, case.history, reader=reader))


def blank(documents: Sequence[Document], answer: Answer) -> list[Document]:
    """Blank the words cited wherever a document says them, so that all other offsets stay."""
    texts = {document.id: document.text for document in documents}
    for quote in sorted({c.quote for c in answer.citations}, key=lambda q: (-len(q), q)):
        blanks = re.sub(r"\S", " ", quote)
        texts = {id_: text.replace(quote, blanks) for id_, text in texts.items()}
    return [with_text(d, texts[d.id]) for d in documents if texts[d.id].strip()]


def still_cited(answer: Answer, again: Answer) -> str:
    """Say which words of an answer are cited again, where no document says them any more."""
    both = {c.quote for c in answer.citations} & {c.quote for c in again.citations}
    return f"quoted when they are cut: {min(both)}" if both else ""
