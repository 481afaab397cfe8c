import re
from pathlib import Path
from zipfile import ZipFile

import docx
import pytest
from docx.document import Document as Word
from docx.oxml import OxmlElement

from corpus.document import Document
from corpus.load import load_corpus


def read(folder: Path, word: Word) -> Document:
    word.save(str(folder / "a-file.docx"))
    return load_corpus([folder]).documents[0]


def test_headings_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("The truce", 0)
    word.add_paragraph("It began.")
    table = word.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ["Year", "Rate", "2012", "a\nb"], strict=True):
        cell.text = words
    word.add_heading("Its end", 2)
    word.add_paragraph("It ended.", style="List Bullet")
    document = read(tmp_path, word)
    assert document.text == (
        "The truce\n\nIt began.\n\nYear | Rate\n\n2012 | a b\n\nIts end\n\nIt ended."
    )
    assert [(h.level, h.text) for h in document.headings] == [(1, "The truce"), (2, "Its end")]
    assert document.title == "The truce"


def test_title_and_language_of_its_properties(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("A heading", 1)
    word.core_properties.title = "The title"
    word.core_properties.language = "es"
    document = read(tmp_path, word)
    assert (document.title, document.language) == ("The title", "es")


def test_file_name_is_the_title_of_a_bare_document(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_paragraph("Only words.")
    assert read(tmp_path, word).title == "A file"


def test_file_without_properties_has_no_title_made_up(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("A heading", 1)
    word.save(str(tmp_path / ".whole.docx"))
    with ZipFile(tmp_path / ".whole.docx") as old, ZipFile(tmp_path / "a.docx", "w") as new:
        for name in old.namelist():
            if name != "docProps/core.xml":
                new.writestr(name, re.sub(rb"<[^<]*core-properties[^>]*/>", b"", old.read(name)))
    assert load_corpus([tmp_path]).documents[0].title == "A heading"


def test_links_keep_their_words(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("See ")
    link = OxmlElement("w:hyperlink")
    link.append(paragraph.add_run("the report")._r)
    paragraph._p.append(link)
    assert read(tmp_path, word).text == "See the report"


@pytest.mark.parametrize("data", [b"not a zip", b"PK\x03\x04 cut short"])
def test_damaged_file_is_skipped_with_a_reason(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "ok.txt").write_text("Words.")
    (tmp_path / "bad.docx").write_bytes(data)
    (skipped,) = load_corpus([tmp_path]).skipped
    assert skipped.path == "bad.docx"
    assert skipped.reason.startswith("damaged, or not what its name says")


def test_merged_cell_is_read_once(tmp_path: Path) -> None:
    word = docx.Document()
    table = word.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(0, 2).text = "narrow"
    assert read(tmp_path, word).text == "wide | narrow"


def test_tracked_insertion_is_part_of_the_text(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("Kept ")
    inserted = OxmlElement("w:ins")
    inserted.append(paragraph.add_run("and added")._r)
    paragraph._p.append(inserted)
    assert read(tmp_path, word).text == "Kept and added"


def test_hidden_text_is_left_out(tmp_path: Path) -> None:
    word = docx.Document()
    paragraph = word.add_paragraph("Seen")
    paragraph.add_run(" NOISE").font.hidden = True
    assert read(tmp_path, word).text == "Seen"


def test_content_controls_are_part_of_the_text(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_paragraph("Before.")
    held = word.add_paragraph("In a form.")._p
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    held.addprevious(control)
    control.append(content)
    content.append(held)
    word.add_paragraph("After.")
    assert read(tmp_path, word).text == "Before.\n\nIn a form.\n\nAfter."


def test_locked_file_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "ok.txt").write_text("Words.")
    (tmp_path / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    (skipped,) = load_corpus([tmp_path]).skipped
    assert skipped.reason == "protected by a password, or in an old Office format"


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_paragraph("Words. HERE")
    word.save(str(tmp_path / "plain.docx"))
    (tmp_path / "secret").write_text("SECRET")
    entities = f'<!DOCTYPE d [<!ENTITY e SYSTEM "{tmp_path / "secret"}"><!ENTITY a "aaaa">]>'
    with ZipFile(tmp_path / "plain.docx") as old, ZipFile(tmp_path / "a.docx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "word/document.xml":
                content = content.replace(b"?>", b"?>" + entities.encode(), 1)
                content = content.replace(b"HERE", b"&e;&a;")
            new.writestr(name, content)
    (tmp_path / "plain.docx").unlink()
    text = load_corpus([tmp_path / "a.docx"]).documents[0].text
    assert text.startswith("Words.")
    assert "SECRET" not in text
