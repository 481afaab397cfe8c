import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.blocks import Block, Extract, make_document
from corpus.document import Document
from corpus.load import Corpus, load_corpus
from index.embed import Embedder
from index.passage import Passage
from index.split import PASSAGE_TOKENS, make_head, split_document
from index.tokens import count_tokens

WORDS = st.text(
    st.one_of(st.sampled_from("aaabcE 1 . . ! ? \n“”。名é-"), st.characters(codec="utf-8")),
    max_size=120,
)
BLOCKS = st.lists(
    st.one_of(
        st.builds(Block, WORDS, st.just(0), st.integers(1, 3)),
        st.builds(Block, st.text("AbcÑ 3", min_size=1, max_size=15), st.integers(1, 6)),
    ),
    min_size=1,
    max_size=8,
)


def document(*blocks: Block, title: str = "T") -> Document:
    return make_document(
        Extract(blocks=[*blocks, Block("end")], title=title),
        document_id="a.txt",
        fallback_title="",
        modified_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


def assert_passages_are_whole(made: Document, passages: list[Passage]) -> None:
    """They slice exactly, stand in order, hold every character and cross no heading."""
    edges = [edge for p in passages for edge in (p.span.start, p.span.end)]
    assert edges == sorted(edges)
    covered: set[int] = set()
    for passage in passages:
        span = passage.span
        assert passage.id == f"{made.id}#{span.start}-{span.end}"
        assert passage.text == made.text[span.start : span.end] == passage.text.strip() != ""
        assert span.document_id == made.id
        assert passage.token_count == count_tokens(passage.text)
        assert passage.page == made.page_at(span.start)
        covered.update(range(span.start, span.end))
    assert all(c.isspace() for i, c in enumerate(made.text) if i not in covered)
    assert len({passage.id for passage in passages}) == len(passages)
    for before, heading in pairwise([None, *made.headings]):
        assert heading is not None
        if made.text[before.end if before else 0 : heading.start].strip():
            assert not any(p.span.start < heading.start < p.span.end for p in passages)


def assert_model_reads_them(
    made: Document, passages: list[Passage], embedder: Embedder, longest: int
) -> None:
    """None is longer than the model reads, but a character, or one whose head leaves no room."""
    for passage in passages:
        head = make_head(made, passage.heading_path) + "\n"
        if len(passage.text) > 1 and embedder.count_pieces(head) < longest:
            assert embedder.count_pieces(head + passage.text) <= longest


def split(made: Document, embedder: Embedder, passage_tokens: int) -> list[Passage]:
    return split_document(
        made,
        count_pieces=embedder.count_pieces,
        longest_pieces=embedder.longest_pieces,
        passage_tokens=passage_tokens,
    )


@settings(max_examples=80, derandomize=True, database=None, deadline=None)
@given(BLOCKS, st.integers(8, 60), st.integers(10, 60), st.text(max_size=20))
def test_passages_of_any_document_are_whole(
    embedder: Embedder, blocks: list[Block], passage_tokens: int, pieces: int, title: str
) -> None:
    made = document(*blocks, title=title.strip() or "T")
    passages = split_document(
        made,
        count_pieces=embedder.count_pieces,
        longest_pieces=pieces,
        passage_tokens=passage_tokens,
    )
    assert_passages_are_whole(made, passages)
    assert_model_reads_them(made, passages, embedder, pieces)
    assert all(p.token_count <= passage_tokens or len(p.text) == 1 for p in passages)


def test_bundled_documents_split_well(bundled_corpus: Corpus, embedder: Embedder) -> None:
    for made in bundled_corpus.documents:
        passages = split(made, embedder, PASSAGE_TOKENS)
        assert_passages_are_whole(made, passages)
        assert_model_reads_them(made, passages, embedder, embedder.longest_pieces)
        assert max(passage.token_count for passage in passages) <= PASSAGE_TOKENS


def test_seeds_split_well(test_data: Path, embedder: Embedder) -> None:
    for made in load_corpus([test_data / "seeds"]).documents:
        passages = split(made, embedder, PASSAGE_TOKENS)
        assert_passages_are_whole(made, passages)
        assert_model_reads_them(made, passages, embedder, embedder.longest_pieces)


def test_passages_end_where_sentences_end() -> None:
    text = " ".join(f"This is sentence number {n} of a long paragraph." for n in range(40))
    passages = split_document(document(Block(text)), passage_tokens=50)
    assert len(passages) > 5
    assert all(passage.text.endswith(".") for passage in passages[:-1])
    joined = list(pairwise(passages))[:-1]
    assert all(count_tokens(a.text + " " + b.text) > 50 for a, b in joined)


def test_passages_carry_their_heading_path() -> None:
    blocks = [
        Block("before"), Block("A", 1), Block("B", 2), Block("in b"), Block("C", 2),
        Block("in c"), Block("D", 1), Block("in d"),
    ]  # fmt: skip
    passages = split_document(document(*blocks))
    assert [(p.text.split()[0], p.heading_path) for p in passages] == [
        ("before", ()), ("A", ("A", "B")), ("C", ("A", "C")), ("D", ("D",)),
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["xq7" * 1_500, "名前" * 1_500, "\U0001f468\u200d" * 1_500])
def test_giant_word_is_cut_and_nothing_is_lost(embedder: Embedder, word: str) -> None:
    made = document(Block(f"Before it. {word} after it."))
    passages = split(made, embedder, PASSAGE_TOKENS)
    assert_passages_are_whole(made, passages)
    assert_model_reads_them(made, passages, embedder, embedder.longest_pieces)
    assert "".join("".join(p.text.split()) for p in passages) == "".join(made.text.split())
    assert all(passage.token_count <= PASSAGE_TOKENS for passage in passages)


def test_word_of_a_million_letters_is_cut_in_seconds(embedder: Embedder) -> None:
    made = document(Block("a" * 1_000_000))
    started = time.monotonic()
    passages = split(made, embedder, PASSAGE_TOKENS)
    assert time.monotonic() - started < 30
    assert_passages_are_whole(made, passages)
    assert all(passage.token_count <= PASSAGE_TOKENS for passage in passages)


def test_long_sentence_is_cut_between_words(embedder: Embedder) -> None:
    words = [f"word{n}" for n in range(600)]
    passages = split(document(Block(" ".join(words))), embedder, PASSAGE_TOKENS)
    assert [word for passage in passages for word in passage.text.split()] == [*words, "end"]
    assert min(passage.token_count for passage in passages[:-1]) > 30


def test_model_that_reads_little_gets_less(embedder: Embedder) -> None:
    made = document(Block(" ".join(f"Sentence {n} of some words." for n in range(60))))
    few, many = (
        split_document(made, count_pieces=embedder.count_pieces, longest_pieces=pieces)
        for pieces in (250, 60)
    )
    assert len(many) > 3 * len(few)
    assert_model_reads_them(made, many, embedder, 60)


def test_head_names_the_title_once() -> None:
    made = document(Block("x"), title="T")
    assert make_head(made, ("T", "A", "B")) == "T > A > B"


@pytest.mark.parametrize("level", [0, 1])
def test_long_title_or_heading_leaves_passages_whole(embedder: Embedder, level: int) -> None:
    long = "word " * 300
    body = Block("A short sentence of a few words stands here.")
    made = document(Block(long, level), body, title="T" if level else long)
    passages = split(made, embedder, PASSAGE_TOKENS)
    assert len(passages) < 10
    assert_model_reads_them(made, passages, embedder, embedder.longest_pieces)


def test_document_of_white_space_has_no_passages() -> None:
    made = document(Block("x"))
    assert split_document(replace(made, text=" \n\n \u2003", headings=(), pages=())) == []
    assert split_document(replace(made, text="", headings=(), pages=())) == []
