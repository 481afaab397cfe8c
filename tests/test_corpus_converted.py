import json
import struct
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pptx
import pytest
from openpyxl import Workbook
from pptx.presentation import Presentation
from pptx.util import Inches

from corpus.document import Document
from corpus.errors import EmptyCorpus
from corpus.load import load_corpus

PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>La tregua</dc:title>
<dc:language>es</dc:language><dc:date>2013-05-01</dc:date></metadata><manifest>
<item id="b" href="text/b%20two.xhtml"/><item id="a" href="a.xhtml"/>
<item id="n" href="nav.xhtml" properties="nav"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
CONTAINER = "<container><rootfiles><rootfile full-path='OPS/p.opf'/></rootfiles></container>"


def read(folder: Path, name: str, data: bytes | str) -> Document:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_corpus([folder / name]).documents[0]


def reason(folder: Path, name: str, data: bytes) -> str:
    (folder / "ok.txt").write_text("Words.")
    (folder / name).write_bytes(data)
    (skipped,) = load_corpus([folder]).skipped
    assert skipped.path == name
    return skipped.reason


def zipped(path: Path, files: dict[str, str]) -> Document:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return load_corpus([path]).documents[0]


def epub(a: str) -> dict[str, str]:
    return {
        "META-INF/container.xml": CONTAINER,
        "OPS/p.opf": PACKAGE,
        "OPS/nav.xhtml": "<html><body><p>NOISE</p></body></html>",
        "OPS/a.xhtml": f"<html><head><title>x</title></head><body>{a}</body></html>",
        "OPS/text/b two.xhtml": "<html><body><h2>Dos</h2><p>Terminó 3 &lt; 4.</p></body></html>",
    }


def test_book_is_read_in_its_order_without_its_contents(tmp_path: Path) -> None:
    book = zipped(tmp_path / "a.epub", epub("<h1>Uno</h1><p>Empezó en *marzo*, con_pausas.</p>"))
    assert book.text == "Uno\n\nEmpezó en *marzo*, con_pausas.\n\nDos\n\nTerminó 3 < 4."
    assert [(h.level, h.text) for h in book.headings] == [(1, "Uno"), (2, "Dos")]
    assert (book.title, book.published_on, book.language) == ("La tregua", "2013-05-01", "es")


def test_hidden_text_of_a_book_is_left_out(tmp_path: Path) -> None:
    chapter = '<p>Uno.</p><p style="display:none">NOISE</p><!-- NOISE -->'
    assert "NOISE" not in zipped(tmp_path / "a.epub", epub(chapter)).text


def entities(root: str) -> str:
    """A bomb that `&j;` sets off."""
    nested = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    return f'<!DOCTYPE {root} [<!ENTITY a "lol">{nested}]>'


def test_entities_of_a_book_are_not_expanded(tmp_path: Path) -> None:
    files = epub("<p>Uno.</p>")
    files["OPS/p.opf"] = entities("package") + PACKAGE.replace("La tregua", "La tregua &j;")
    with pytest.raises(EmptyCorpus, match="damaged"):
        zipped(tmp_path / "a.epub", files)


def presentation(path: Path, *slides: list[str]) -> Presentation:
    """Each slide a title and paragraphs."""
    deck = pptx.Presentation()
    for title, *paragraphs in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        title_shape, body = slide.placeholders
        title_shape.text, body.text = title, "\n".join(paragraphs)
    deck.save(str(path))
    return deck


def test_slides_are_pages_and_their_titles_headings(tmp_path: Path) -> None:
    first = ["One", "First *point*.", "Second_point 3 < 4.", "<!-- PAGE 9 -->"]
    presentation(tmp_path / "a.pptx", first, ["Two", "Third # point."])
    document = load_corpus([tmp_path / "a.pptx"]).documents[0]
    assert document.text == (
        "One\n\nFirst *point*.\n\nSecond_point 3 < 4.\n\n<!-- PAGE 9 -->\n\nTwo\n\nThird # point."
    )
    assert [heading.text for heading in document.headings] == ["One", "Two"]
    assert [page.number for page in document.pages] == [1, 2]
    assert document.page_at(document.text.index("Second")) == 1
    assert document.page_at(document.text.index("Third")) == 2


def test_words_of_a_list_stay_as_they_were_typed(tmp_path: Path) -> None:
    typed = ["- a dash", "1. a number", "• a bullet", "2012. A year", "**stars**"]
    presentation(tmp_path / "a.pptx", ["One", *typed])
    assert load_corpus([tmp_path]).documents[0].text == "\n\n".join(["One", *typed])


