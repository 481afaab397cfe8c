"""Whatever ends a build, and whatever is done to its files: the index in use answers, or says why.

Builds run as processes of their own (`fault.py`), and are really killed.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT, open_index
from fault import SMALL_BATCH

import footnote
from corpus.load import Corpus, load_corpus
from index.build import build_index
from index.embed import BUNDLED, Bounds, Embedded, Embedder
from index.errors import DamagedIndex, IndexBusy, MissingIndex, StaleIndex, UnwritableIndex
from index.generation import Generation, current_name, open_current, roll_back
from index.manifest import file_sha256
from index.search import search
from index.split import PASSAGE_TOKENS

THINGS = (
    *("lantern", "bridge", "orchard", "ferry", "windmill", "chapel", "quarry", "bakery"),
    *("library", "harbour", "tunnel", "garden", "market", "theatre", "fountain", "stable"),
    *("brewery", "academy", "lighthouse", "granary", "foundry", "cemetery", "station", "school"),
)
ANSWERED, KEPT = range(len(THINGS)), 2
FEW, MANY = 5, len(THINGS)
"""How many documents change: a copy of the generation is worth while, or it is not."""


def write(folder: Path, *, changed: int = 0) -> Path:
    """The first `changed` documents say something new, and as many less three are added."""
    folder.mkdir(exist_ok=True)
    for number, thing in enumerate(THINGS):
        maker = "Ottilie Brandt" if number < changed else "Casimir Lund"
        text = f"The {thing}\n\nThe {thing} was built by {maker} in {1800 + number}.\n"
        path = folder / f"{thing}.txt"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    for number in range(changed - 3):
        text = f"Island {number}\n\nOn island {number} lives a hermit called Zeno {number}.\n"
        (folder / f"island-{number}.txt").write_text(text)
    return folder


def answers(index: Path, embedder: Embedder) -> list[str]:
    """Who the index says built each thing, with the document it says so from."""
    with closing(open_index(index)) as generation:
        return [builder(generation, thing, embedder) for thing in THINGS]


def builder(generation: Generation, thing: str, embedder: Embedder) -> str:
    question = f"Who built the {thing}?"
    hit = search(question, generation=generation, embedder=embedder, k=1)[0]
    assert hit.passage.span.document_id == f"{thing}.txt"
    text = generation.document(f"{thing}.txt").text
    assert text[hit.passage.span.start : hit.passage.span.end] == hit.passage.text
    found = re.search(r"built by (\w+ \w+) in", hit.passage.text)
    assert found
    return found[1]


def expected(changed: int) -> list[str]:
    return ["Ottilie Brandt"] * changed + ["Casimir Lund"] * (len(THINGS) - changed)


class Counting:
    """The real embedder, that notes what it is asked for."""

    def __init__(self, real: Embedder) -> None:
        self._real, self.texts = real, list[str]()
        self.name, self.dimensions = real.name, real.dimensions
        self.longest_pieces, self.count_pieces = real.longest_pieces, real.count_pieces
        self.embed_queries = real.embed_queries

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        self.texts += texts
        return self._real.embed_passages(texts, bounds)


def build(documents: Path | Corpus, index: Path, embedder: Embedder) -> None:
    corpus = documents if isinstance(documents, Corpus) else load_corpus([documents])
    build_index(
        corpus, index=index, embedding_model=BUNDLED,
        passage_tokens=PASSAGE_TOKENS, load_embedder=lambda _: embedder,
    )  # fmt: skip


class Faulty:
    """Runs builds that end badly, one after the other, from a process with all imported."""

    def __init__(self, folder: Path) -> None:
        self._running = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "fault.py")], cwd=folder, env=environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, index: Path, documents: Path, *fault: str) -> tuple[int, str]:
        """Return the exit code and what was written to stderr."""
        assert self._running.stdin
        assert self._running.stdout
        line = json.dumps([str(index), str(documents), *fault])
        print(line, file=self._running.stdin, flush=True)
        code, said = json.loads(self._running.stdout.readline())
        return code, said

    def close(self) -> None:
        self._running.communicate(timeout=60)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with closing(Faulty(tmp_path_factory.mktemp("faulty"))) as runs:
        yield runs


def command(index: Path, documents: Path, *fault: str) -> list[str]:
    return [sys.executable, str(ROOT / "tests" / "fault.py"), str(index), str(documents), *fault]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def sentence(err: str) -> str:
    """The one sentence that a command which cannot do its work says."""
    assert "Traceback" not in err
    assert err.startswith("footnote: "), err
    assert err.endswith(".\n")
    assert err.count("\n") == 1, err
    return err


def remembered(index: Path) -> int:
    """How many passages the journal holds."""
    if not (index / "unfinished.sqlite").exists():
        return 0
    with closing(sqlite3.connect(index / "unfinished.sqlite")) as journal:
        return int(journal.execute("SELECT count(*) FROM rows").fetchone()[0])


def leftovers(index: Path) -> list[str]:
    """All that a finished build has no use for: every path but those that should be there."""
    name = current_name(index)
    whole = [p.parent.name for p in (index / "generations").glob("*/manifest.json")]
    earlier = max((other for other in whole if other < str(name)), default=None)
    wanted = {"CURRENT", "lock", "generations", *(f"generations/{n}" for n in (name, earlier))}
    found = [*index.glob("*"), *(index / "generations").glob("*")]
    return sorted({p.relative_to(index).as_posix() for p in found} - wanted)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A folder of documents and their index, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    build(write(folder / "docs"), folder / "index", embedder)
    return folder


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    """A copy of both that a test may spoil."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return tmp_path


