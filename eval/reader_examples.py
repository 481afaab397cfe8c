"""Questions to train the reader on: five public sets, and unanswerable ones made out of them.

Does not know the model, nor what is trained on when (`train_reader`).
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from eval.edits import EDITS, Claim, names_of
from eval.errors import BadCase
from index.sentences import split_sentences
from index.words import is_stop_word, words

T = TypeVar("T")
ASIDE = {"Prime_number", "Amazon_rainforest", "Packet_switching", "Imperialism", "Pharmacy"}
"""SQuAD articles that are only measured on."""
CROPPED, PAPER = 420, 1_000
"""Characters that are kept: about a passage, and of a paper around a finding."""
NEAR = 120
LONGEST_FINDING = 250
TOLD = 0.15
"""Of the questions twisted away from their text, so many by a change in the text."""
_SHOWN = {"``": "“", "''": "”", "-LRB-": "(", "-RRB-": ")"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question or a statement, a text, and where in it the answer stands (-1, -1: nowhere)."""

    question: str
    text: str
    kind: str
    start: int = -1
    end: int = -1
    answers: tuple[str, ...] = ()


def read_training(data: Path, *, seed: int) -> dict[str, list[Example]]:
    """Return the examples of each set, and those made "unanswerable"; BadCase if one is missing."""
    rng, policies = Random(seed), data / "policyqa"
    sets = {
        "squad2": read_squad(data, lambda title: title not in ASIDE),
        "nq_oracle": list(_read_nq(data, rng)),
        "qamr": list(_read_qamr(data, rng)),
        "covidqa": list(_read_placed(data / "covidqa" / "covidqa.json", rng)),
        "policyqa": [
            e for part in ("dev", "test") for e in _read_placed(policies / f"{part}.json", rng)
        ],
    }
    made = [
        example
        for make, shares in SHARES.items()
        for name, share in shares.items()
        for example in make(sets[name], rng, share)
    ]
    return {**sets, "unanswerable": made}


def read_squad(data: Path, keep: Callable[[str], bool]) -> list[Example]:
    """Return the questions of the articles whose title is to `keep`, unanswerable ones too."""
    found = []
    for title, text, asked in read_asked(data / "squad2" / "dev.json"):
        question, answers = asked["question"].strip(), tuple(asked["answers"])
        if not keep(title):
            continue
        if not answers:
            found.append(Example(question=question, text=text, kind="unanswerable"))
        elif place := locate(text, answers, question):
            found.append(_answered(question, text, place.span(), "squad2", answers))
    return found


def locate(text: str, answers: Sequence[str], question: str) -> re.Match[str] | None:
    """Find the answer whose neighbourhood shares most words with the question, whole words only."""
    asked = content_words(question)
    found = []
    for answer, count in Counter(answer.strip() for answer in answers if answer.strip()).items():
        before = r"(?<![^\W_])" if answer[0].isalnum() else ""
        after = r"(?![^\W_])" if answer[-1].isalnum() else ""
        for match in re.finditer(before + re.escape(answer) + after, text, re.IGNORECASE):
            near = content_words(text[max(0, match.start() - NEAR) : match.end() + NEAR])
            found.append(((len(asked & near), count, -match.start()), match))
    return max(found, key=lambda scored: scored[0])[1] if found else None


def crop(example: Example, rng: Random, most: int = CROPPED) -> Example:
    """Keep a run of sentences with the answer, or with the one most like the question."""
    text, start, end = example.text, example.start, example.end
    if len(text) <= most:
        return example
    cuts = [0, *(sentence.start for sentence in split_sentences(text)[1:]), len(text)]
    if start >= 0:
        kept = [i for i, (a, b) in enumerate(pairwise(cuts)) if a < end and b > start]
    else:
        asked = content_words(example.question)
        sentences = [content_words(text[a:b]) for a, b in pairwise(cuts)]
        kept = [max(range(len(sentences)), key=lambda i: (len(asked & sentences[i]), rng.random()))]
    first, last = kept[0], kept[-1] + 1
    while wider := [
        (a, b)
        for a, b in ((first - 1, last), (first, last + 1))
        if a >= 0 and b < len(cuts) and cuts[b] - cuts[a] <= most
    ]:
        first, last = rng.choice(wider)
    text, cut = text[cuts[first] : cuts[last]].rstrip(), cuts[first] if start >= 0 else 0
    return replace(example, text=text, start=start - cut, end=end - cut)


def some(items: Sequence[T], count: int, rng: Random) -> list[T]:
    """Return so many of the items at random, or all of them if there are fewer."""
    return rng.sample(items, min(count, len(items)))


