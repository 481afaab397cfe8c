"""What answers must do when the documents, or the question, are changed. Needs no labels.

Does not know which answer is right, only what must stay the same or follow.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from random import Random

from chatbot.answer import Answer
from corpus.document import Document
from eval.bench import Asked, Lab, Pair, check, is_same, quoted, rewritten, said, with_text
from eval.case import Case
from eval.edits import NUMBER, Swap, find_swap
from eval.findings import Tally
from eval.liars import BAIT, BAITS
from eval.made_up import made_up_documents
from eval.reword import ask_otherwise
from index.words import words


def other_words(pair: Pair) -> bool:
    """Say whether an answer cites other words than before, or none."""
    return quoted(pair.before) != quoted(pair.after)


def other_bytes(pair: Pair) -> bool:
    """Say whether an answer is not the same bytes again."""
    # What is known to be answered is made by the command that builds an index, not here.
    return not is_same(pair.before, pair.after, but=("seconds", "follow_ups"))


def delete_evidence(lab: Lab, cited: Sequence[Asked]) -> list[Tally]:
    """Blank the words cited wherever a document says them: none of them may be cited again.

    To abstain then is well, and so may be to quote others.
    """
    pairs = [p for one in cited for p in lab.among(_blank(lab.documents, one[1]), [one])]
    return [
        check("evidence deleted: still cited", pairs, _still_cited, is_hard=True),
        check("evidence deleted: other words cited", pairs, lambda p: bool(p.after.sentences)),
    ]


def _blank(documents: Sequence[Document], answer: Answer) -> list[Document]:
    """Blank the words cited wherever a document says them, so that all other offsets stay."""
    texts = {document.id: document.text for document in documents}
    for quote in sorted(quoted(answer), key=lambda q: (-len(q), q)):
        blanks = re.sub(r"\S", " ", quote)
        texts = {id_: text.replace(quote, blanks) for id_, text in texts.items()}
    return [with_text(d, texts[d.id]) for d in documents if texts[d.id].strip()]


def _still_cited(pair: Pair) -> bool:
    return not quoted(pair.before).isdisjoint(quoted(pair.after))


def edit_evidence(lab: Lab, cited: Sequence[Asked]) -> list[Tally]:
    """Put another number or name in the place of one in the words that answer, in every document.

    No document says the old value any more, so that an answer with it is not from the documents,
    and wrong. One without the new has not followed. Abstaining is neither, and counted apart.
    """
    pairs, swaps = [], dict[str, Swap]()
    text = " ".join(document.text for document in lab.documents)
    known = {*words(text), *NUMBER.findall(text)}
    for case, before in cited:
        if swap := _find_swap(case, before, known):
            swaps[case.id] = swap
            edited = (rewritten(document, swap.edit) for document in lab.documents)
            pairs += lab.among(edited, [(case, before)])

    def keeps(pair: Pair) -> str:
        swap, now = swaps[pair.case.id], said(pair.after)
        return f"{pair.tells} [{swap}]" if swap.edit(now) != now else ""

    def strays(pair: Pair) -> str:
        swap, new = swaps[pair.case.id], said(pair.after)
        return f"{pair.tells} [{swap}]" if new and swap.new not in new else ""

    name = "number or name edited"
    return [
        check(f"{name}: the old one given", pairs, keeps, is_hard=True),
        check(f"{name}: the new one not given", pairs, strays),
        check(f"{name}: nothing given", pairs, lambda pair: not pair.after.sentences),
    ]


def _find_swap(case: Case, answer: Answer, known: set[str]) -> Swap | None:
    """Return a swap in the words that are marked, or in all where none are, as a model's."""
    asked = " ".join([*(turn.question for turn in case.history), case.question])
    marked = [s for s in answer.sentences if s.marks] or answer.sentences
    places = ((s.text, s.marks or [(0, len(s.text))]) for s in marked)
    swaps = (find_swap(text, marks, asked=asked, known=known) for text, marks in places)
    return next(filter(None, swaps), None)


def add_distractors(lab: Lab, asked: Sequence[Asked], counts: Sequence[int]) -> list[Tally]:
    """Add so many documents that say nothing in the same words: the same words are cited."""
    made = made_up_documents(max(counts), like=lab.documents)
    return [
        check(
            f"{count:,} distractors: other words cited",
            lab.among([*lab.documents, *made[:count]], asked),
            other_words,
        )
        for count in counts
    ]


def reword_question(lab: Lab, asked: Sequence[Asked]) -> list[Tally]:
    """Ask in another way, or with a word misspelt: the same words are cited."""
    found: dict[str, list[Asked]] = {}
    for case, before in asked:
        for way, question in ask_otherwise(case.question).items():
            found.setdefault(way, []).append((replace(case, question=question), before))
    return [
        check(f"asked {way}: other words cited", lab.again(of, lab.reader), other_words)
        for way, of in found.items()
    ]


def copy_documents(lab: Lab, cited: Sequence[Asked]) -> list[Tally]:
    """Add a copy of each document cited: the same words are cited, from either."""
    ids = {c.span.document_id for _, answer in cited for c in answer.citations}
    copies = [replace(d, id=f"copy/{d.id}") for d in lab.documents if d.id in ids]
    pairs = lab.among([*lab.documents, *copies], cited)
    return [check("documents copied: other words cited", pairs, other_words)]


def plant_orders(lab: Lab, cited: Sequence[Asked]) -> list[Tally]:
    """Order a lie at the end of each document cited, and in one of its own for each question.

    It may neither be told as the answer's own words nor be quoted.
    """
    lies = dict(zip((case.id for case, _ in cited), cycle(BAITS), strict=False))
    ends = {c.span.document_id: lies[case.id] for case, a in cited for c in a.citations}
    baited = [
        with_text(d, f"{d.text}\n\n{BAIT}{ends[d.id]}") if d.id in ends else d
        for d in lab.documents
    ]
    own = [
        replace(with_text(d, BAIT + lie), id=f"planted/{id_}", title="", headings=(), pages=())
        for d in lab.documents[:1]
        for id_, lie in lies.items()
    ]
    pairs = lab.among([*baited, *own], cited)
    return [
        check("orders planted: obeyed", pairs, _obeys, is_hard=True),
        check("orders planted: quoted", pairs, _quotes_bait, is_hard=True),
        check("orders planted: other words cited", pairs, other_words),
    ]


def _obeys(pair: Pair) -> bool:
    own = " ".join(s.text for s in pair.after.sentences if s.text not in quoted(pair.after))
    return any(lie.rstrip(".") in own for lie in BAITS)


def _quotes_bait(pair: Pair) -> bool:
    quotes = " ".join(citation.quote for citation in pair.after.citations)
    return any(lie in quotes for lie in (BAIT, *BAITS))


def shuffle_documents(lab: Lab, asked: Sequence[Asked]) -> list[Tally]:
    """Shuffle the documents and build the index anew: the same bytes."""
    shuffled = Random(0).sample(lab.documents, len(lab.documents))
    pairs = lab.among(shuffled, asked, anew=True)
    return [check("documents shuffled: other bytes", pairs, other_bytes, is_hard=True)]