@dataclass(frozen=True)
class Point:
    """Where a build is killed, how many documents it had to update, and what holds then."""

    at: str
    when: str
    nth: int = 1
    changed: int = FEW
    swapped: bool = False
    journal: int | None = None

    def __str__(self) -> str:
        where = self.at.partition(":")[2]
        return f"{self.when}-{where}-{self.nth}-of-{self.changed}"


POINTS = (
    Point("index.prepare:Journal._open", "after", journal=0),
    Point("index.prepare:Journal.put", "after", journal=2),
    Point("index.prepare:Journal.put", "after", nth=3, journal=6),
    Point("index.prepare:Journal.put", "after", nth=7, changed=MANY, journal=14),
    Point("index.store:Store.remove_document", "after", nth=2),
    Point("index.store:Store.add_passage", "before", nth=4, changed=MANY),
    Point("index.store:Store.commit", "before"),
    Point("index.writer:write_words", "before"),
    Point("index.writer:write_words", "after", changed=MANY),
    Point("index.vectors:VectorStore.add", "before", nth=2),
    Point("index.vectors:VectorStore.add", "after", nth=2),
    Point("index.build:_prove", "before", journal=FEW * 2 - 3),
    Point("index.vectors:VectorStore.read", "after"),  # as it is proved
    Point("index.build:sync", "after"),
    Point("index.manifest:Path.replace", "before"),  # the manifest's, written under another name
    Point("index.build:write_manifest", "after", journal=FEW * 2 - 3),
    Point("index.manifest:Path.replace", "before", nth=2),  # CURRENT's
    Point("index.manifest:Path.replace", "after", nth=2, swapped=True),
    Point("index.build:swap", "after", swapped=True),
)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Corpus]:
    """What the documents are after so many changed, read once."""
    folders = {n: write(tmp_path_factory.mktemp("docs") / "docs", changed=n) for n in (FEW, MANY)}
    return {changed: load_corpus([folder]) for changed, folder in folders.items()}


@dataclass(frozen=True)
class Killed:
    """What was found after a build was killed, and after the next one."""

    point: Point
    code: int
    journal: int
    answers_then: list[str]
    embedded: int
    answers_after: list[str]
    leftovers: list[str]


@pytest.fixture(scope="module", params=POINTS, ids=str)
def killed(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    embedder: Embedder,
    corpora: dict[int, Corpus],
    faulty: Faulty,
) -> Iterator[Killed]:
    point: Point = request.param
    place = tmp_path_factory.mktemp("killed")
    index, counting = place / "index", Counting(embedder)
    shutil.copytree(template, place, dirs_exist_ok=True)
    documents = write(place / "docs", changed=point.changed)
    code, _ = faulty(index, documents, "kill", point.at, point.when, str(point.nth))
    journal, then = remembered(index), answers(index, embedder)
    build(corpora[point.changed], index, counting)
    after, left = answers(index, embedder), leftovers(index)
    yield Killed(point, code, journal, then, len(counting.texts), after, left)
    shutil.rmtree(place)


def test_killed_build_leaves_an_index_that_answers(killed: Killed) -> None:
    assert killed.code == -signal.SIGKILL
    assert killed.answers_then == expected(killed.point.changed if killed.point.swapped else 0)


