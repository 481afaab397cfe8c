from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import EmptyCorpus
from corpus.load import load_corpus

SPANISH = (
    "El señor Marroquín dirigió la Dirección de Reconstrucción del Tejido Social. "
    "Así negoció con las pandillas según la investigación."
)
ENGLISH = "The government “offered” a deal — it said — to the gangs’ leaders. They took it."


def read(folder: Path, content: str | bytes) -> Document:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "a-file_name.txt").write_bytes(data)
    return load_corpus([folder]).documents[0]


def headings(document: Document) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for heading in document.headings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_encodings(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, SPANISH.encode(encoding)).text == SPANISH


def test_utf16_big_endian(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xfe\xff" + SPANISH.encode("utf-16-be")).text == SPANISH


def test_windows_quotes_and_dashes(tmp_path: Path) -> None:
    assert read(tmp_path, ENGLISH.encode("cp1252")).text == ENGLISH


@pytest.mark.parametrize(
    "text",
    [SPANISH, "Café señor."],
)
def test_latin1_spanish(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text.encode("latin-1")).text == text


def test_one_bad_byte_spoils_only_itself(tmp_path: Path) -> None:
    document = read(tmp_path, (SPANISH * 20).encode() + b"\xff end.")
    assert document.text.startswith(SPANISH)


@pytest.mark.parametrize(
    "junk", [b"abc\x00def", bytes(range(1, 256)) * 4, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"]
)
def test_binary_data_is_skipped_with_a_reason(tmp_path: Path, junk: bytes) -> None:
    with pytest.raises(EmptyCorpus, match=r"binary data|encoding is not known|begins like"):
        read(tmp_path, junk)


def test_empty_file_is_skipped_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(EmptyCorpus, match="no text in it"):
        read(tmp_path, " \n\n")


def test_short_first_line_is_the_title_and_a_heading(tmp_path: Path) -> None:
    document = read(tmp_path, "The truce\n\nIt began in March.\nIt ended later.\n")
    assert document.title == "The truce"
    assert headings(document) == [(1, "The truce")]
    assert document.text == "The truce\n\nIt began in March.\nIt ended later."


@pytest.mark.parametrize(
    "first", ["It began in March.", "Contents:", "two\nlines", "long words " * 12]
)
def test_first_paragraph_that_is_no_title(tmp_path: Path, first: str) -> None:
    document = read(tmp_path, f"{first}\n\nMore words.")
    assert document.title == "A file name"
    assert document.headings == ()


def test_line_in_capitals_is_a_heading(tmp_path: Path) -> None:
    document = read(tmp_path, "The truce\n\nWHAT CAME OF IT\n\nNothing.\n\nTWO\nLINES")
    assert headings(document) == [(1, "The truce"), (2, "WHAT CAME OF IT")]


def test_one_paragraph_a_line(tmp_path: Path) -> None:
    lines = [f"Paragraph {n} has a good many words in it. " * 4 + "It ends." for n in (1, 2, 3)]
    assert read(tmp_path, "\n".join(lines)).text == "\n\n".join(lines)


def test_wrapped_lines_stay_one_paragraph(tmp_path: Path) -> None:
    wrapped = "A wrapped line of a paragraph\nand the line after it.\nAnd a third."
    assert read(tmp_path, wrapped).text == wrapped


def test_seeds_become_documents_with_all_their_paragraphs(test_data: Path) -> None:
    corpus = load_corpus([test_data / "seeds"])
    assert len(corpus.documents) == 5
    assert corpus.skipped == ()
    for document in corpus.documents:
        raw = (test_data / "seeds" / document.id).read_text()
        assert document.text.split() == raw.split()
        assert all(document.text[h.start : h.end] == h.text for h in document.headings)


@pytest.mark.parametrize("data", [b"%PDF-1.7\n1 0 obj", b"PK\x03\x04 words", b"{\\rtf1 words}"])
def test_file_that_is_not_what_its_name_says_is_skipped(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(EmptyCorpus, match="not what its name says: it begins like"):
        read(tmp_path, data)


def test_control_characters_throughout_are_binary_data(tmp_path: Path) -> None:
    with pytest.raises(EmptyCorpus, match="binary data"):
        read(tmp_path, b"ab\x01\x02\x03" * 2000)