def test_formatting_of_slides_adds_no_characters(tmp_path: Path) -> None:
    deck = presentation(tmp_path / "a.pptx", ["One", ""])
    paragraph = deck.slides[0].placeholders[1].text_frame.paragraphs[0]
    paragraph.add_run().text = "bold"
    paragraph.runs[0].font.bold = True
    paragraph.add_line_break()
    paragraph.add_run().text = "link"
    paragraph.runs[1].hyperlink.address = "http://a.org"
    deck.save(str(tmp_path / "a.pptx"))
    assert load_corpus([tmp_path]).documents[0].text == "One\n\nbold link"


def test_shapes_are_read_from_the_top_down_and_table_rows_are_blocks(tmp_path: Path) -> None:
    deck = presentation(tmp_path / "a.pptx", ["One", "Body."])
    shapes = deck.slides[0].shapes
    shapes.add_textbox(0, Inches(7), 0, 0).text_frame.text = "Foot."
    table = shapes.add_table(2, 3, 0, Inches(6), Inches(4), Inches(1)).table
    for cell, words in zip(
        table.iter_cells(), ["Year", "Rate", "", "2012", "4\n1", ""], strict=True
    ):
        cell.text = words
    shapes.add_group_shape().shapes.add_textbox(0, Inches(5.9), 9, 9).text_frame.text = "Grouped."
    deck.save(str(tmp_path / "a.pptx"))
    text = load_corpus([tmp_path]).documents[0].text
    assert text == "One\n\nBody.\n\nGrouped.\n\nYear | Rate\n\n2012 | 4 1\n\nFoot."


def test_title_of_slides_is_their_own_or_their_first_heading(tmp_path: Path) -> None:
    deck = presentation(tmp_path / "a.pptx", ["One", "Body."])
    assert load_corpus([tmp_path]).documents[0].title == "One"
    deck.core_properties.title = "The truce"
    deck.save(str(tmp_path / "a.pptx"))
    assert load_corpus([tmp_path]).documents[0].title == "The truce"


def test_sheets_are_pages_and_rows_blocks(tmp_path: Path) -> None:
    book = Workbook()
    rates, rest, empty = book.active, book.create_sheet("Rest"), book.create_sheet("Empty")
    rates.title = "Rates"
    for row in (["Year", "Rate"], [2012, 0.1234567], [], ["a | b", " Rates\n", None], [0, 3 * 1.1]):
        rates.append(row)
    rest["C5"], rest["D6"], empty["A1"] = "x", 7.0, ""
    book.save(tmp_path / "a.xlsx")
    document = load_corpus([tmp_path]).documents[0]
    assert document.text == (
        "Rates\n\nYear | Rate\n\n2012 | 0.1234567\n\na | b | Rates\n\n0 | 3.3\n\nRest\n\nx\n\n| 7"
    )
    assert [heading.text for heading in document.headings] == ["Rates", "Rest"]
    assert [page.number for page in document.pages] == [1, 2]


def test_sheet_that_lies_about_its_size_is_read(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["a", "b"], ["c", "d"]):
        book.active.append(row)
    book.save(tmp_path / ".a.xlsx")
    with ZipFile(tmp_path / ".a.xlsx") as old, ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:B2"', b'ref="A1:A1"'))
    assert load_corpus([tmp_path]).documents[0].text == "Sheet\n\na | b\n\nc | d"


def test_entities_of_a_workbook_are_not_expanded(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["HERE"])
    book.save(tmp_path / ".a.xlsx")
    with ZipFile(tmp_path / ".a.xlsx") as old, ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name).decode()
            if "HERE" in content:
                content = entities("x") + content.replace("HERE", "&j;")
            new.writestr(name, content)
    with pytest.raises(EmptyCorpus, match="damaged"):
        load_corpus([tmp_path])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'Year,Note\n2012,"a, b\nc"\n\n,\n'), ("a.csv", 'Year;Note\n2012;"a, b\nc"\n'),
        ("a.csv", 'Year, Note,\n2012, "a, b c",\n'),
        ("a.tsv", "Year\tNote\n2012\ta, b c\n"),
    ],
)  # fmt: skip
def test_rows_of_a_table_are_blocks(tmp_path: Path, name: str, data: str) -> None:
    assert read(tmp_path, name, data).text == "Year | Note\n\n2012 | a, b c"


def test_quotes_within_a_cell_stand_once(tmp_path: Path) -> None:
    rows = "Name,Age\nBea,1\n" * 2_000 + '"Anna ""Annie"", Miss",15\n'
    assert read(tmp_path, "a.csv", rows).text.endswith('\n\nAnna "Annie", Miss | 15')


