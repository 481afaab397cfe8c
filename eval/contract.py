"""What must hold of every answer in quotes: exact, cited, short, the same again, no more, no less.

Does not know which answer is right.
"""

from collections.abc import Sequence
from functools import partial

from eval.bench import spread
from eval.changes import delete_evidence, other_bytes, shuffle_documents
from eval.citing import ask_again
from eval.findings import Tally
from eval.judged import is_exact
from eval.lab import Asked, Lab, Pair, check
from eval.result import Read, result_of

MOST_WORDS, MOST_SENTENCES = 60, 3
LONGER = {"list", "two-questions"}
"""Tags of cases that may be answered at greater length."""
REINDEXED = 60
"""Questions, at most, that are asked again of the words cited alone, and of all others."""
ENOUGH = f"the words cited are enough (tried on {REINDEXED})"
BRIEF = f"{MOST_WORDS} words, {MOST_SENTENCES} sentences at most"


def check_contract(lab: Lab, asked: Sequence[Asked], *, is_brief: bool) -> list[Tally]:
    """Try each rule on answers of the lab's reader, which has no model; `is_brief`: length too."""
    reader, some = lab.reader, spread([one for one in asked if one[1].citations], REINDEXED)
    again = lab.again(asked, reader)
    alone = [Pair(c, a, ask_again(c, a.citations, reader, lab.bench)) for c, a in some]
    misquotes = partial(_misquotes, read=reader.generation.document)
    return [
        check("quotes are the document's characters", again, misquotes, is_hard=True),
        check("every sentence is a quote it cites", again, _uncited, is_hard=True),
        *([check(BRIEF, again, _too_long, is_hard=True)] if is_brief else ()),
        check("the same bytes again", again, other_bytes, is_hard=True),
        check(ENOUGH, alone, _lacks, is_hard=True),
        *delete_evidence(lab, some),
        *shuffle_documents(lab, asked),
    ]


def _misquotes(pair: Pair, read: Read) -> str:
    quotes = result_of(pair.case.id, pair.before, read).quotes
    return next((f"no such words at {q.span}" for q in quotes if not is_exact(q, read)), "")


def _uncited(pair: Pair) -> str:
    answer = pair.before
    quotes = {citation.number: citation.quote for citation in answer.citations}
    for sentence in answer.sentences if "greeting" not in answer.notices else ():
        cited = [quotes.get(number) for number in sentence.citations]
        if sentence.text not in cited or None in cited or sentence.verdict != "quoted":
            return f"no citation quotes {sentence.text!r}"
    return ""


def _too_long(pair: Pair) -> str:
    said = pair.before.sentences
    count, words = len(said), sum(len(sentence.text.split()) for sentence in said)
    is_long = count > MOST_SENTENCES or words > MOST_WORDS
    return f"{words} words, {count} sentences" if is_long and not LONGER & {*pair.case.tags} else ""


def _lacks(pair: Pair) -> str:
    first, alone = ({s.text for s in answer.sentences} for answer in (pair.before, pair.after))
    return "" if first == alone else f"{pair.tells}, sure {pair.after.confidence:.2f}"
