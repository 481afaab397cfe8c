import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import open_index

from corpus.errors import EmptyCorpus
from corpus.load import load_corpus
from index.build import BuildReport, build_index
from index.embed import BUNDLED, Embedder, Vectors
from index.errors import DamagedIndex
from index.generation import current_name, file_sha256
from index.passage import Passage
from index.split import PASSAGE_TOKENS

A = {
    "a.txt": "The truce\n\nIt began in March.\n\nHOW IT ENDED\n\nIt ended in 2014.",
    "b.txt": "The mayor\n\nHe denied it.",
    "c.txt": "The prison\n\nIt was full.",
}
B = {
    "a.txt": "The truce\n\nIt began in March.\n\nHOW IT ENDED\n\nNobody knows.",
    "c.txt": "The prison\n\nIt was full.",
    "d.txt": "The minister\n\nShe resigned.",
}


class Counting(Embedder):
    """The real embedder, that notes the texts it embeds."""

    def __init__(self, real: Embedder) -> None:
        self.__dict__.update(real.__dict__)
        self.texts: list[str] = []

    def embed_passages(
        self, texts: Sequence[str], *, done: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        self.texts += texts
        return super().embed_passages(texts, done=done)


class Failing(Counting):
    """Fails as a model does that runs out of memory."""

    def embed_passages(
        self, texts: Sequence[str], *, done: Callable[[int], None] = lambda _: None
    ) -> Vectors:
        raise MemoryError


def write(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        if not (folder / name).exists() or (folder / name).read_text() != text:
            (folder / name).write_text(text)
    return folder


def build(
    folder: Path,
    index: Path,
    embedder: Embedder | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    passage_tokens: int = PASSAGE_TOKENS,
) -> BuildReport:
    def load(name: str) -> Embedder:
        assert embedder is not None, "a model was loaded"
        assert name == BUNDLED
        return embedder

    return build_index(
        load_corpus([folder]), index=index, embedding_model=BUNDLED,
        passage_tokens=passage_tokens, load_embedder=load, progress=progress,
    )  # fmt: skip


def counts(report: BuildReport) -> tuple[int, ...]:
    return (report.added, report.updated, report.removed, report.unchanged)


def files(index: Path) -> dict[str, str]:
    """What stands on disk, without the lock and the files that Chroma rewrites when it opens."""
    found = [path for path in index.rglob("*") if path.is_file() and path.name != "lock"]
    found = [path for path in found if "vectors" not in path.relative_to(index).parts]
    return {str(path.relative_to(index)): file_sha256(path) for path in found}


def contents(index: Path) -> tuple[dict[str, Passage], dict[str, Vectors]]:
    generation = open_index(index)
    try:
        ids = list(generation.store.content_keys().values())
        return generation.store.passages(ids), generation.vectors.get(ids)
    finally:
        generation.close()


def test_first_build_adds_everything(tmp_path: Path, embedder: Embedder) -> None:
    counting, told = Counting(embedder), list[tuple[int, int]]()
    folder = write(tmp_path / "docs", A)
    (folder / "x.csv").write_text("1")
    report = build(folder, tmp_path / "i", counting, lambda done, total: told.append((done, total)))
    assert counts(report) == (3, 0, 0, 0)
    assert (report.documents, report.passages) == (3, 4)
    assert [skipped.path for skipped in report.skipped] == ["x.csv"]
    assert told == [(4, 4)]
    assert sorted(counting.texts)[2:] == [
        "The truce\nThe truce\n\nIt began in March.",
        "The truce > HOW IT ENDED\nHOW IT ENDED\n\nIt ended in 2014.",
    ]


def test_building_again_touches_nothing_and_loads_no_model(
    tmp_path: Path, embedder: Embedder
) -> None:
    folder, index = write(tmp_path / "docs", A), tmp_path / "i"
    build(folder, index, embedder)
    before = files(index)
    for name in A:
        os.utime(folder / name, (0, 86_400))
    report = build(folder, index, None)
    assert counts(report) == (0, 0, 0, 3)
    assert report.passages == 4
    assert files(index) == before


def test_newly_skipped_file_is_noted_without_a_model(tmp_path: Path, embedder: Embedder) -> None:
    folder, index = write(tmp_path / "docs", A), tmp_path / "i"
    build(folder, index, embedder)
    name = current_name(index)
    (folder / "x.csv").write_text("1")
    build(folder, index, None)
    generation = open_index(index)
    assert [skip.path for skip in generation.manifest.skipped] == ["x.csv"]
    assert current_name(index) == name
    generation.close()


def test_changes_are_counted_and_other_vectors_kept(tmp_path: Path, embedder: Embedder) -> None:
    folder, index, counting = write(tmp_path / "docs", A), tmp_path / "i", Counting(embedder)
    build(folder, index, embedder)
    report = build(write(folder, B), index, counting)
    assert counts(report) == (1, 1, 1, 1)
    assert sorted(counting.texts) == [
        "The minister\nThe minister\n\nShe resigned.",
        "The truce > HOW IT ENDED\nHOW IT ENDED\n\nNobody knows.",
    ]


def test_removing_a_document_embeds_nothing(tmp_path: Path, embedder: Embedder) -> None:
    folder, index, counting = write(tmp_path / "docs", A), tmp_path / "i", Counting(embedder)
    build(folder, index, embedder)
    report = build(write(folder, {"a.txt": A["a.txt"]}), index, counting)
    assert counts(report) == (0, 0, 2, 1)
    assert counting.texts == []


def test_renamed_document_keeps_its_vectors(tmp_path: Path, embedder: Embedder) -> None:
    folder, index, counting = write(tmp_path / "docs", A), tmp_path / "i", Counting(embedder)
    build(folder, index, embedder)
    report = build(write(folder, {"z.txt": A["a.txt"], "b.txt": A["b.txt"]}), index, counting)
    assert counts(report) == (1, 0, 2, 1)
    assert counting.texts == []
    assert {passage.span.document_id for passage in contents(index)[0].values()} == {
        "b.txt", "z.txt",
    }  # fmt: skip


def test_a_then_b_is_b(tmp_path: Path, embedder: Embedder) -> None:
    folder = write(tmp_path / "docs", A)
    build(folder, tmp_path / "i", embedder)
    build(write(folder, B), tmp_path / "i", embedder)
    build(folder, tmp_path / "direct", embedder)
    (passages, vectors), (wanted, direct) = contents(tmp_path / "i"), contents(tmp_path / "direct")
    assert passages == wanted
    assert vectors.keys() == direct.keys() == passages.keys()
    assert all(np.allclose(vectors[id_], direct[id_], atol=1e-5) for id_ in direct)


def test_other_settings_build_everything_again(tmp_path: Path, embedder: Embedder) -> None:
    folder, index, counting = write(tmp_path / "docs", A), tmp_path / "i", Counting(embedder)
    build(folder, index, embedder)
    assert build(folder, index, counting, passage_tokens=80).added == 3
    assert len(counting.texts) == 4


def test_failed_build_leaves_the_generation_in_use(tmp_path: Path, embedder: Embedder) -> None:
    folder, index = write(tmp_path / "docs", A), tmp_path / "i"
    build(folder, index, embedder)
    before = files(index)
    write(folder, B)
    with pytest.raises(MemoryError):
        build(folder, index, Failing(embedder))
    assert files(index) == before
    assert counts(build(folder, index, embedder)) == (1, 1, 1, 1)


def test_interrupted_build_leaves_the_generation_in_use(tmp_path: Path, embedder: Embedder) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    folder, index = write(tmp_path / "docs", A), tmp_path / "i"
    build(folder, index, embedder)
    before = files(index)
    with pytest.raises(KeyboardInterrupt):
        build(write(folder, B), index, embedder, interrupt)
    assert files(index) == before


def test_build_that_cannot_find_itself_is_refused(tmp_path: Path, embedder: Embedder) -> None:
    class Blank(Counting):
        """Gives vectors that point nowhere, so that none is near itself."""

        def embed_passages(
            self, texts: Sequence[str], *, done: Callable[[int], None] = lambda _: None
        ) -> Vectors:
            return np.zeros_like(super().embed_passages(texts, done=done))

    folder, index = write(tmp_path / "docs", A), tmp_path / "i"
    build(folder, index, embedder)
    before = files(index)
    with pytest.raises(DamagedIndex, match="the old one stays in use"):
        build(write(folder, B | {"a.txt": "All new."}), index, Blank(embedder))
    assert files(index) == before


def test_emptied_folder_leaves_the_index(tmp_path: Path, embedder: Embedder) -> None:
    folder, index = write(tmp_path / "docs", {"b.txt": A["b.txt"]}), tmp_path / "i"
    build(folder, index, embedder)
    before = files(index)
    with pytest.raises(EmptyCorpus):
        build(write(folder, {}), index, embedder)
    assert files(index) == before


def test_two_generations_are_kept(tmp_path: Path, embedder: Embedder) -> None:
    folder, index = tmp_path / "docs", tmp_path / "i"
    for n in range(4):
        build(write(folder, {"a.txt": f"Version {n}."}), index, embedder)
    assert len(list((index / "generations").iterdir())) == 2


def test_copies_of_a_document_can_be_updated(tmp_path: Path, embedder: Embedder) -> None:
    copies = {"b.txt": A["b.txt"], "copy.txt": A["b.txt"]}
    folder, index = write(tmp_path / "docs", copies | {"c.txt": "Old."}), tmp_path / "i"
    build(folder, index, embedder)
    report = build(write(folder, copies | {"c.txt": "New."}), index, embedder)
    assert counts(report) == (0, 1, 0, 2)