def test_table_in_an_old_encoding(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "Año,Nota\n1,señor\n".encode("cp1252")).text.startswith("Año")


def test_fields_of_a_record_are_lines(tmp_path: Path) -> None:
    record = '{"title": "La tregua", "rate": 41.50, "tags": ["a", "b"], "where": {"city": "San"}}'
    document = read(tmp_path, "a.json", record)
    assert document.title == "La tregua"
    assert document.text == "title: La tregua\n\nrate: 41.50\n\ntags: a\ntags: b\n\nwhere city: San"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", '[{"who": "Ana", "n": 1}, {"who": "Bea", "n": null, "ok": true}]'),
        ("a.jsonl", '{"who": "Ana", "n": 1}\n\n{"who": "Bea", "n": null, "ok": true}\n'),
    ],
)
def test_records_are_blocks(tmp_path: Path, name: str, data: str) -> None:
    assert read(tmp_path, name, data).text == "who: Ana\nn: 1\n\nwho: Bea\nok: true"


def test_records_in_a_record_are_blocks(tmp_path: Path) -> None:
    data = json.dumps({"rows": [{"a": "x"}, {"a": "y"}]})
    assert read(tmp_path, "a.json", data).text == "rows a: x\n\nrows a: y"


def test_deeply_nested_json_is_skipped(tmp_path: Path) -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    assert reason(tmp_path, "bad.json", deep) == "nested too deeply to be read"


MAIL = b"""From: Ana <a@b.c>\nTo: d@e.f\nSubject: =?utf-8?q?La_tregua_termin=C3=B3?=
Date: Wed, 01 May 2013 10:00:00 +0000\nMIME-Version: 1.0\n"""


def test_mail(tmp_path: Path) -> None:
    text = b"Content-Type: text/plain; charset=latin-1\n\nA se\xf1or *said*\nso.\n\nBye.\n"
    mail = read(tmp_path, "a.eml", MAIL + text)
    assert (mail.title, mail.published_on) == ("La tregua terminó", "2013-05-01")
    assert mail.text.startswith("La tregua terminó\n\nFrom: Ana <a@b.c>\nTo: d@e.f\nDate: Wed,")
    assert mail.text.endswith("\n\nA señor *said*\nso.\n\nBye.")


def test_mail_in_html_hides_what_it_hides(tmp_path: Path) -> None:
    page = b"Content-Type: text/html\n\n<p>Seen.</p><p style='display:none'>NOISE</p>"
    mail = read(tmp_path, "a.eml", MAIL + page)
    assert mail.text.endswith("Seen.")


@pytest.mark.parametrize("suffix", ["pptx", "xlsx", "epub", "json", "eml", "jsonl"])
@pytest.mark.parametrize("data", [b"\x00\x01junk", b"PK\x03\x04cut short"])
def test_damaged_file_is_skipped_with_a_reason(tmp_path: Path, suffix: str, data: bytes) -> None:
    found = reason(tmp_path, f"bad.{suffix}", data)
    assert found
    assert "\n" not in found


@pytest.mark.parametrize("suffix", ["docx", "epub", "pptx", "xlsx"])
def test_bomb_is_skipped_unread(tmp_path: Path, suffix: str) -> None:
    with ZipFile(tmp_path / ".bomb", "w", ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(20_000_000))
    found = reason(tmp_path, f"bad.{suffix}", (tmp_path / ".bomb").read_bytes())
    assert found == "unpacks to 20 MB, which is not safe"


def test_archive_of_too_many_files_is_skipped_unread(tmp_path: Path) -> None:
    with ZipFile(tmp_path / ".many", "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), "")
    found = reason(tmp_path, "bad.docx", (tmp_path / ".many").read_bytes())
    assert found == "holds more than 20,000 files"


def test_bomb_whose_header_lies_harms_nothing(tmp_path: Path) -> None:
    with ZipFile(tmp_path / ".bomb", "w", ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" * 20_000_000)
    data = (tmp_path / ".bomb").read_bytes()
    lying = data.replace(struct.pack("<L", 60_000_000), struct.pack("<L", 1_000))
    assert lying != data
    for suffix in ("docx", "pptx", "xlsx", "epub"):
        assert reason(tmp_path, f"bad.{suffix}", lying)
        (tmp_path / f"bad.{suffix}").unlink()


def test_locked_archive_is_a_reason(tmp_path: Path) -> None:
    with ZipFile(tmp_path / ".a", "w") as archive:
        archive.writestr("word/document.xml", "x")
    data = bytearray((tmp_path / ".a").read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert reason(tmp_path, "bad.docx", bytes(data)) == "protected by a password"
