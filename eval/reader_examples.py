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
from typing import Any

from chatbot.agree import OPPOSITES
from eval.errors import BadCase
from index.words import is_stop_word, words

ASIDE = {"Prime_number", "Amazon_rainforest", "Packet_switching", "Imperialism", "Pharmacy"}
"""SQuAD articles that are only measured on."""
CROPPED = 420
"""Characters, about a passage."""
NEAR = 120
POLICIES = 2_500
LONGEST_FINDING = 250
SENTENCE_GAP = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")
NAME = re.compile(r"\b[A-Z][\w'-]+(?: (?:of |de |the )?[A-Z][\w'-]+)*")
INNER_NAME = re.compile(r"(?<!^)(?<![.?!] )" + NAME.pattern)
OPPOSITE = {other: one for one, other in OPPOSITES} | dict(OPPOSITES)
_SHOWN = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")"}
_CLOSING = {*".,;:?!)%", "n't"}


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
    rng = Random(seed)
    sets = {
        "squad2": read_squad(data, lambda title: title not in ASIDE),
        "nq_oracle": list(_read_nq(data, Random(seed))),
        "qamr": list(_read_qamr(data)),
        "covidqa": list(_read_covid(data)),
        "policyqa": _read_policies(data),
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
    for title, text, asked in _asked(data / "squad2" / "dev.json"):
        if not keep(title):
            continue
        question, answers = asked["question"].strip(), tuple(asked["answers"])
        if not answers:
            found.append(Example(question=question, text=text, kind="unanswerable"))
        elif place := locate(text, answers, question):
            found.append(_answered(question, text, place.span(), "squad2", answers))
    return found


def locate(text: str, answers: Sequence[str], question: str) -> re.Match[str] | None:
    """Find the answer whose neighbourhood shares most words with the question, whole words only."""
    asked = _content_words(question)
    found = []
    for answer, count in Counter(answer.strip() for answer in answers if answer.strip()).items():
        before = r"(?<![^\W_])" if answer[0].isalnum() else ""
        after = r"(?![^\W_])" if answer[-1].isalnum() else ""
        for match in re.finditer(before + re.escape(answer) + after, text, re.IGNORECASE):
            near = _content_words(text[max(0, match.start() - NEAR) : match.end() + NEAR])
            found.append(((len(asked & near), count, -match.start()), match))
    return max(found, key=lambda scored: scored[0])[1] if found else None


def crop(example: Example, rng: Random) -> Example:
    """Keep a run of sentences with the answer, or with the one most like the question."""
    text, start, end = example.text, example.start, example.end
    if len(text) <= CROPPED:
        return example
    cuts = [0, *(gap.end() for gap in SENTENCE_GAP.finditer(text)), len(text)]
    if start >= 0:
        kept = [i for i, (a, b) in enumerate(pairwise(cuts)) if a < end and b > start]
    else:
        asked = _content_words(example.question)
        sentences = [_content_words(text[a:b]) for a, b in pairwise(cuts)]
        kept = [max(range(len(sentences)), key=lambda i: (len(asked & sentences[i]), rng.random()))]
    first, last = kept[0], kept[-1] + 1
    while wider := [
        (a, b)
        for a, b in ((first - 1, last), (first, last + 1))
        if a >= 0 and b < len(cuts) and cuts[b] - cuts[a] <= CROPPED
    ]:
        first, last = rng.choice(wider)
    text, cut = text[cuts[first] : cuts[last]].rstrip(), cuts[first] if start >= 0 else 0
    return replace(example, text=text, start=start - cut, end=end - cut)


def mine(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions, each with another text that looks like its own but holds no answer."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = sorted({example.text for example in examples})
    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    pool = vectors.fit_transform(texts)
    some = list(_some(examples, rng, share))
    for at in range(0, len(some), 500):  # so many rows fit in memory
        batch = some[at : at + 500]
        likeness = (vectors.transform([example.question for example in batch]) @ pool.T).toarray()
        for example, row in zip(batch, (-likeness).argsort(1)[:, :6], strict=True):
            if lacking := [texts[i] for i in row if _lacks_answer(texts[i], example)]:
                text = rng.choice(lacking[:3])
                yield Example(question=example.question, text=text, kind="mined")


def twist(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions that ask their text of another name, number or relation."""
    every = dict.fromkeys(name for e in examples for name in INNER_NAME.findall(e.text))
    names = [name for name in every if 3 < len(name) < 40]
    for example in _some(examples, rng, share):
        asked, text = example.question, example.text
        changed = [*_rename(asked, text, names, rng), *_recount(asked, text, rng), *oppose(asked)]
        if changed:
            yield Example(question=rng.choice(changed), text=text, kind="twisted")


def move(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    """Yield questions with their text told of another name than theirs."""
    names = [
        name for e in examples for name in INNER_NAME.findall(e.text)[:2] if 3 < len(name) < 40
    ]
    for example in _some(examples, rng, share):
        asked, text = INNER_NAME.findall(example.question), example.text
        for name in rng.sample(asked, len(asked)):
            if name in text and name not in text[example.start : example.end]:
                other = rng.choice(names)
                if other not in text and other not in example.question:
                    told = text.replace(name, other)
                    yield Example(question=example.question, text=told, kind="moved")
                    break


SHARES = {
    mine: {"squad2": 0.5, "nq_oracle": 0.7, "qamr": 0.12, "covidqa": 0.4, "policyqa": 0.3},
    twist: {"squad2": 0.8, "nq_oracle": 0.5, "qamr": 0.3},
    move: {"squad2": 0.3, "nq_oracle": 0.3, "qamr": 0.1},
}
"""What share of each set's answerable questions is made unanswerable, and how."""


def swap(text: str, match: re.Match[str], new: str) -> str:
    """Put other words in the place of those matched."""
    return text[: match.start()] + new + text[match.end() :]


def oppose(text: str) -> list[str]:
    """Return the text once for each word that has an opposite, with that in its place."""
    found = re.finditer(r"[a-z-]+", text)
    return [swap(text, m, OPPOSITE[m.group()]) for m in found if m.group() in OPPOSITE]


def _rename(asked: str, text: str, names: Sequence[str], rng: Random) -> Iterator[str]:
    known = text.lower()
    for match in INNER_NAME.finditer(asked):
        if match.group() in text:
            for name in (rng.choice(names) for _ in range(20)):
                if name.lower() not in known and name.count(" ") == match.group().count(" "):
                    yield swap(asked, match, name)
                    break


def _recount(asked: str, text: str, rng: Random) -> Iterator[str]:
    for match in NUMBER.finditer(asked):
        digits = re.sub(r"\D", "", match.group())
        if match.group() in text and len(digits) < 8:
            new = int(digits) + rng.choice((-30, -11, -3, -2, -1, 1, 2, 3, 7, 12, 40))
            if new > 0 and str(new) not in text:
                yield swap(asked, match, str(new))


def _some(examples: Sequence[Example], rng: Random, share: float) -> Iterator[Example]:
    return (e for e in examples if e.start >= 0 and rng.random() < share)


def _lacks_answer(text: str, example: Example) -> bool:
    same = text == example.text or (len(text) > 60 and text[:60] in example.text)
    return not same and not any(answer.lower() in text.lower() for answer in example.answers)


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in words(text) if not is_stop_word(word)}


def _answered(
    question: str, text: str, place: tuple[int, int], kind: str, answers: Sequence[str] = ()
) -> Example:
    start, end = place
    known = tuple(answers) or (text[start:end],)
    return Example(question=question, text=text, kind=kind, start=start, end=end, answers=known)


def _read_nq(data: Path, rng: Random) -> Iterator[Example]:
    for row in _load(data / "nq_oracle" / "nq-open-oracle.jsonl"):
        question = row["question"]
        for text in [context["text"] for context in row["ctxs"][:1]]:
            if place := locate(text, row["answers"], question):
                if rng.random() < 0.5:  # the set's questions are typed, without capital and mark
                    question = question[0].upper() + question[1:] + "?"
                yield _answered(question, text, place.span(), "nq_oracle", row["answers"])


def _read_qamr(data: Path) -> Iterator[Example]:
    rng, groups = Random(5), dict[str, list[Any]]()
    for row in _load(data / "qamr" / "qa.jsonl"):
        groups.setdefault(row["sentence"], []).append(row)
    joined = [_join(sentence.split(" ")) for sentence in groups]
    for i, ((text, places), rows) in enumerate(zip(joined, groups.values(), strict=True)):
        for row in rows:
            tokens = sorted(row["answer_tokens"])
            if not tokens or tokens[-1] - tokens[0] > len(tokens) or tokens[-1] >= len(places):
                continue
            # Neighbours in the file are often of one article.
            near = [joined[j][0] for j in (i - 1, i + 1, i + 2) if 0 <= j < len(joined)]
            rng.shuffle(near)
            near = near[: rng.choice((0, 0, 1, 2))]
            split = rng.randint(0, len(near))
            before = "".join(f"{sentence} " for sentence in near[:split])
            whole = before + " ".join((text, *near[split:]))
            place = (places[tokens[0]][0] + len(before), places[tokens[-1]][1] + len(before))
            yield _answered(row["question"], whole, place, "qamr")


def _join(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Write tokens as prose; also say where each stands."""
    text, places, quoting = "", [], False
    for token in tokens:
        shown = _SHOWN.get(token, token)
        if shown == '"':
            glued, quoting = quoting, not quoting
        else:
            glued = shown in _CLOSING or shown[:1] == "'" or text.endswith(("(", "["))
            glued = glued or (quoting and text.endswith('"'))
        text += " " if text and not glued else ""
        places.append((len(text), len(text) + len(shown)))
        text += shown
    return text, places


def _read_covid(data: Path) -> Iterator[Example]:
    """Yield the questions with about 1,000 characters of the paper; offsets are often a bit off."""
    for _, paper, asked in _asked(data / "covidqa" / "covidqa.json"):
        for answer in asked["answers"][:1]:
            finding, near = answer["text"].strip(), answer["answer_start"]
            start = paper.find(finding, near, near + len(finding) + 9)
            end = start + len(finding)
            if start < 0 or len(finding) > LONGEST_FINDING:
                continue
            left = max(0, start - Random(near).randint(50, 700))
            right = max(left + 1_000, end + 20)
            left = max(paper.rfind(".", 0, left), paper.rfind("\n", 0, left)) + 1
            place = start - left, end - left
            yield _answered(asked["question"], paper[left:right], place, "covidqa")


def _read_policies(data: Path) -> list[Example]:
    found = []
    for name in ("dev.json", "test.json"):
        for _, text, asked in _asked(data / "policyqa" / name):
            start = asked["answers"][0]["answer_start"]
            place = start, start + len(asked["answers"][0]["text"])
            found.append(_answered(asked["question"], text, place, "policyqa"))
    Random(1).shuffle(found)
    return found[:POLICIES]


def _asked(file: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield the article's title, the paragraph and each of its questions."""
    for article in _load(file):
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                yield article.get("title", ""), paragraph["context"], asked


def _load(file: Path) -> Any:  # noqa: ANN401
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line]
        return json.loads(text)["data"]
    except (OSError, KeyError, ValueError) as error:
        message = f"{file} is missing or cannot be read; name the folder of all five public sets."
        raise BadCase(message) from error
