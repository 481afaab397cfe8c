"""What tests share: the real embedder, a real index of the bundled documents, the public sets."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.ask import Reader
from corpus.load import Corpus, load_corpus
from index.build import build_index
from index.embed import BUNDLED, Embedder
from index.generation import Generation, open_current
from index.split import PASSAGE_TOKENS

ROOT = Path(__file__).parent.parent
DOCUMENTS = ROOT / "corpus" / "documents"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        if name != "FOOTNOTE_TEST_DATA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder(BUNDLED)


@pytest.fixture(scope="session")
def bundled_corpus() -> Corpus:
    return load_corpus([DOCUMENTS])


@pytest.fixture(scope="session")
def bundled_index(
    tmp_path_factory: pytest.TempPathFactory, bundled_corpus: Corpus, embedder: Embedder
) -> Path:
    """The folder of a real index of corpus/documents."""
    folder = tmp_path_factory.mktemp("index")
    build(bundled_corpus, folder, embedder)
    return folder


@pytest.fixture(scope="session")
def generation(bundled_index: Path) -> Iterator[Generation]:
    opened = open_index(bundled_index)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def reader(generation: Generation, embedder: Embedder) -> Reader:
    """What answers from the bundled documents, with no model."""
    return Reader(generation=generation, embedder=embedder)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of public sets, which are not part of the project."""
    folder = os.environ.get("FOOTNOTE_TEST_DATA")
    if not folder:
        pytest.skip("FOOTNOTE_TEST_DATA does not name a folder of public sets")
    path = Path(folder)
    return path if path.is_absolute() else (ROOT / path)


def build(corpus: Corpus, folder: Path, embedder: Embedder) -> None:
    build_index(
        corpus,
        index=folder,
        embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS,
        load_embedder=lambda _: embedder,
    )


def open_index(folder: Path) -> Generation:
    return open_current(folder, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
