import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from conftest import open_index
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

import index.build
from corpus.blocks import Block, Extract, make_document
from corpus.document import Document
from corpus.errors import EmptyCorpus
from corpus.load import Corpus, Skipped, load_corpus
from index.build import BuildReport, build_index, reusable
from index.embed import BUNDLED, Bounds, Embedded, Embedder
from index.errors import DamagedIndex, MissingIndex
from index.generation import current_name, roll_back
from index.manifest import file_sha256
from index.packed import Vectors
from index.prepare import JOURNAL
from index.search import find_candidates, search
from index.split import PASSAGE_TOKENS

A = {
    "a.txt": "The truce\n\nIt began in March.\n\nHOW IT ENDED\n\nIt ended in 2014.",
    "b.txt": "The mayor\n\nHe denied it.",
    "c.txt": "The prison\n\nIt was full.",
    "e.txt": "The church\n\nIt was empty.",
    "f.txt": "The square\n\nIt was crowded.",
    "g.txt": "The market\n\nIt was closed.",
    "i.txt": "The harbour\n\nIt was busy.",
    "j.txt": "The bridge\n\nIt was long.",
}
B = {
    "a.txt": "The truce\n\nIt began in March.\n\nHOW IT ENDED\n\nNobody knows.",
    "c.txt": A["c.txt"],
    "d.txt": "The minister\n\nShe resigned.",
    "e.txt": A["e.txt"],
    "f.txt": A["f.txt"],
    "g.txt": A["g.txt"],
    "i.txt": A["i.txt"],
    "j.txt": A["j.txt"],
}


class Counting:
    """The real embedder, that notes the texts it embeds, and gives up after `most`."""

    def __init__(self, real: Embedder, most: int = 1_000) -> None:
        self.name = real.name
        self.dimensions = real.dimensions
        self.longest_pieces = real.longest_pieces
        self.texts: list[str] = []
        self._real = real
        self._most = most

    def count_pieces(self, text: str) -> int:
        return self._real.count_pieces(text)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._real.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        if len(self.texts) + len(texts) > self._most:
            raise MemoryError
        self.texts += texts
        return self._real.embed_passages(texts, bounds)


class Blank(Counting):
    """Gives vectors that point nowhere, so that none is near itself."""

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        return [Embedded(e.passage * 0, e.sentences) for e in super().embed_passages(texts, bounds)]


def document(id_: str, text: str) -> Document:
    blocks = [
        Block(paragraph, 1 if n == 0 else 2 * paragraph.isupper())
        for n, paragraph in enumerate(text.split("\n\n"))
    ]
    when = datetime(2024, 1, 1, tzinfo=UTC)
    return make_document(
        Extract(blocks=blocks), document_id=id_, fallback_title=id_, modified_at=when
    )


def corpus_of(texts: Mapping[str, str], *skipped: str) -> Corpus:
    documents = tuple(document(id_, text) for id_, text in sorted(texts.items()))
    return Corpus(documents, tuple(Skipped(path, "no reader") for path in skipped))


def build(
    corpus: Corpus | Mapping[str, str],
    folder: Path,
    embedder: Embedder | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    passage_tokens: int = PASSAGE_TOKENS,
) -> BuildReport:
    def load(name: str) -> Embedder:
        assert embedder is not None, "a model was loaded"
        assert name == BUNDLED
        return embedder

    return build_index(
        corpus if isinstance(corpus, Corpus) else corpus_of(corpus), index=folder,
        passage_tokens=passage_tokens, load_embedder=load, progress=progress,
    )  # fmt: skip


def counts(report: BuildReport) -> tuple[int, ...]:
    return (report.added, report.updated, report.removed, report.unchanged)


def files(folder: Path) -> dict[str, str]:
    """What stands on disk, without locks and the journal of a build that failed."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    found = [p for p in found if "lock" not in p.name and not p.name.startswith(JOURNAL)]
    return {str(path.relative_to(folder)): file_sha256(path) for path in found}


def numbers(folder: Path) -> dict[str, int]:
    """Each passage's number by its id."""
    generation = open_index(folder)
    try:
        stored = generation.store.passages(generation.store.numbers())
        return {s.passage.id: s.number for s in stored}
    finally:
        generation.close()


QUERIES = ["When did the truce begin?", "Who denied it?", "gangs", "the weapons of 2012", "zzz"]


