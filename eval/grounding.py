"""The grounding suite: what must hold of answers, how good they are, what the check lets through.

Holds the contract of answers in quotes: exact, cited, short, the same again, no more, no less. Puts
the other parts together; does not know which answer is right.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path

from chatbot.reading import Reader
from eval.bench import Asked, Bench, Lab, Pair, check, open_lab, spread
from eval.case import Case
from eval.changes import delete_evidence, other_bytes, shuffle_documents
from eval.checking import check_right, check_summedits, check_wrong
from eval.citing import ask_again
from eval.datasets import load_dataset
from eval.findings import Findings, Tally
from eval.liars import count_lies
from eval.metrics import is_exact
from eval.quality import measure_set, parts_of
from eval.result import Read, result_of

MOST_WORDS, MOST_SENTENCES = 60, 3
TWICE = {"two-questions", "compare"}
"""Tags of cases that ask two things at once, and get an answer to each."""
REINDEXED = 60
"""Questions, at most, that are asked again of the words cited alone, and of all others."""
ENOUGH = f"the words cited are enough (tried on {REINDEXED})"
BRIEF = f"{MOST_WORDS} words, {MOST_SENTENCES} sentences at most for what is asked"


def ground_cases(parts: dict[Path, list[Case]], reader: Reader, bench: Bench) -> Findings:
    """Ask the cases of the files."""
    every = [case for cases in parts.values() for case in cases]
    return _ground({"": spread(every, bench.sample)}, reader, bench, is_ours=True)


def ground_set(folder: Path, bench: Bench) -> Findings:
    """Ask a public set, with all its documents indexed; BadCase if it holds no answers."""
    if (folder / "samsum.json").is_file():  # which tells the set
        return Findings(about="SummEdits", quality=check_summedits(folder, bench))
    dataset = load_dataset(folder)
    parts = parts_of(dataset)
    chosen = {name: spread(cases, bench.sample) for name, cases in parts.items()}
    with bench.reading(dataset.documents) as reader:
        return _ground(chosen, reader, bench, is_ours=False)


def _ground(
    parts: dict[str, list[Case]], reader: Reader, bench: Bench, *, is_ours: bool
) -> Findings:
    quotes = replace(reader, model=None)
    cases = [case for part in parts.values() for case in part]
    with open_lab(quotes, bench) as lab:
        asked = lab.answers(cases)
        contract = check_contract(lab, asked, is_brief=is_ours)
    laps = sorted(answer.seconds["total"] for _, answer in asked)
    quality = [
        measure_set(name, [one for one in asked if one[0].id in ids], quotes)
        for name, part in parts.items()
        if (ids := {case.id for case in part}) and not is_ours
    ]
    return Findings(
        about=f"{len(cases):,} questions, {reader.generation.manifest.passage_count:,} passages",
        tallies={
            "contract": [lab.crashes(), *contract],
            "lies": count_lies(cases, quotes, bench),
            "let_through": check_wrong(quotes, bench),
            "doubted": check_right(quotes, bench),
        },
        quality=quality,
        seconds={f"p{p}": laps[ceil(len(laps) * p / 100) - 1] for p in (50, 95) if laps},
    )


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
    times = 2 if TWICE & {*pair.case.tags} else 1
    is_long = count > times * MOST_SENTENCES or words > times * MOST_WORDS
    return f"{words} words, {count} sentences" if is_long and "list" not in pair.case.tags else ""


def _lacks(pair: Pair) -> str:
    first, alone = ({s.text for s in answer.sentences} for answer in (pair.before, pair.after))
    return "" if first == alone else f"{pair.tells}, sure {pair.after.confidence:.2f}"
