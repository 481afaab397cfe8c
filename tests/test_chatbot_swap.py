"""Questions while the index changes under them: each is answered, from one whole generation."""

import gc
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from conftest import build, open_index

from chatbot.answer import Answer, Finished
from chatbot.service import TRY_AGAIN_SECONDS, Service
from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.errors import DamagedIndex
from index.generation import Generation, current_name, open_current
from index.manifest import read_manifest, write_atomically, write_manifest
from index.search import search
from index.split import PASSAGE_TOKENS

TOWNS = (
    *("Aldermoor", "Bexcombe", "Carrowby", "Dunmarsh", "Elsfield", "Farnhurst", "Gorsley"),
    *("Hexwick", "Ilverton", "Jarrowdale", "Kelmscott", "Lindholme"),
)
THREADS = 8
FOUND = "Who founded the village of {}?"


def write(folder: Path, edition: int) -> Path:
    """What changes in an edition is a third of the documents; what each answers stays."""
    folder.mkdir(exist_ok=True)
    for number, town in enumerate(TOWNS):
        seen = edition if number % 3 == 0 else 0
        (folder / f"{town}.txt").write_text(
            f"{town}\n\nThe village of {town} was founded by Baron {town[::-1].title()}.\n\n"
            f"Edition {seen} of its chronicle was printed in {1700 + seen}.\n"
        )
    (folder / "edition.txt").write_text(
        f"The edition\n\nThe keeper of the chronicles is Madam Keeper{edition}.\n"
    )
    return folder


@pytest.fixture
def place(tmp_path: Path, embedder: Embedder) -> Path:
    build(load_corpus([write(tmp_path / "docs", 0)]), tmp_path / "index", embedder)
    return tmp_path


@pytest.fixture
def own_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies that Chroma reads are made, and nothing else is."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chroma's graph answers, as it does for an index of many passages."""
    monkeypatch.setattr("index.generation.EXACT_PASSAGES", 0)