def contents(folder: Path, embedder: Embedder) -> tuple[list[object], list[dict[str, float]]]:
    """Everything in an index that does not hang on how it came to be, and scores by passage."""
    generation = open_index(folder)
    try:
        parts: list[object] = [
            [generation.document(id_) for id_ in generation.store.titles()],
            generation.languages,
        ]
        stored = generation.store.passages(generation.store.numbers())
        for passage in sorted(stored, key=lambda s: s.passage.id):
            first = passage.first_sentence
            rows = range(first, first + len(passage.bounds))
            vectors = (
                generation.passage_vectors.rows([passage.number]).tobytes(),
                generation.sentence_vectors.rows(rows).tobytes(),
            )
            parts.append((replace(passage, number=0, first_sentence=0), vectors))
        parts.append((generation.graph().count(), generation.words.count()))
        parts.append(generation.manifest.documents)
        found = [find_candidates(q, generation=generation, embedder=embedder) for q in QUERIES]
        return parts, [{c.passage.id: c.score for c in candidates} for candidates in found]
    finally:
        generation.close()


def assert_same_contents(
    one: Path, other: Path, embedder: Embedder, *, scores_differ_by: float = 0.05
) -> None:
    """Scores may differ a little: words of removed passages count until a merge."""
    (parts, found), (wanted, sought) = contents(one, embedder), contents(other, embedder)
    assert parts == wanted
    for scores, right in zip(found, sought, strict=True):
        assert scores == pytest.approx(right, abs=scores_differ_by)


def test_first_build_adds_everything(tmp_path: Path, embedder: Embedder) -> None:
    counting, told = Counting(embedder), list[tuple[int, int]]()
    corpus = corpus_of(A, "x.csv")
    report = build(corpus, tmp_path, counting, lambda done, total: told.append((done, total)))
    assert counts(report) == (8, 0, 0, 0)
    assert (report.documents, report.passages, report.duplicates) == (8, 9, ())
    assert report.skipped == corpus.skipped
    assert told[-1] == (sum(len(d.text) for d in corpus.documents),) * 2
    assert told == sorted(told)
    assert counting.texts[:2] == [
        "The truce\nThe truce\n\nIt began in March.",
        "The truce > HOW IT ENDED\nHOW IT ENDED\n\nIt ended in 2014.",
    ]
    assert not list(tmp_path.glob(JOURNAL + "*"))


def test_building_again_touches_nothing_and_loads_no_model(
    tmp_path: Path, embedder: Embedder
) -> None:
    build(A, tmp_path, embedder)
    before = files(tmp_path)
    later = corpus_of(A)
    later = replace(
        later, documents=tuple(replace(d, modified_at=datetime.now(UTC)) for d in later.documents)
    )
    report = build(later, tmp_path, None)
    assert counts(report) == (0, 0, 0, 8)
    assert report.passages == 9
    assert files(tmp_path) == before


def test_newly_skipped_file_is_noted_without_a_model(tmp_path: Path, embedder: Embedder) -> None:
    build(A, tmp_path, embedder)
    name, before = current_name(tmp_path), files(tmp_path)
    report = build(corpus_of(A, "x.csv"), tmp_path, None)
    assert [skip.path for skip in report.skipped] == ["x.csv"]
    generation = open_index(tmp_path)
    assert [skip.path for skip in generation.manifest.skipped] == ["x.csv"]
    generation.close()
    assert current_name(tmp_path) == name
    changed = {path for path, sha in files(tmp_path).items() if before.get(path) != sha}
    assert changed == {f"generations/{name}/manifest.json"}


