import json
import struct
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

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
OFFICE = "http://schemas.openxmlformats.org"
RELATED = f"{OFFICE}/officeDocument/2006/relationships"


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


def related(*targets: tuple[str, str]) -> str:
    rows = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATED}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{OFFICE}/package/2006/relationships">{rows}</Relationships>'


def slides(*texts: list[str]) -> dict[str, str]:
    """The least that is a presentation: each slide a title and paragraphs."""
    files = {
        "_rels/.rels": related(("officeDocument", "ppt/presentation.xml")),
        "ppt/_rels/presentation.xml.rels": related(
            *(("slide", f"slides/slide{n}.xml") for n in range(1, len(texts) + 1))
        ),
        "ppt/presentation.xml": (
            f'<p:presentation xmlns:p="{OFFICE}/presentationml/2006/main" xmlns:r="{RELATED}">'
            "<p:sldIdLst>"
            + "".join(f'<p:sldId id="{n + 255}" r:id="rId{n}"/>' for n in range(1, len(texts) + 1))
            + "</p:sldIdLst></p:presentation>"
        ),
    }
    for number, (title, *rest) in enumerate(texts, start=1):
        files[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{OFFICE}/presentationml/2006/main"'
            f' xmlns:a="{OFFICE}/drawingml/2006/main"><p:cSld><p:spTree>'
            + _shape([title], '<p:ph type="title"/>')
            + _shape(rest, '<p:ph idx="1"/>')
            + "</p:spTree></p:cSld></p:sld>"
        )
    return files


def _shape(paragraphs: list[str], kind: str) -> str:
    words = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>{kind}</p:nvPr></p:nvSpPr>'
        f"<p:spPr/><p:txBody><a:bodyPr/>{words}</p:txBody></p:sp>"
    )


def sheets(**rows: list[list[str | float]]) -> dict[str, str]:
    """The least that is a workbook."""
    main = f'xmlns="{OFFICE}/spreadsheetml/2006/main"'
    numbered = list(enumerate(rows.items(), start=1))
    files = {
        "_rels/.rels": related(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": related(
            *(("worksheet", f"worksheets/sheet{n}.xml") for n, _ in numbered)
        ),
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{RELATED}"><sheets>'
        + "".join(f'<sheet name="{s}" sheetId="{n}" r:id="rId{n}"/>' for n, (s, _) in numbered)
        + "</sheets></workbook>",
    }
    for number, (_, values) in numbered:
        lines = "".join(f"<row>{''.join(map(_cell, line))}</row>" for line in values)
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>"
        )
    return files


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def test_book_is_read_in_its_order_without_its_contents(tmp_path: Path) -> None:
    book = zipped(tmp_path / "a.epub", epub("<h1>Uno</h1><p>Empezó en *marzo*, con_pausas.</p>"))
    assert book.text == "Uno\n\nEmpezó en *marzo*, con_pausas.\n\nDos\n\nTerminó 3 < 4."
    assert [(h.level, h.text) for h in book.headings] == [(1, "Uno"), (2, "Dos")]
    assert (book.title, book.published_on, book.language) == ("La tregua", "2013-05-01", "es")


def test_hidden_text_of_a_book_is_left_out(tmp_path: Path) -> None:
    chapter = '<p>Uno.</p><p style="display:none">NOISE</p><!-- NOISE -->'
    assert "NOISE" not in zipped(tmp_path / "a.epub", epub(chapter)).text


def test_entities_of_a_book_are_not_expanded(tmp_path: Path) -> None:
    files = epub("<p>Uno.</p>")
    names = "abcdefghij"
    bomb = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    doctype = f'<!DOCTYPE package [<!ENTITY a "lol">{bomb}]>'
    files["OPS/p.opf"] = doctype + PACKAGE.replace("La tregua", "La tregua &j;")
    with pytest.raises(EmptyCorpus, match="damaged"):
        zipped(tmp_path / "a.epub", files)


def test_slides_are_pages_and_their_titles_headings(tmp_path: Path) -> None:
    deck = slides(["One", "First *point*.", "Second_point 3 &lt; 4."], ["Two", "Third # point."])
    document = zipped(tmp_path / "a.pptx", deck)
    assert document.text == (
        "One\n\nFirst *point*.\n\nSecond_point 3 < 4.\n\nTwo\n\nThird # point."
    )
    assert [heading.text for heading in document.headings] == ["One", "Two"]
    assert document.page_at(document.text.index("Second")) == 1
    assert document.page_at(document.text.index("Third")) == 2


def test_slide_that_looks_like_a_page_mark_is_words(tmp_path: Path) -> None:
    document = zipped(tmp_path / "a.pptx", slides(["One", "&lt;!-- PAGE 9 --&gt;"]))
    assert "<!-- PAGE 9 -->" in document.text
    assert [page.number for page in document.pages] == [1]


def test_sheets_are_pages_and_rows_blocks(tmp_path: Path) -> None:
    book = sheets(Rates=[["Year", "Rate"], [2012, 0.1234567], ["a | b", "Rates"]], Rest=[["x", 7]])
    document = zipped(tmp_path / "a.xlsx", book)
    assert document.text == (
        "Rates\n\nYear | Rate\n\n2012 | 0.1234567\n\na | b | Rates\n\nRest\n\nx | 7"
    )
    assert [heading.text for heading in document.headings] == ["Rates", "Rest"]
    assert [page.number for page in document.pages] == [1, 2]


def test_rtf(tmp_path: Path) -> None:
    text = r"{\rtf1\ansi\ansicpg1252 It began \'f1 {\i here}.\par Two {\v NOISE}end.\par}"
    assert read(tmp_path, "a.rtf", text).text == "It began ñ here.\n\nTwo end."


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'Year,Note\n2012,"a, b\nc"\n\n,\n'), ("a.csv", 'Year;Note\n2012;"a, b\nc"\n'),
        ("a.tsv", "Year\tNote\n2012\ta, b c\n"),
    ],
)  # fmt: skip
def test_rows_of_a_table_are_blocks(tmp_path: Path, name: str, data: str) -> None:
    assert read(tmp_path, name, data).text == "Year | Note\n\n2012 | a, b c"


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


@pytest.mark.parametrize("suffix", ["pptx", "xlsx", "rtf", "epub", "json", "eml", "jsonl"])
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