def started(index: Path, reuse: Embedder, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr("chatbot.service.load_embedder", lambda _: reuse)
    service = Service(
        index=index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None,
        suggestions=[FOUND.format(TOWNS[0])],
    )  # fmt: skip
    service.start()
    service.wait()
    return service


def ask(service: Service, question: str) -> Answer:
    *_, last = service.ask(question)
    assert isinstance(last, Finished)
    return last.answer


def check(service: Service, town: str) -> None:
    """The question finds its document, and what it quotes is what that document says."""
    answer = ask(service, FOUND.format(town))
    assert answer.status == "answered", (town, answer.status)
    assert answer.hits[0].passage.span.document_id == f"{town}.txt"
    assert town[::-1].title() in answer.citations[0].quote


@contextmanager
def asking(check: Callable[[str], None]) -> Iterator[list[int]]:
    """Ask in eight threads all the while; what goes wrong in one goes wrong here."""
    enough, asked = threading.Event(), [0] * THREADS

    def run(thread: int) -> None:
        for number in count(thread):
            if enough.is_set():
                return
            check(TOWNS[number % len(TOWNS)])
            asked[thread] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        runs = [pool.submit(run, thread) for thread in range(THREADS)]
        try:
            yield asked
        finally:
            enough.set()
        for each in runs:
            each.result(timeout=60)


def keeper(service: Service) -> str:
    return ask(service, "Who is the keeper of the chronicles?").citations[0].quote


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_question_is_lost_while_the_index_changes_twice(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = place / "index"
    service = started(index, embedder, monkeypatch)
    assert "Keeper0" in keeper(service)
    names = [current_name(index)]
    with asking(lambda town: check(service, town)) as asked:
        for edition in (1, 2):
            build(load_corpus([write(place / "docs", edition)]), index, embedder)
            names.append(current_name(index))
            at_swap = sum(asked)
            until(lambda at_swap=at_swap: sum(asked) > at_swap + THREADS)  # type: ignore[misc]
            assert f"Keeper{edition}" in keeper(service)
    assert len(set(names)) == 3
    assert min(asked) > 2
    assert f"{service.scope().indexed_at:%Y%m%dT%H%M%S%f}" == names[-1]


@pytest.mark.usefixtures("graph")
def test_graph_loses_no_question_either(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, own_temporary: Path
) -> None:
    index = place / "index"
    service = started(index, embedder, monkeypatch)
    with asking(lambda town: check(service, town)) as asked:
        build(load_corpus([write(place / "docs", 1)]), index, embedder)
        at_swap = sum(asked)
        until(lambda: sum(asked) > at_swap + THREADS)
    assert "Keeper1" in keeper(service)
    service.scope()
    gc.collect()
    assert len(list(own_temporary.glob("footnote-*"))) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc to look at")
@pytest.mark.usefixtures("graph")
def test_old_generations_are_let_go(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, own_temporary: Path
) -> None:
    index = place / "index"
    service = started(index, embedder, monkeypatch)
    opened = []
    for edition in range(1, 6):
        build(load_corpus([write(place / "docs", edition)]), index, embedder)
        assert f"Keeper{edition}" in keeper(service)
        service.scope()
        opened.append(descriptors())
    assert opened[-1] <= opened[1] + 2, opened
    assert len(list(own_temporary.glob("footnote-*"))) == 1
    assert len(list((index / "generations").iterdir())) == 2


def test_reader_keeps_its_generation_after_its_files_are_gone(
    place: Path, embedder: Embedder
) -> None:
    generation = open_index(place / "index")
    for edition in (1, 2):
        build(load_corpus([write(place / "docs", edition)]), place / "index", embedder)
    assert not generation.folder.exists()
    for town in TOWNS:
        hits = search(FOUND.format(town), generation=generation, embedder=embedder, k=1)
        assert hits[0].passage.span.document_id == f"{town}.txt"
    assert "Keeper0" in generation.document("edition.txt").text
    generation.close()


@pytest.mark.usefixtures("graph")
def test_server_answers_from_a_large_generation_after_its_files_are_gone(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chroma's folder is copied as the generation is opened, and not at the first question."""
    service = started(place / "index", embedder, monkeypatch)
    build(load_corpus([write(place / "docs", 1)]), place / "index", embedder)
    assert "Keeper1" in service.document("edition.txt").text
    shutil.rmtree(place / "index")
    for town in TOWNS:
        check(service, town)
    assert "Keeper1" in keeper(service)


@pytest.mark.usefixtures("graph")
def test_copy_that_cannot_be_made_is_said(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = open_index(place / "index")
    monkeypatch.setattr(tempfile, "tempdir", str(place / "nowhere"))
    try:
        with pytest.raises(DamagedIndex):
            search(FOUND.format(TOWNS[0]), generation=generation, embedder=embedder, k=1)
    finally:
        generation.close()


def test_damaged_new_generation_is_not_taken(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = place / "index"
    service = started(index, embedder, monkeypatch)
    with asking(lambda town: check(service, town)):
        (index / "generations" / "9").mkdir()
        write_atomically(index / "CURRENT", "9\n")
        time.sleep(0.3)
        assert "Keeper0" in keeper(service)
        build(load_corpus([write(place / "docs", 1)]), index, embedder)
    assert "Keeper1" in keeper(service)


def test_generation_that_is_refused_is_not_read_at_each_question(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, opened = place / "index", list[str | None]()

    def noted(folder: Path, **settings: Any) -> Generation:  # noqa: ANN401
        opened.append(current_name(folder))
        return open_current(folder, **settings)

    monkeypatch.setattr("chatbot.service.open_current", noted)
    service = started(index, embedder, monkeypatch)
    build(load_corpus([write(place / "docs", 1)]), index, embedder)
    name = current_name(index)
    file = index / "generations" / str(name) / "passages.i8"
    whole = file.read_bytes()
    file.write_bytes(whole[::-1])
    late = started(index, embedder, monkeypatch)
    opened.clear()
    for town in TOWNS:
        check(service, town)
        with pytest.raises(DamagedIndex):
            late.scope()
    assert opened == [name]
    file.write_bytes(whole)
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + TRY_AGAIN_SECONDS)
    assert "Keeper1" in keeper(service)
    assert "Keeper1" in keeper(late)


def test_no_question_waits_while_another_opens_a_generation(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = started(place / "index", embedder, monkeypatch)
    begun, go_on = threading.Event(), threading.Event()

    def slow(folder: Path, **settings: Any) -> Generation:  # noqa: ANN401
        begun.set()
        assert go_on.wait(60)
        return open_current(folder, **settings)

    monkeypatch.setattr("chatbot.service.open_current", slow)
    build(load_corpus([write(place / "docs", 1)]), place / "index", embedder)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keeper, service)
        assert begun.wait(60)
        assert "Keeper0" in keeper(service)
        go_on.set()
        assert "Keeper1" in first.result(60)
    assert "Keeper1" in keeper(service)


def test_generation_of_another_model_is_not_taken(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = started(place / "index", embedder, monkeypatch)
    build(load_corpus([write(place / "docs", 1)]), place / "index", embedder)
    folder = place / "index" / "generations" / str(current_name(place / "index"))
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"probe": manifest.probe[::-1]}))
    assert "Keeper0" in keeper(service)


@pytest.mark.parametrize("pointer", [b"", b"\xff\xfe", b"../x\n"])
def test_damaged_pointer_stops_no_answer(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, pointer: bytes
) -> None:
    service = started(place / "index", embedder, monkeypatch)
    (place / "index" / "CURRENT").write_bytes(pointer)
    check(service, TOWNS[0])


def test_removed_index_stops_no_answer(
    place: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = started(place / "index", embedder, monkeypatch)
    check(service, TOWNS[0])
    shutil.rmtree(place / "index")
    for town in TOWNS:
        check(service, town)
    (place / "index").mkdir()
    check(service, TOWNS[0])


def until(wanted: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)