def test_changes_are_counted_and_other_vectors_kept(tmp_path: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    build(A, tmp_path / "i", embedder)
    before = numbers(tmp_path / "i")
    report = build(B, tmp_path / "i", counting)
    assert counts(report) == (1, 1, 1, 6)
    assert sorted(counting.texts) == [
        "The minister\nThe minister\n\nShe resigned.",
        "The truce > HOW IT ENDED\nHOW IT ENDED\n\nNobody knows.",
    ]
    after = numbers(tmp_path / "i")
    kept = {id_ for id_ in after if id_.split("#")[0] not in ("a.txt", "d.txt")}
    assert {id_: after[id_] for id_ in kept} == {id_: before[id_] for id_ in kept}
    assert min(after[id_] for id_ in after.keys() - kept) > max(before.values())
    build(B, tmp_path / "fresh", embedder)
    assert_same_contents(tmp_path / "i", tmp_path / "fresh", embedder)


def test_scores_are_exactly_those_of_a_fresh_build(tmp_path: Path, embedder: Embedder) -> None:
    for texts in (A, B):
        build(texts, tmp_path / "i", embedder)
    build(B, tmp_path / "fresh", embedder)
    one, other = tmp_path / "i", tmp_path / "fresh"
    assert_same_contents(one, other, embedder, scores_differ_by=1e-5)


def test_removing_a_document_embeds_nothing(tmp_path: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    build(A, tmp_path, embedder)
    left = {id_: text for id_, text in A.items() if id_ not in ("b.txt", "c.txt")}
    assert counts(build(left, tmp_path, counting)) == (0, 0, 2, 6)
    assert counting.texts == []
    assert {id_.split("#")[0] for id_ in numbers(tmp_path)} == left.keys()


def test_renamed_document_keeps_its_vectors(tmp_path: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    build(A, tmp_path, embedder)
    renamed = {id_: text for id_, text in A.items() if id_ != "a.txt"} | {"z.txt": A["a.txt"]}
    assert counts(build(renamed, tmp_path, counting)) == (1, 0, 1, 7)
    assert counting.texts == []
    assert {id_.split("#")[0] for id_ in numbers(tmp_path)} == renamed.keys()


def test_all_documents_replaced(tmp_path: Path, embedder: Embedder) -> None:
    build(A, tmp_path / "i", embedder)
    new = {f"new/{n}.txt": f"Number {n}\n\nThe weapons of 2012 were {n}." for n in range(4)}
    assert counts(build(new, tmp_path / "i", embedder)) == (4, 0, 8, 0)
    assert set(numbers(tmp_path / "i").values()) == {0, 1, 2, 3}
    build(new, tmp_path / "fresh", embedder)
    assert_same_contents(tmp_path / "i", tmp_path / "fresh", embedder)


@pytest.mark.parametrize("text", ["x", "Words.", "words " * 40])
def test_corpus_of_one_passage(tmp_path: Path, embedder: Embedder, text: str) -> None:
    assert build({"a.txt": text}, tmp_path, embedder).passages == 1
    generation = open_index(tmp_path)
    (hit,) = search("words", generation=generation, embedder=embedder)
    generation.close()
    assert hit.passage.text == text.strip()
    assert counts(build({"a.txt": text}, tmp_path, None)) == (0, 0, 0, 1)
    assert counts(build({"a.txt": text + " more"}, tmp_path, embedder)) == (0, 1, 0, 0)


def test_many_small_changes_lead_to_a_fresh_write(tmp_path: Path, embedder: Embedder) -> None:
    texts = {f"{n}.txt": f"Number {n}\n\nThe weapons were {n}." for n in range(8)}
    build(texts, tmp_path, embedder)
    rows = []
    for n in range(5):
        texts["0.txt"] = f"Version {n}\n\nIt is number {n}."
        build(texts, tmp_path, embedder)
        generation = open_index(tmp_path)
        rows.append(generation.passage_vectors.count)
        assert generation.manifest.passage_count == generation.graph().count() == 8
        generation.close()
    assert rows == [9, 10, 11, 8, 9]


NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt"])
LINES = st.sampled_from([
    "The truce began in March.", "The mayor denied it.", "Gangs gave up the weapons of 2012.",
    "El alcalde negó la tregua en 2012.", "Nobody knows.",
])  # fmt: skip
STEPS = st.lists(
    st.dictionaries(
        NAMES, st.one_of(st.none(), st.lists(LINES, min_size=1)), min_size=1, max_size=2
    ),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a build is too slow to look for the least example
)
@given(steps=STEPS)
@example(steps=[{"a.txt": None}, {"b.txt": None}, {"c.txt": None}, {"a.txt": ["Nobody knows."]}])
@example(steps=[{"a.txt": ["Nobody knows."]}, {"a.txt": ["The truce began."]}, {"a.txt": None}])
def test_any_changes_lead_to_what_a_fresh_build_gives(
    embedder: Embedder, steps: list[dict[str, list[str] | None]]
) -> None:
    texts = {f"{n}.txt": f"Title {n}\n\nThis is text number {n}." for n in range(5)}
    texts |= {"a.txt": "The truce\n\nThe truce began in March."}
    with TemporaryDirectory() as name:
        folder = Path(name)
        build(texts, folder / "i", embedder)
        for step in steps:
            before = dict(texts)
            for id_, lines in step.items():
                texts.pop(id_, None)
                if lines is not None:
                    texts[id_] = "Of " + id_ + "\n\n" + "\n\n".join(lines)
            report = build(texts, folder / "i", embedder)
            assert counts(report) == (
                len(texts.keys() - before.keys()),
                sum(text != before.get(id_, text) for id_, text in texts.items()),
                len(before.keys() - texts.keys()),
                sum(text == before.get(id_) for id_, text in texts.items()),
            )
        build(texts, folder / "fresh", embedder)
        assert_same_contents(folder / "i", folder / "fresh", embedder)


def test_word_of_removed_documents_is_unknown(tmp_path: Path, embedder: Embedder) -> None:
    texts = {f"{n}.txt": f"Number {n}\n\nThe weapons were {n}." for n in range(6)}
    texts |= {"a.txt": "President Bukele spoke.", "b.txt": "Bukelle stood here once."}
    build(texts, tmp_path, embedder)
    del texts["b.txt"]
    build(texts, tmp_path, embedder)
    generation = open_index(tmp_path)
    (hit,) = search("Bukelle", generation=generation, embedder=embedder, k=1)
    generation.close()
    assert hit.passage.span.document_id == "a.txt"
    assert hit.found_by == ("dense", "keyword")


def test_other_settings_build_everything_again(tmp_path: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    build(A, tmp_path, embedder)
    assert build(A, tmp_path, counting, passage_tokens=80).added == 8
    assert len(counting.texts) == 9


def test_another_model_under_the_name_builds_everything_again(
    tmp_path: Path, embedder: Embedder
) -> None:
    class Turned(Counting):
        def embed_queries(self, texts: Sequence[str]) -> Vectors:
            return np.roll(super().embed_queries(texts), 5, axis=1)

        def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
            return [
                Embedded(np.roll(e.passage, 5), np.roll(e.sentences, 5, axis=1))
                for e in super().embed_passages(texts, bounds)
            ]

    build(A, tmp_path, embedder)
    turned = Turned(embedder)
    report = build(B, tmp_path, turned)
    assert len(turned.texts) == report.passages
    assert counts(report) == (8, 0, 0, 0)
    generation = open_index(tmp_path)
    generation.require(turned)
    generation.close()


def test_failed_build_leaves_the_generation_in_use(tmp_path: Path, embedder: Embedder) -> None:
    build(A, tmp_path, embedder)
    before = files(tmp_path)
    with pytest.raises(MemoryError):
        build(B, tmp_path, Counting(embedder, most=0))
    assert files(tmp_path) == before
    assert counts(build(B, tmp_path, embedder)) == (1, 1, 1, 6)


def test_interrupted_build_leaves_the_generation_in_use(tmp_path: Path, embedder: Embedder) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    build(A, tmp_path, embedder)
    before = files(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        build(B, tmp_path, embedder, interrupt)
    assert before.items() <= files(tmp_path).items()
    assert counts(build(B, tmp_path, embedder)) == (1, 1, 1, 6)
    assert len(list((tmp_path / "generations").iterdir())) == 2


def test_interrupted_build_leaves_nothing(tmp_path: Path, embedder: Embedder) -> None:
    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    for n in range(5):
        with pytest.raises(KeyboardInterrupt):
            build(A, tmp_path / str(n), embedder, interrupt)
        assert list((tmp_path / str(n) / "generations").iterdir()) == []


def test_build_that_was_cut_short_goes_on_where_it_was(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.build, "BATCH", 2)
    first, second = Counting(embedder, most=5), Counting(embedder)
    with pytest.raises(MemoryError):
        build(A, tmp_path / "i", first)
    assert len(first.texts) == 4
    assert current_name(tmp_path / "i") is None
    assert (tmp_path / "i" / JOURNAL).exists()
    build(A, tmp_path / "i", second)
    assert len(second.texts) == 5
    assert not {*first.texts} & {*second.texts}
    assert not (tmp_path / "i" / JOURNAL).exists()
    build(A, tmp_path / "fresh", embedder)
    assert_same_contents(tmp_path / "i", tmp_path / "fresh", embedder)


def test_passages_of_the_same_words_are_embedded_once(tmp_path: Path, embedder: Embedder) -> None:
    counting = Counting(embedder)
    report = build({f"{n}.txt": A["b.txt"] for n in range(5)}, tmp_path, counting)
    assert report.passages == 5
    assert counting.texts == ["The mayor\nThe mayor\n\nHe denied it."]


def test_build_that_cannot_find_itself_is_refused(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.build.EXACT_PASSAGES", 0)
    build(A, tmp_path, embedder)
    before = files(tmp_path)
    with pytest.raises(DamagedIndex, match="the old one stays in use"):
        build(B | {"a.txt": "All new."}, tmp_path, Blank(embedder))
    assert files(tmp_path) == before


def test_two_generations_are_kept(tmp_path: Path, embedder: Embedder) -> None:
    for n in range(4):
        build({"a.txt": f"Version {n}."}, tmp_path, embedder)
    assert len(list((tmp_path / "generations").iterdir())) == 2


def test_build_after_going_back_is_counted_from_there(tmp_path: Path, embedder: Embedder) -> None:
    build(A, tmp_path, embedder)
    build(B, tmp_path, embedder)
    roll_back(tmp_path)
    assert counts(build(A, tmp_path, None)) == (0, 0, 0, 8)
    assert counts(build(B, tmp_path, embedder)) == (1, 1, 1, 6)
    with_b = numbers(tmp_path)
    assert {id_.split("#")[0] for id_ in with_b} == B.keys()


def test_duplicates_are_named(tmp_path: Path, embedder: Embedder) -> None:
    texts = A | {"h.txt": A["b.txt"], "a/copy.txt": A["b.txt"]}
    wanted = (("b.txt", "a/copy.txt"), ("h.txt", "a/copy.txt"))
    assert build(texts, tmp_path, embedder).duplicates == wanted
    assert build(texts, tmp_path, None).duplicates == wanted


def test_copies_of_a_document_can_be_updated(tmp_path: Path, embedder: Embedder) -> None:
    copies = A | {"copy.txt": A["b.txt"]}
    build(copies | {"c.txt": "Old."}, tmp_path / "i", embedder)
    report = build(copies | {"c.txt": "New."}, tmp_path / "i", embedder)
    assert counts(report) == (0, 1, 0, 8)
    build(copies | {"c.txt": "New."}, tmp_path / "fresh", embedder)
    assert_same_contents(tmp_path / "i", tmp_path / "fresh", embedder)


# From files


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def test_files_of_the_same_bytes_are_not_read_again(tmp_path: Path, embedder: Embedder) -> None:
    folder, where = write(tmp_path / "docs", A), tmp_path / "i"
    none = reusable(where, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    assert none("b.txt", "") is None
    corpus = load_corpus([folder])
    build(corpus, where, embedder)
    find = reusable(where, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    sha256 = corpus.file_sha256["b.txt"]
    found = find("b.txt", sha256)
    assert found is not None
    assert found == next(d for d in corpus.documents if d.id == "b.txt")
    assert find("b.txt", "") is None
    assert find("b.txt", sha256[::-1]) is None
    assert find("z.txt", sha256) is None
    other = reusable(where, embedding_model=BUNDLED, passage_tokens=80)
    assert other("b.txt", sha256) is None
    again = load_corpus([folder], reuse=find)
    assert counts(build(again, where, None)) == (0, 0, 0, 8)
    changed = load_corpus([write(folder, B)], reuse=find)
    assert counts(build(changed, where, embedder)) == (1, 1, 1, 6)


def test_touched_files_are_unchanged(tmp_path: Path, embedder: Embedder) -> None:
    folder, where = write(tmp_path / "docs", A), tmp_path / "i"
    build(load_corpus([folder]), where, embedder)
    before = files(where)
    for name in A:
        os.utime(folder / name, (0, 86_400))
    assert counts(build(load_corpus([folder]), where, None)) == (0, 0, 0, 8)
    assert files(where) == before


def test_emptied_folder_leaves_the_index(tmp_path: Path, embedder: Embedder) -> None:
    folder, where = write(tmp_path / "docs", {"b.txt": A["b.txt"]}), tmp_path / "i"
    build(load_corpus([folder]), where, embedder)
    before = files(where)
    with pytest.raises(EmptyCorpus):
        build(load_corpus([write(folder, {})]), where, embedder)
    assert files(where) == before


def test_nothing_was_built_when_the_first_build_fails(tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(MemoryError):
        build(A, tmp_path, Counting(embedder, most=0))
    assert list((tmp_path / "generations").iterdir()) == []
    with pytest.raises(MissingIndex):
        open_index(tmp_path)