def test_build_after_a_killed_one_embeds_only_what_was_not_noted(killed: Killed) -> None:
    point = killed.point
    if point.journal is not None:
        assert killed.journal == point.journal
    assert killed.journal + killed.embedded == (
        killed.journal if point.swapped else point.changed * 2 - 3
    )
    assert killed.answers_after == expected(point.changed)


def test_build_after_a_killed_one_leaves_nothing_behind(killed: Killed) -> None:
    assert killed.leftovers == []


def test_second_writer_is_refused_and_the_first_ones_result_is_whole(
    place: Path, embedder: Embedder, capsys: pytest.CaptureFixture[str]
) -> None:
    index, documents = place / "index", write(place / "docs", changed=FEW)
    pause = command(index, documents, "pause", "index.prepare:Journal.put", "after", "2")
    with subprocess.Popen(
        pause, cwd=place, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as first:  # fmt: skip
        assert first.stdout
        assert first.stdout.readline() == "paused\n"
        with pytest.raises(IndexBusy):
            build(documents, index, embedder)
        assert footnote.main(["index", str(documents), "--index", str(index)]) == 2
        assert "another process is writing the index" in sentence(capsys.readouterr().err)
        assert answers(index, embedder) == expected(0)
        _, err = first.communicate("", timeout=60)
    assert (first.returncode, err) == (0, "")
    assert answers(index, embedder) == expected(FEW)
    assert leftovers(index) == []


@pytest.mark.parametrize(
    ("most_bytes", "changed"),
    [(0, FEW), (10_000, FEW), (100_000, FEW), (100_000, MANY), (200_000, MANY)],
)
def test_disk_without_room_leaves_the_index_in_use_as_it_was(
    place: Path, embedder: Embedder, faulty: Faulty, most_bytes: int, changed: int
) -> None:
    index, documents = place / "index", write(place / "docs", changed=changed)
    before = checksums(index)
    code, err = faulty(index, documents, "limit", str(most_bytes))
    assert code == 2
    assert "could not be written" in sentence(err)
    assert "--index" in err
    assert "[(" not in err, "the list that shutil.Error holds"
    assert checksums(index).items() >= before.items()
    assert answers(index, embedder) == expected(0)
    assert len(list((index / "generations").iterdir())) == 1
    build(documents, index, embedder)
    assert answers(index, embedder) == expected(changed)
    assert leftovers(index) == []


def test_disk_without_room_costs_nothing_that_the_journal_holds(
    place: Path, faulty: Faulty
) -> None:
    index, documents = place / "index", write(place / "docs", changed=MANY)
    faulty(index, documents, "kill", "index.prepare:Journal.put", "after", "3")
    assert remembered(index) == 3 * SMALL_BATCH
    faulty(index, documents, "limit", "10000")
    assert remembered(index) == 3 * SMALL_BATCH


def test_what_was_left_out_is_noted_or_the_index_stays_as_it_was(
    place: Path, embedder: Embedder, faulty: Faulty
) -> None:
    """When no document changed, the manifest alone is written."""
    (place / "docs" / "table.xyz").write_text("no reader")
    before = checksums(place / "index")
    code, err = faulty(place / "index", place / "docs", "limit", "0")
    assert code == 2
    assert "could not be written (the disk is full)" in sentence(err)
    assert checksums(place / "index").items() >= before.items()
    assert answers(place / "index", embedder) == expected(0)
    assert faulty(place / "index", place / "docs") == (0, "")
    assert len(open_index(place / "index").manifest.skipped) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc to look at")
def test_all_is_on_the_disk_before_it_is_put_in_use(
    place: Path,
    embedder: Embedder,
    corpora: dict[int, Corpus],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index, synced, fsync = place / "index", list[Path](), os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    build(corpora[FEW], index, embedder)
    folder = index / "generations" / str(current_name(index))
    wanted = {folder, folder.parent, *folder.rglob("*")} - {folder / "manifest.json"}
    manifest, pointer = (
        synced.index(p) for p in (folder / "manifest.json.new", index / "CURRENT.new")
    )
    assert wanted <= set(synced[:manifest])
    assert folder in synced[manifest:pointer]
    assert synced[-1] == index


@pytest.mark.parametrize("free", [10_000, 1_000_000])
def test_too_little_room_is_said_before_anything_is_written(
    free: int,
    place: Path,
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index, documents = place / "index", write(place / "docs", changed=FEW)
    before = checksums(index)
    nothing_free = SimpleNamespace(total=1 << 30, used=1 << 30, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nothing_free)
    with pytest.raises(UnwritableIndex, match="make room, or give another folder"):
        build(documents, index, embedder)
    assert footnote.main(["index", str(documents), "--index", str(index)]) == 2
    assert f"the disk has {free // 1_000_000} MB left" in sentence(capsys.readouterr().err)
    assert checksums(index) == before
    assert answers(index, embedder) == expected(0)


def test_lock_that_cannot_be_opened_is_said_in_a_sentence(place: Path, embedder: Embedder) -> None:
    (place / "index" / "lock").unlink()
    (place / "index" / "lock").mkdir()
    with pytest.raises(UnwritableIndex):
        build(place / "docs", place / "index", embedder)


def test_interrupt_after_the_swap_leaves_an_index_that_answers(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while `swap` removes the generations that are of no use any more."""
    index, remove, interrupts = place / "index", shutil.rmtree, [KeyboardInterrupt]
    build(write(place / "docs", changed=FEW), index, embedder)

    def interrupted(path: Path, **named: bool) -> None:
        if Path(path).parent.name == "generations" and interrupts:
            raise interrupts.pop()
        remove(path, **named)  # type: ignore[arg-type]

    write(place / "docs", changed=MANY)
    monkeypatch.setattr(shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(place / "docs", index, embedder)
    assert answers(index, embedder) == expected(MANY)


def test_roll_back_passes_over_what_was_never_in_use(
    place: Path, embedder: Embedder, faulty: Faulty
) -> None:
    index, documents = place / "index", write(place / "docs", changed=FEW)
    build(documents, index, embedder)
    write(place / "docs", changed=MANY)
    faulty(index, documents, "kill", "index.build:swap", "before", "1")
    assert answers(index, embedder) == expected(FEW)
    roll_back(index)
    assert answers(index, embedder) == expected(0)


FILES = (
    *("CURRENT", "manifest.json", "documents.sqlite", "passages.i8", "sentences.i4"),
    *("vectors/chroma.sqlite3", "vectors/*/data_level0.bin", "vectors/*/header.bin"),
    *("vectors/*/length.bin", "vectors/*/link_lists.bin", "words/meta.json"),
    *("words/.managed.json", "words/*.fast", "words/*.fieldnorm", "words/*.idx"),
    *("words/*.pos", "words/*.store", "words/*.term"),
)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    """A bit of one byte in the middle; what is empty gets a byte instead."""
    data = bytearray(path.read_bytes() or b"\0")
    if path.stat().st_size:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)


def remove(path: Path) -> None:
    path.unlink()


def the_file(index: Path, pattern: str) -> Path:
    if pattern == "CURRENT":
        return index / pattern
    (found,) = (index / "generations" / str(current_name(index))).glob(pattern)
    return found


def test_every_file_of_a_generation_will_be_damaged(template: Path) -> None:
    index = template / "index"
    paths = {p for p in index.rglob("*") if p.is_file() and not p.name.endswith("lock")}
    assert {the_file(index, pattern) for pattern in FILES} == paths


@pytest.mark.parametrize("damage", [empty, halve, flip, remove])
@pytest.mark.parametrize("pattern", FILES)
def test_damaged_file_is_found_at_once(
    place: Path, pattern: str, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = the_file(place / "index", pattern)
    if not path.stat().st_size and damage in (empty, halve):
        pytest.skip("an empty file cannot be cut")
    damage(path)
    with pytest.raises((DamagedIndex, StaleIndex, MissingIndex), match="run `footnote index`"):
        open_index(place / "index")
    assert footnote.main(["search", "lantern", "--index", str(place / "index")]) == 2
    assert "run `footnote index`" in sentence(capsys.readouterr().err)


@pytest.mark.parametrize(
    "pattern",
    ["CURRENT", "manifest.json", "documents.sqlite", "sentences.i4", "vectors/*/header.bin",
     "words/meta.json"],
)  # fmt: skip
def test_index_after_damage_mends_it(
    place: Path, embedder: Embedder, corpora: dict[int, Corpus], pattern: str
) -> None:
    index = place / "index"
    flip(the_file(index, pattern))
    build(corpora[FEW], index, embedder)
    assert answers(index, embedder) == expected(FEW)
    assert leftovers(index) == []


@pytest.mark.parametrize("pattern", ["vectors", "vectors/*-*", "words"])
def test_removed_folder_is_found_at_once_and_mended(
    place: Path, embedder: Embedder, corpora: dict[int, Corpus], pattern: str
) -> None:
    shutil.rmtree(the_file(place / "index", pattern))
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(place / "index")
    build(corpora[FEW], place / "index", embedder)
    assert answers(place / "index", embedder) == expected(FEW)


def test_any_byte_of_the_manifest_counts(place: Path) -> None:
    path = the_file(place / "index", "manifest.json")
    whole = path.read_bytes()
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises((DamagedIndex, StaleIndex), match="run `footnote index`"):
            open_index(place / "index")


@pytest.mark.parametrize("said", ["..", ".", "../../other", "a/b", "\0", "é" * 300, "CURRENT"])
def test_pointer_to_anything_else_is_damage(place: Path, said: str) -> None:
    (place / "index" / "CURRENT").write_text(said + "\n")
    with pytest.raises(DamagedIndex, match="run `footnote index`"):
        open_index(place / "index")


@pytest.mark.parametrize(
    ("model", "tokens"), [("other-model", PASSAGE_TOKENS), (BUNDLED, PASSAGE_TOKENS + 1)]
)
def test_other_settings_are_refused(place: Path, model: str, tokens: int) -> None:
    with pytest.raises(StaleIndex, match="run `footnote index`"):
        open_current(place / "index", embedding_model=model, passage_tokens=tokens)


@pytest.mark.parametrize("version", [1, 99, "2", None])
def test_other_format_is_refused_and_built_again(
    place: Path, embedder: Embedder, corpora: dict[int, Corpus], version: object
) -> None:
    path = the_file(place / "index", "manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": version}))
    with pytest.raises(StaleIndex, match="run `footnote index`"):
        open_index(place / "index")
    if version == 1:
        build(corpora[FEW], place / "index", embedder)
        assert answers(place / "index", embedder) == expected(FEW)


class Turned(Counting):
    """A model of the same name whose vectors are others."""

    def __init__(self, real: Embedder) -> None:
        super().__init__(real)
        self.embed_queries = lambda texts: real.embed_queries(texts)[:, ::-1]

    def embed_passages(self, texts: Sequence[str], bounds: Sequence[Bounds]) -> list[Embedded]:
        embedded = super().embed_passages(texts, bounds)
        return [Embedded(e.passage[::-1], e.sentences[:, ::-1]) for e in embedded]


def test_another_model_of_the_same_name_is_refused_and_everything_embedded_again(
    place: Path, embedder: Embedder, corpora: dict[int, Corpus]
) -> None:
    other = Turned(embedder)
    with (
        closing(open_index(place / "index")) as generation,
        pytest.raises(StaleIndex, match="run `footnote index`"),
    ):
        search("Who built the ferry?", generation=generation, embedder=other)
    build(corpora[FEW], place / "index", other)
    assert len(other.texts) == len(corpora[FEW].documents)
    assert answers(place / "index", other) == expected(FEW)


def test_many_equal_passages_are_indexed_too(
    place: Path, embedder: Embedder, tmp_path: Path
) -> None:
    table = "Minutes\n\n" + "The board approved the minutes as they had been read out.\n\n" * 900
    for number in range(900):
        (place / "docs" / f"minutes-{number}.txt").write_text(table[:60])
    build(place / "docs", tmp_path / "new", embedder)
    assert answers(tmp_path / "new", embedder) == expected(0)


def checksums(index: Path) -> dict[Path, str]:
    return {path: file_sha256(path) for path in index.rglob("*") if path.is_file()}


def test_interrupted_command_says_one_thing_and_leaves_no_process(
    place: Path, embedder: Embedder
) -> None:
    index, documents = place / "index", write(place / "docs", changed=FEW)
    pause = command(index, documents, "pause", "index.prepare:Journal.put", "after", "2")
    with subprocess.Popen(
        pause, cwd=place, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stdout
        assert running.stdout.readline() == "paused\n"
        os.killpg(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (2, "\nfootnote: stopped.\n")
    with pytest.raises(ProcessLookupError):  # nobody is left in its group
        os.killpg(running.pid, 0)
    assert remembered(index) == 2 * SMALL_BATCH
    assert answers(index, embedder) == expected(0)
    assert len(list((index / "generations").iterdir())) == 1
