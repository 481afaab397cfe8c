import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from eval import speed, speed_tasks
from eval.errors import NotMeasured
from eval.made_up import PASSAGE_WORDS, made_up_documents, made_up_questions
from eval.speed import Range, SpeedReport, measure_speed
from eval.speed_tasks import RandomVectors, index_footnote, query_footnote
from index.embed import BUNDLED, Embedder
from index.generation import open_current
from index.split import PASSAGE_TOKENS, split_document


def test_made_up_documents_are_always_the_same() -> None:
    first, again = made_up_documents(20), made_up_documents(30)
    assert first == again[:20]
    assert len({document.text for document in again}) == 30
    assert made_up_questions(5) == made_up_questions(9)[:5]


def test_made_up_documents_are_two_passages_that_the_model_reads_whole(embedder: Embedder) -> None:
    for document in made_up_documents(50):
        passages = split_document(
            document,
            count_pieces=embedder.count_pieces,
            longest_pieces=embedder.longest_pieces,
            passage_tokens=PASSAGE_TOKENS,
        )
        assert [len(p.text.split()) for p in passages] == [PASSAGE_WORDS + 3] * 2  # and a title
        assert [p.heading_path[-1] for p in passages] == [h.text for h in document.headings]


def test_made_up_words_follow_zipf() -> None:
    counts: dict[str, int] = {}
    for document in made_up_documents(500):
        for word in document.text.lower().replace(".", "").split():
            counts[word] = counts.get(word, 0) + 1
    ordered = sorted(counts.values(), reverse=True)
    assert 5 < ordered[0] / ordered[9] < 20  # 10 by the law
    assert len(ordered) > 5_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("speed")


@pytest.fixture(scope="module")
def indexed(folder: Path) -> dict[str, float]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed_tasks, "MOST_EMBEDDED", 3)
        return index_footnote(folder, 4)


def test_footnote_is_indexed_with_random_vectors(folder: Path, indexed: dict[str, float]) -> None:
    assert indexed["index_s"] > 0
    assert indexed["changed_s"] > 0
    generation = open_current(folder, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS)
    assert generation.manifest.passage_count == 8
    first, *others = generation.passage_vectors.vectors(generation.store.numbers())
    assert max(abs(float(first @ other)) for other in others) < 0.3  # those of texts are closer
    generation.close()
    assert indexed["disk_kb"] > 0.384


@pytest.mark.usefixtures("indexed")
def test_footnote_is_asked_warm(folder: Path) -> None:
    found = query_footnote(folder, 10)
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert found["memory_mb"] > 50


def test_random_vectors_are_long_1_and_questions_are_embedded(embedder: Embedder) -> None:
    random = RandomVectors()
    first, second = random.embed_passages(["a b", "c"], [[(0, 1), (2, 3)], [(0, 1)]])
    assert (len(first.sentences), len(second.sentences)) == (2, 1)
    assert float(first.passage @ first.passage) == pytest.approx(1.0, abs=1e-5)
    assert abs(float(first.passage @ second.passage)) < 0.5
    assert (random.embed_queries(["owl"]) == embedder.embed_queries(["owl"])).all()


REPORT = SpeedReport(
    documents=1_000,
    passages=2_000,
    repeats=3,
    measures={
        "ask_s": {
            "footnote": Range(1.5, 1.25, 2.0),
            "plain": Range(12.0, 11.0, 123.4),
            "ratio": Range(8.0, 5.5, 61.7),
        }
    },
    changed=Range(40.0, 38.5, 41.0),
    notes=("2 cores",),
)


def test_text_has_medians_ranges_and_the_ratio() -> None:
    text = REPORT.as_text()
    (row,) = [line for line in text.splitlines() if line.startswith("cold ask")]
    cells = [cell.strip() for cell in row.split("  ") if cell]
    assert cells[1:] == ["1.5 (1.25 to 2)", "12 (11 to 123)", "8 (5.5 to 61.7)"]
    assert "2,000 passages of 1,000 made-up documents" in text
    assert "one changed document 40 (38.5 to 41) times as fast as all" in text
    assert text.endswith("2 cores")


def test_json_is_whole() -> None:
    found = json.loads(json.dumps(asdict(REPORT), allow_nan=False))
    assert found["measures"]["ask_s"]["plain"] == {"median": 12.0, "low": 11.0, "high": 123.4}
    assert found["changed"]["median"] == 40.0


def test_missing_packages_are_named_with_what_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "PLAIN", ("no-such-package",))
    with pytest.raises(NotMeasured, match=r"needs no-such-package; .*pip install -e '\.\[speed\]'"):
        measure_speed()


def test_a_process_that_fails_is_reported_in_one_sentence_with_what_it_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "PLAIN", ())
    monkeypatch.setattr(speed, "KINDS", ("query",))  # of no index
    with pytest.raises(
        NotMeasured, match=r"query_footnote .*exit code 1.*footnote index"
    ) as caught:
        measure_speed(passages=4, repeats=1)
    assert "\n" not in str(caught.value)


def test_both_are_measured_in_turn() -> None:
    try:
        for name in speed.PLAIN:
            version(name)
    except PackageNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")
    told: list[tuple[int, int]] = []
    report = measure_speed(
        passages=8, repeats=1, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert list(report.measures) == list(speed.MEASURES)
    assert all(of["ratio"].low > 0 for of in report.measures.values())
    assert report.measures["ask_s"]["ratio"].median > 1
    assert report.measures["memory_mb"]["ratio"].median > 1
    assert report.changed.low > 1
    assert not any(text in str(asdict(report)) for text in (str(Path.home()), str(Path.cwd())))