def mine(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions, each with another text that looks like its own but holds no answer."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = sorted({example.text for example in examples})
    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    pool = vectors.fit_transform(texts)
    chosen = _answerable(examples, rng, share)
    for at in range(0, len(chosen), 500):  # so many rows fit in memory
        batch = chosen[at : at + 500]
        likeness = (vectors.transform([example.question for example in batch]) @ pool.T).toarray()
        for example, row in zip(batch, (-likeness).argsort(1)[:, :6], strict=True):
            if lacking := [texts[i] for i in row if _lacks_answer(texts[i], example)]:
                text = rng.choice(lacking[:3])
                yield Example(question=example.question, text=text, kind="mined")


def twist(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions that ask of another name, number or relation than their text tells of."""
    names = names_of(example.text for example in examples)
    for example in _answerable(examples, rng, share):
        question, text = example.question, example.text
        asked = Claim(said=question, text=question, sentence=text)
        edits = [EDITS[kind](asked, names, rng) for kind in ("name", "number", "opposite")]
        for edit in filter(None, rng.sample(edits, len(edits))):
            other, told = edit(question), edit(text)
            new = {*words(other)} - {*words(question)}
            if other == question or told == text or new & {*words(text)}:
                continue
            if rng.random() >= TOLD:
                yield Example(question=other, text=text, kind="twisted")
            elif all(edit(answer) == answer for answer in example.answers):
                yield Example(question=question, text=told, kind="moved")
            break


def unsay(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions and statements beside their texts without the sentences that answer them."""
    for example in _answerable(examples, rng, share):
        text, answer = example.text, example.text[example.start : example.end].lower()
        kept = [
            said
            for place in split_sentences(text)
            if answer not in (said := text[place.start : place.end]).lower()
            and not place.start < example.end <= place.end
        ]
        if kept:
            yield Example(question=example.question, text=" ".join(kept), kind="unsaid")


SHARES = {
    mine: {"squad2": 0.5, "nq_oracle": 0.7, "qamr": 0.12, "covidqa": 0.4, "policyqa": 0.1},
    twist: {"squad2": 1.0, "nq_oracle": 0.8, "qamr": 0.45},
}
"""What share of each set's answerable questions is made unanswerable, and how."""


def _answerable(examples: Sequence[Example], rng: Random, share: float) -> list[Example]:
    return [e for e in examples if e.start >= 0 and rng.random() < share]


def _lacks_answer(text: str, example: Example) -> bool:
    known, said = text[:60] in example.text, text.lower()
    return not known and not any(answer.lower() in said for answer in example.answers)


def content_words(text: str) -> set[str]:
    """Return the words that say something, in small letters."""
    return {word.lower() for word in words(text) if not is_stop_word(word)}


def _answered(
    question: str, text: str, place: tuple[int, int], kind: str, answers: Sequence[str] = ()
) -> Example:
    start, end = place
    known = tuple(answers) or (text[start:end],)
    return Example(question=question, text=text, kind=kind, start=start, end=end, answers=known)


def _read_nq(data: Path, rng: Random) -> Iterator[Example]:
    for row in load_rows(data / "nq_oracle" / "nq-open-oracle.jsonl"):
        question, text = row["question"], row["ctxs"][0]["text"]
        if place := locate(text, row["answers"], question):
            if rng.random() < 0.5:  # the set's questions are typed, without capital and mark
                question = question[0].upper() + question[1:] + "?"
            yield _answered(question, text, place.span(), "nq_oracle", row["answers"])


def _read_qamr(data: Path, rng: Random) -> Iterator[Example]:
    groups = dict[str, list[Any]]()
    for row in load_rows(data / "qamr" / "qa.jsonl"):
        groups.setdefault(row["sentence"], []).append(row)
    joined = [_join(sentence.split(" ")) for sentence in groups]
    for i, ((text, places), rows) in enumerate(zip(joined, groups.values(), strict=True)):
        for row in rows:
            tokens = sorted(row["answer_tokens"])
            if not tokens or tokens[-1] - tokens[0] > len(tokens) or tokens[-1] >= len(places):
                continue
            # Neighbours in the file are often of one article.
            near = [joined[j][0] for j in (i - 1, i + 1, i + 2) if 0 <= j < len(joined)]
            near = rng.sample(near, min(len(near), rng.choice((0, 0, 1, 2))))
            split = rng.randint(0, len(near))
            before = "".join(f"{sentence} " for sentence in near[:split])
            whole = before + " ".join((text, *near[split:]))
            place = (places[tokens[0]][0] + len(before), places[tokens[-1]][1] + len(before))
            yield _answered(row["question"], whole, place, "qamr")


def _join(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Write tokens as prose; also say where each stands."""
    shown = [_SHOWN.get(token, token) for token in tokens]
    text = re.sub(r"(?<=[(\[“]) | (?=[.,;:?!)%”](?!\S)|n't(?!\S)|')", "", " ".join(shown))
    places, end = [], 0
    for token in shown:
        start = text.index(token, end)
        end = start + len(token)
        places.append((start, end))
    return re.sub("[“”]", '"', text), places


def _read_placed(file: Path, rng: Random) -> Iterator[Example]:
    """Yield questions of a set that says where answers stand, often a bit off; texts are cropped.

    An answer longer than the reader would ever give is left out.
    """
    for _, paper, asked in read_asked(file):
        finding, near = asked["answers"][0]["text"].strip(), asked["answers"][0]["answer_start"]
        start = paper.find(finding, near, near + len(finding) + 9)
        if start >= 0 and len(finding) <= LONGEST_FINDING:
            first = max(0, start - PAPER)
            place = start - first, start - first + len(finding)
            text = paper[first : start + PAPER]
            yield crop(_answered(asked["question"], text, place, file.parent.name), rng, PAPER)


def read_asked(file: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield the article's title, the paragraph and each of its questions."""
    for article in load_rows(file):
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                yield article.get("title", ""), paragraph["context"], asked


def load_rows(file: Path) -> Any:  # noqa: ANN401
    """Return the rows of a JSONL or JSON file of a public set; BadCase if it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line]
        rows = json.loads(text)
        return rows if isinstance(rows, list) else rows["data"]
    except (OSError, KeyError, ValueError) as error:
        message = f"{file} is missing or cannot be read; name the folder of all public sets."
        raise BadCase(message) from error
