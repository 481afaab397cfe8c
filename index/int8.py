"""Exports a torch module of the bundled model's kind to int8 ONNX, and opens what was exported."""

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def open_session(model: bytes) -> Any:  # noqa: ANN401
    """Return an onnxruntime session on one thread: callers run one text a thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def export_int8(make_module: Callable[[], Any], *, outputs: Sequence[str]) -> bytes:
    """Return a torch module that takes INPUTS `[texts, pieces]` as int8 ONNX; torch is needed.

    Seven bits of the eight are used: processors without VNNI would overflow on the eighth, and a
    result would depend on the machine.
    """
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = torch.ones(1, 8, dtype=torch.long)
    with tempfile.TemporaryDirectory() as scratch, _silence():
        full, small = Path(scratch, "fp32.onnx"), Path(scratch, "int8.onnx")
        torch.onnx.export(
            make_module().eval(),
            (example, example, example * 0),
            str(full),
            input_names=list(INPUTS),
            output_names=list(outputs),
            dynamic_axes={name: {0: "texts", 1: "pieces"} for name in (*INPUTS, *outputs)},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            full, small, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
        return small.read_bytes()


@contextmanager
def _silence() -> Iterator[None]:
    """The tracer and the quantiser warn of nothing that a user could mend."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
