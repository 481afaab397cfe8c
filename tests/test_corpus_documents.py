"""What corpus/documents must be: the documents that Footnote is shown with."""

import re
from collections import Counter
from pathlib import PurePosixPath

from corpus.load import Corpus


def test_nothing_is_skipped(bundled_corpus: Corpus) -> None:
    assert bundled_corpus.skipped == ()


def test_enough_documents_and_words(bundled_corpus: Corpus) -> None:
    assert len(bundled_corpus.documents) >= 15
    assert sum(len(document.text.split()) for document in bundled_corpus.documents) >= 6_000
    assert all(len(document.text.split()) >= 200 for document in bundled_corpus.documents)


def test_every_format_at_least_twice(bundled_corpus: Corpus) -> None:
    formats = Counter(PurePosixPath(document.id).suffix for document in bundled_corpus.documents)
    assert all(formats[suffix] >= 2 for suffix in (".txt", ".md", ".html", ".pdf", ".docx"))


def test_each_names_its_licence_or_publisher(bundled_corpus: Corpus) -> None:
    named = re.compile(
        r"licen[cs]ed? |public domain|published by|Foreign Policy|InSight Crime|Just Security",
        re.IGNORECASE,
    )
    assert [d.id for d in bundled_corpus.documents if not named.search(d.text)] == []


def test_each_has_a_title_of_its_own_and_headings(bundled_corpus: Corpus) -> None:
    titles = {document.title for document in bundled_corpus.documents}
    assert len(titles) == len(bundled_corpus.documents)
    assert [document.id for document in bundled_corpus.documents if not document.headings] == []


def test_offsets_are_exact(bundled_corpus: Corpus) -> None:
    for document in bundled_corpus.documents:
        assert all(document.text[h.start : h.end] == h.text for h in document.headings)
        edges = [edge for page in document.pages for edge in (page.start, page.end)]
        assert edges == sorted(edges)
        assert all(edge <= len(document.text) for edge in edges)


def test_no_markup_is_left_in_the_text(bundled_corpus: Corpus) -> None:
    markup = re.compile(r"</?[a-z]+[^>]*>|\*\*|\]\(http|&[a-z]+;|^#+ ", re.MULTILINE)
    assert [d.id for d in bundled_corpus.documents if markup.search(d.text)] == []
