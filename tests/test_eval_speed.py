import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from corpus.errors import FootnoteError
from eval import speed
from eval.made_up import PASSAGE_WORDS, made_up_documents, made_up_questions
from eval.speed import Measure, Range, SpeedReport, measure_speed
from eval.speed_tasks import WARM_UP, Job, MadeUpVectors, index_footnote, query_footnote
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
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = str(tmp_path_factory.mktemp("speed"))
    return Job(folder=folder, documents=4, questions=10, made_up_vectors=True)


@pytest.fixture(scope="module")
def indexed(job: Job) -> dict[str, float]:
    return index_footnote(job)


def test_footnote_is_indexed_with_made_up_vectors(job: Job, indexed: dict[str, float]) -> None:
    assert indexed["seconds"] > indexed["changed_seconds"] > 0
    generation = open_current(
        Path(job.folder), embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS
    )
    assert generation.manifest.passage_count == 8
    generation.close()
    assert indexed["bytes"] > 8 * 384


@pytest.mark.usefixtures("indexed")
def test_footnote_is_asked_warm(job: Job) -> None:
    found = query_footnote(job)
    assert len(found["seconds"]) == job.questions
    assert WARM_UP > 0
    assert all(seconds > 0 for seconds in found["seconds"])
    assert found["resident_bytes"] > 50e6


def test_made_up_vectors_are_long_1_and_questions_are_embedded(embedder: Embedder) -> None:
    made_up = MadeUpVectors(embedder)
    first, second = made_up.embed_passages(["a b", "c"], [[(0, 1), (2, 3)], [(0, 1)]])
    assert (len(first.sentences), len(second.sentences)) == (2, 1)
    assert float(first.passage @ first.passage) == pytest.approx(1.0, abs=1e-5)
    assert abs(float(first.passage @ second.passage)) < 0.5
    assert (made_up.embed_queries(["owl"]) == embedder.embed_queries(["owl"])).all()


def measured(*, made_up_vectors: bool) -> SpeedReport:
    measure = Measure(
        name="cold ask", unit="s", footnote=Range(1.5, 1.25, 2.0), plain=Range(12.0, 11.0, 123.4)
    )
    return SpeedReport(
        documents=1_000,
        passages=2_000,
        repeats=3,
        made_up_vectors=made_up_vectors,
        machine={"cores": "2", "python": "3.11"},
        measures=(measure,),
    )


def test_text_has_medians_ranges_and_the_ratio() -> None:
    text = measured(made_up_vectors=False).as_text()
    (row,) = [line for line in text.splitlines() if line.startswith("cold ask, s")]
    assert row.split("  ")[-1].strip() == "8"
    assert "1.5 (1.25 to 2)" in row
    assert "12 (11 to 123)" in row
    assert "2,000 passages of 1,000 made-up documents" in text
    assert "random vectors" not in text
    assert text.endswith("cores 2, python 3.11")


def test_text_says_when_vectors_were_random() -> None:
    assert "random vectors" in measured(made_up_vectors=True).as_text()


def test_json_has_the_ratio() -> None:
    found = json.loads(json.dumps(measured(made_up_vectors=False).as_json(), allow_nan=False))
    assert found["measures"][0]["ratio"] == 8.0
    assert found["measures"][0]["plain"] == {"median": 12.0, "low": 11.0, "high": 123.4}


def test_missing_packages_are_named_with_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "PLAIN", {"no-such-package": "1.2.3"})
    with pytest.raises(FootnoteError, match=r"pip install no-such-package==1\.2\.3"):
        measure_speed()


def test_a_process_that_fails_is_reported_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "PLAIN", {})
    monkeypatch.setattr(speed, "_steps", lambda **_: ["query_footnote"])  # of no index
    with pytest.raises(FootnoteError, match="query_footnote could not be measured") as caught:
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
    assert told[-1] == (7, 7)
    found = {measure.name: measure for measure in report.measures}
    assert len(found) == 9
    assert all(m.ratio > 0 for m in found.values())
    assert found["cold ask, start to printed"].ratio > 1
    assert found["memory of that process"].ratio > 1
    assert not any(text in str(report.as_json()) for text in (str(Path.home()), str(Path.cwd())))
