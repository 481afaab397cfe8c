from collections.abc import Sequence
from dataclasses import replace

import pytest

import index.focus
from corpus.document import Span
from index.embed import Embedder
from index.focus import focus, sketch
from index.generation import Generation
from index.packed import Vectors
from index.passage import FoundSentence, Passage
from index.query import Query, read_query
from index.store import Stored
from index.tokens import count_tokens
from index.words import analyse

QUESTION = "Who coined the term narco-peace?"


def ask(query: str, generation: Generation, embedder: Embedder) -> tuple[Query, Vectors]:
    asked = read_query(
        query,
        known=generation.words,
        passage_count=generation.manifest.passage_count,
        languages=generation.languages,
    )
    return asked, embedder.embed_queries([query])[0]


def some(generation: Generation) -> list[Stored]:
    return generation.store.passages(generation.store.numbers()[::3])


def passages(
    stored: Sequence[Stored], asked: tuple[Query, Vectors], generation: Generation
) -> list[Passage]:
    return [passage for passage, _ in focused(stored, asked, generation)]


def focused(
    stored: Sequence[Stored], asked: tuple[Query, Vectors], generation: Generation
) -> list[tuple[Passage, tuple[FoundSentence, ...]]]:
    query, vector = asked
    vectors = generation.sentence_vectors.vectors
    return focus([(s, vectors(s.sentence_rows) @ vector) for s in stored], query)


def with_text(text: str, language: str | None = "en") -> Stored:
    passage = Passage(
        id="a#0", span=Span("a", 0, len(text)), heading_path=(), page=None, text=text, token_count=0
    )
    return Stored(0, passage, "T", language, [(0, len(text))], 0, (), analyse(text, language))


@pytest.mark.parametrize("query", [QUESTION, "truce", "zzzz", ""])
def test_cut_passages_are_runs_of_their_sentences(
    query: str, generation: Generation, embedder: Embedder
) -> None:
    stored = some(generation)
    cut = passages(stored, ask(query, generation, embedder), generation)
    assert len(cut) == len(stored)
    for whole, part in zip(stored, cut, strict=True):
        start = part.span.start - whole.passage.span.start
        end = part.span.end - whole.passage.span.start
        assert start in [bound[0] for bound in whole.bounds]
        assert end in [bound[1] for bound in whole.bounds]
        assert start < end
        text = whole.passage.text[start:end]
        assert part == replace(
            whole.passage,
            id=f"{part.span.document_id}#{part.span.start}-{part.span.end}",
            span=part.span,
            text=text,
            token_count=count_tokens(text),
        )
    if query == QUESTION:
        assert sum(len(p.text) for p in cut) < 0.7 * sum(len(s.passage.text) for s in stored)


def test_sentence_that_answers_is_kept(generation: Generation, embedder: Embedder) -> None:
    stored = next(
        s
        for s in generation.store.passages(generation.store.numbers())
        if "Felbab-Brown" in s.passage.text and "narco-peace" in s.passage.text
    )
    assert len(stored.bounds) > 2
    (cut,) = passages([stored], ask(QUESTION, generation, embedder), generation)
    assert "Felbab-Brown" in cut.text
    assert len(cut.text) < len(stored.passage.text)


def test_cut_hangs_on_the_best_of_all_passages(generation: Generation, embedder: Embedder) -> None:
    """A passage that has nothing to say keeps one sentence beside one that has."""
    asked = ask(QUESTION, generation, embedder)
    stored = some(generation)
    together = passages(stored, asked, generation)
    alone = [passages([s], asked, generation)[0] for s in stored]
    pairs = list(zip(together, alone, strict=True))
    assert all(len(one.text) <= len(other.text) for one, other in pairs)
    assert any(len(one.text) < len(other.text) for one, other in pairs)


def test_all_is_kept_where_everything_is_near_enough(
    generation: Generation, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.focus, "LEEWAY", 9.0)
    stored = some(generation)
    asked = ask(QUESTION, generation, embedder)
    for (passage, sentences), whole in zip(focused(stored, asked, generation), stored, strict=True):
        texts = [whole.passage.text[slice(*bound)] for bound in whole.bounds]
        kept = [text for text in texts if text not in whole.passage.heading_path]
        assert len(sentences) == len(kept)
        assert passage.text.startswith(kept[0])
        assert passage.span.end == whole.passage.span.end
        assert all(-1 <= s.cosine <= 1.001 and 0 <= s.words <= 1.001 for s in sentences)


def test_headings_do_not_count(
    generation: Generation, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = next(
        s
        for s in some(generation)
        if len(s.bounds) > 2 and s.passage.text[slice(*s.bounds[0])] in s.passage.heading_path
    )
    heading = stored.passage.text[slice(*stored.bounds[0])]
    asked = ask(heading, generation, embedder)
    monkeypatch.setattr(index.focus, "LEEWAY", 0.0)
    (cut,) = passages([stored], asked, generation)
    assert not cut.text.startswith(heading)
    bare = replace(stored, passage=replace(stored.passage, heading_path=()))
    (cut,) = passages([bare], asked, generation)
    assert cut.text.startswith(heading)


def test_nothing_to_cut(generation: Generation, embedder: Embedder) -> None:
    query, _ = ask(QUESTION, generation, embedder)
    assert focus([], query) == []


WORDS = "the gangs agreed to hand over their weapons to the church in the square of the capital"


@pytest.mark.parametrize(
    ("one", "other", "like"),
    [
        (WORDS, WORDS, True),
        (WORDS, WORDS.title() + "!", True),
        (WORDS, WORDS + " today", True),
        (WORDS, WORDS.replace("weapons", "weapon"), True),
        (WORDS, WORDS.replace("weapons", "children").replace("church", "army"), False),
        (WORDS, " ".join(WORDS.split()[::-1]), False),
        (WORDS + " in 2012", WORDS + " in 2013", False),
        (WORDS + " 1,234", WORDS + " 1234", True),
        (WORDS + " MS-13", WORDS + " MS-18", False),
        ("?", "!", True), ("", WORDS, False), ("Yes.", "No.", False),
    ],
)  # fmt: skip
def test_passages_are_alike_by_their_words_and_numbers(one: str, other: str, like: bool) -> None:
    first, second = (sketch(with_text(text)) for text in (one, other))
    assert first.is_like(second) is like
    assert second.is_like(first) is like
