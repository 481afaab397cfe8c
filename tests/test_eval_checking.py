import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from larkford import TEXTS, documents

from chatbot.check import Checked, Source
from chatbot.reading import Reader
from chatbot.span_reader import SpanReader
from eval.bench import Bench, with_text
from eval.checking import (
    check_right,
    check_summedits,
    check_wrong,
    falsify,
    unsaid,
)
from eval.edits import EDITS, claims_in, names_of
from eval.reword import PHRASES
from index.embed import Embedder
from index.split import PASSAGE_TOKENS

Check = Callable[[str, Sequence[Source], SpanReader], Checked]


@pytest.fixture(scope="module")
def bench(embedder: Embedder) -> Bench:
    return Bench(
        embedder=embedder, passage_tokens=PASSAGE_TOKENS, span_reader=SpanReader(), sample=3
    )


@pytest.fixture(scope="module")
def town(bench: Bench) -> Iterator[Reader]:
    with bench.reading(documents()) as opened:
        yield opened


def credulous(text: str, sources: Sequence[Source], _: SpanReader) -> Checked:
    return Checked(text, (sources[0].span,), 1.0)


def doubtful(text: str, _sources: Sequence[Source], _: SpanReader) -> Checked:
    return Checked(text, (), 0.0)


def literal(text: str, sources: Sequence[Source], _: SpanReader) -> Checked:
    """Take for right what stands there word for word."""
    return Checked(text, tuple(s.span for s in sources if text in s.text), 1.0)


@pytest.fixture(params=[credulous, doubtful, literal])
def check(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.setattr("eval.checking.check_sentence", request.param)
    found: Check = request.param
    return found


def test_a_check_that_lets_all_through_or_none_is_seen(
    check: Check, town: Reader, bench: Bench
) -> None:
    wrong = check_wrong(town, bench)
    assert [t.name for t in wrong] == [*EDITS, "added clause", "another document's fact"]
    assert all(1 <= tally.tried <= 3 for tally in wrong)
    assert {len(t.wrong) == t.tried for t in wrong} == {check is credulous}
    assert {len(t.wrong) == 0 for t in wrong} == {check is not credulous}
    right = check_right(town, bench)
    doubted = {tally.name: len(tally.wrong) / tally.tried for tally in right if tally.tried}
    assert doubted["the sentences themselves"] == (check is doubtful)
    assert doubted["reworded by rule"] == (check is not credulous)


def test_a_statement_is_checked_once_against_what_is_found_for_it(
    town: Reader, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, set[str]]] = []

    def look(text: str, sources: Sequence[Source], _: SpanReader) -> Checked:
        seen.append((text, {source.span.document_id for source in sources}))
        return Checked(text, (), 0.0)

    monkeypatch.setattr("eval.checking.check_sentence", look)
    *_, strangers = check_wrong(town, bench)
    assert len({text for text, _ in seen}) == len(seen)
    own = {text: name for name in TEXTS for text in TEXTS[name].split(". ")}
    for text, read in seen[-strangers.tried :]:
        assert next(name for said, name in own.items() if said in text) not in read


def test_what_is_changed_stands_in_no_text() -> None:
    names, rng = names_of(TEXTS.values()), Random(0)
    made = {
        (kind, wrong)
        for text in TEXTS.values()
        for claim in claims_in(text)
        for kind in EDITS
        for _ in range(5)
        if (wrong := falsify(claim, kind, names, rng))
    }
    assert {kind for kind, _ in made} >= {"number", "date", "name", "negation", "reported"}
    assert not any(wrong in text for _, wrong in made for text in TEXTS.values())
    assert not any(wrong.startswith("According to the report") for _, wrong in made)


def test_what_a_document_says_is_not_from_memory() -> None:
    assert unsaid(documents()) == PHRASES["facts"]
    told = with_text(documents()[0], "The Matterhorn was first climbed in 1865.")
    assert unsaid([*documents(), told]) == PHRASES["facts"][1:]


def test_paraphrases_are_of_documents_that_the_check_was_not_fitted_on(
    town: Reader, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "paraphrases.jsonl"
    monkeypatch.setattr("eval.checking.PARAPHRASES", file)
    monkeypatch.setattr("eval.checking.check_sentence", doubtful)
    assert check_right(town, bench)[-1].tried == 0
    of = ("none", "lighthouse", "bridge")
    rows = [{"document_id": id_, "paraphrase": f"{id_} reworded"} for id_ in of]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert check_right(town, bench)[-1].wrong == ("lighthouse reworded",)


def test_an_edited_summary_holds_if_each_sentence_does(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.checking.check_sentence", literal)
    original = "Ann called Bo. Bo was late."
    for name in ("samsum", "scitldr"):
        summaries = [(original, 1), ("Ann rang Bo.", 1), ("Ann called Bo. Cy was late.", 0)]
        rows = [{"original_summary": original, "summary": s, "label": k} for s, k in summaries]
        (tmp_path / f"{name}.json").write_text(json.dumps(rows))
    ours, learned = check_summedits(tmp_path, bench)
    assert (ours.name, learned.name, ours.count) == ("samsum", "scitldr (trained on)", 3)
    assert ours.figures == {"balanced accuracy": 0.75, "caught": 1.0, "false alarms": 0.5}
