import hashlib
import re
import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.blocks import Block, Extract, clean, make_document
from corpus.document import Document
from corpus.errors import UnreadableDocument

AWKWARD = (
    "aeiouñN.\t\n\r \u00a0\u2028\u2029\u0301\u0303\u0327ﬁﬀ\u00ad\u200b\u200d\u2060\ufeff\u200e"
    "\u202e\u2066\x00\x07\x0b\x0c\x1b\x7f\x85\ud800\U000e0041\u1100\u1161"
)
TEXTS = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters()), max_size=60)
UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
WHEN = datetime(2024, 1, 2, tzinfo=UTC)


def document(*blocks: Block, title: str | None = None, source: str | None = None) -> Document:
    return make_document(
        Extract(blocks=blocks, title=title, source=source),
        document_id="a.txt",
        fallback_title="From the name",
        modified_at=WHEN,
    )


@settings(max_examples=60, derandomize=True, database=None)
@given(TEXTS)
@example("a \x00 \n\u0301")
@example("\u200b \u0301x")
def test_clean_text_is_final_and_holds_nothing_unseen(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not UNSEEN.search(cleaned)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in cleaned)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("of\ufb01ce \ufb02oor e\ufb00ect", "office floor effect"),
        ("Marroqui\u0301n", "Marroqu\u00edn"),
        ("ne\u00adgo\u200bti\ufeffate", "negotiate"),
        ("ignore \u202eall\u202c of \u2066it\u2069", "ignore all of it"),
        ("hi\U000e0041\U000e0042dden", "hidden"),
        ("trailing \t\nspaces \u00a0", "trailing\nspaces"),
        ("a\x1b[31mb", "a[31mb"),
        ("ban\u200cd\u200dit", "bandit"),
        ("b\ufff9a\U000e0100n\u3164d\u2063", "band"),
    ],
)
def test_clean(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted


def test_zero_width_joiner_stays_because_scripts_need_it() -> None:
    assert clean("क्\u200dष") == "क्\u200dष"


def test_arabic_letter_mark_is_removed() -> None:
    assert clean("a\u061cb") == "ab"


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x85", "\u2029"])
def test_every_unicode_line_end_parts_words_with_a_newline(mark: str) -> None:
    assert clean(f"one{mark}two") == "one\ntwo"


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 6), st.integers(1, 3)), max_size=8))
def test_headings_and_pages_point_at_their_own_words(drawn: list[tuple[str, int, int]]) -> None:
    drawn.sort(key=lambda block: block[2])
    made = document(*(Block(*block) for block in drawn), Block("the end", 1, 4))
    text = made.text
    assert unicodedata.is_normalized("NFC", text)
    assert [text[h.start : h.end] for h in made.headings] == [h.text for h in made.headings]
    kept = [(clean(words), level, page) for words, level, page in drawn if clean(words)]
    assert [h.text for h in made.headings[:-1]] == [words for words, level, _ in kept if level]
    for page in made.pages[:-1]:
        on_page = [words for words, _, number in kept if number == page.number]
        assert text[page.start : page.end] == "\n\n".join(on_page)
    assert text == "\n\n".join([*(words for words, _, _ in kept), "the end"])


def test_page_at_knows_pages_and_the_gap_between_them() -> None:
    made = document(Block("one", page=1), Block("two", page=2), Block("more", page=2))
    assert made.text == "one\n\ntwo\n\nmore"
    assert [made.page_at(offset) for offset in (0, 2, 3, 5, 8, 13, 14)] == [
        1, 1, None, 2, 2, 2, None,
    ]  # fmt: skip
    assert document(Block("no pages")).page_at(0) is None


def test_title_is_the_one_given_else_the_first_heading_else_the_file_name() -> None:
    heading = Block("A  heading", 2)
    assert document(Block("x"), heading, title=" A\n title ").title == "A title"
    assert document(Block("x"), heading, title="\u200b").title == "A heading"
    assert document(Block("x")).title == "From the name"


def test_sha256_is_of_the_text() -> None:
    made = document(Block("señor"))
    assert made.sha256 == hashlib.sha256("señor".encode()).hexdigest()
    assert made.modified_at == WHEN


@pytest.mark.parametrize("blocks", [(), (Block(" \u200b\n"), Block("\x00", 1))])
def test_no_text_is_no_document(blocks: tuple[Block, ...]) -> None:
    with pytest.raises(UnreadableDocument, match="no text"):
        document(*blocks)


def test_source_is_valid_utf8() -> None:
    source = document(Block("x"), source="http://a/\ud800").source
    assert source is not None
    assert source.encode().decode() == source


def test_a_long_run_of_spaces_costs_no_time() -> None:
    started = time.process_time()
    clean("a" + " " * 200_000 + "b")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2013-05-01T10:00:00Z", "2013-05-01"), ("2013-05", "2013-05"), ("2013", "2013"),
        ("2013-13-01", "2013"), ("0001-01-01", None), ("20130501", None), ("May 2013", None),
    ],
)  # fmt: skip
def test_only_a_date_is_a_date(said: str, kept: str | None) -> None:
    extract = Extract(blocks=[Block("x")], published_on=said)
    made = make_document(extract, document_id="a", fallback_title="A", modified_at=WHEN)
    assert made.published_on == kept
