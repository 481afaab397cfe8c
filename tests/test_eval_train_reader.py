import hashlib
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from test_eval_reader_examples import write_sets
from test_eval_reader_written import write_lines

from eval import reader_written, train_reader
from eval.reader_examples import Example
from eval.reader_written import LOTS
from eval.train_reader import (
    BATCH_PIECES,
    LONGEST_PIECES,
    MEAN_OF,
    encode,
    fix_embeddings,
    main,
    make_batches,
)
from index.bundled_model import INPUTS, load_tokenizer, open_session

TEXT = "In 1801, Ada Finch built the bridge. It fell in a storm."


def example(answer: str = "", *, text: str = TEXT, kind: str = "x") -> Example:
    start = text.index(answer) if answer else -1
    end = start + len(answer) if answer else -1
    return Example(question="Who built it?", text=text, kind=kind, start=start, end=end)


@pytest.mark.parametrize("answer", ["Ada Finch", "1801", "In 1801, Ada Finch", "storm"])
def test_the_span_is_on_the_pieces_of_the_answer(answer: str) -> None:
    tokenizer = load_tokenizer()
    (encoded,) = encode([example(answer)])
    assert encoded.types == [0] * 6 + [1] * (len(encoded.ids) - 6)
    assert tokenizer.decode(encoded.ids[encoded.start : encoded.end + 1]) == (
        tokenizer.decode(tokenizer.encode(answer, add_special_tokens=False).ids)
    )


def test_what_has_no_span_points_at_the_first_piece() -> None:
    (encoded,) = encode([example()])
    assert (encoded.start, encoded.end) == (0, 0)


def test_a_long_text_is_cut_and_an_answer_past_the_cut_left_out() -> None:
    filler = "The day was dull. " * 100
    early, late = (example("Ada", text=text) for text in (TEXT + filler, filler + TEXT))
    (cut,) = encode([early, late])
    assert len(cut.ids) == len(cut.types) == LONGEST_PIECES
    assert cut.ids[-1] == load_tokenizer().token_to_id("[SEP]")
    assert "ada" in load_tokenizer().decode(cut.ids)[:60]


def test_batches_hold_every_example_and_no_more_than_fits() -> None:
    examples = [example("Ada", text=TEXT + " It rained." * (i % 40)) for i in range(200)]
    batches = make_batches(examples, Random(0))
    assert sum(map(len, batches)) == 200
    assert max(len(b) * max(len(one.ids) for one in b) for b in batches) <= BATCH_PIECES * 1.2
    assert make_batches([], Random(0)) == []


def test_fixed_embeddings_stand_on_even_steps_and_learn_no_more() -> None:
    import torch

    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(300, 40))
    before = weight.detach().clone()
    fix_embeddings(weight)
    steps = torch.unique(weight.detach())
    assert 100 < len(steps) <= 256
    whole = steps / steps.abs()[steps != 0].min()
    assert float((whole - whole.round()).abs().max()) < 0.001
    assert 0 < float((weight - before).abs().mean()) < 0.05
    assert not weight.requires_grad


def test_missing_data_is_said_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_tiny_training_run_exports_a_model_that_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "reader"
    write_lines(tmp_path)
    monkeypatch.setattr(reader_written, "WRITTEN", tmp_path)
    lots = tuple(replace(lot, again=20) for lot in LOTS if lot.stage in MEAN_OF[1:])
    monkeypatch.setattr(train_reader, "LOTS", lots)
    assert main([str(write_sets(tmp_path / "data")), "--out", str(out)]) == 0
    assert "ninth stage: " in capsys.readouterr().err
    model = (out / "reader.onnx").read_bytes()
    sealed = (out / "reader.sha256").read_text()
    assert sealed == f"{hashlib.sha256(model).hexdigest()}  reader.onnx\n"
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["questions"] == 9
    assert metrics["written_questions"] == 8
    assert all(0 <= metrics[name] <= 1 for name in metrics if "questions" not in name)
    ids = np.full((1, 12), 2000, np.int64)
    feed = dict(zip(INPUTS, (ids, np.ones_like(ids), np.zeros_like(ids)), strict=True))
    spans, answerable = open_session(model).run(None, feed)
    assert spans.shape == (1, 12, 2)
    assert answerable.shape == (1,)
    assert np.isfinite(spans).all()
    assert np.isfinite(answerable).all()
