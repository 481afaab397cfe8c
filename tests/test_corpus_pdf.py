from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from corpus.document import Document
from corpus.load import load_corpus

FILLER = "This is a line that is as wide as lines get on this page of text."


def pdf(*pages: list[str], title: str = "") -> bytes:
    """Return a PDF that sets each line in 10 points, or in 20 if it starts with `#`."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    objects.append(f"<< /Title ({title}) >>".encode())
    kids = []
    for lines in pages:
        stream = b"".join(_line(line, 780 - 25 * n) for n, line in enumerate(lines))
        objects.append(b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream))
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(kids)}] >>".encode()
    return _file(objects)


def _line(line: str, y: int) -> bytes:
    size = 20 if line.startswith("#") else 10
    words = line.lstrip("#").encode("cp1252")
    return b"BT /F1 %d Tf 50 %d Td (%s) Tj ET\n" % (size, y, words)


def _file(objects: list[bytes]) -> bytes:
    data = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
        + b"trailer << /Size %d /Root 1 0 R /Info 4 0 R >>\n" % (len(objects) + 1)
        + b"startxref\n%d\n%%%%EOF\n" % len(data)
    )


def locked(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def read(folder: Path, data: bytes) -> Document:
    (folder / "a-file.pdf").write_bytes(data)
    return load_corpus([folder]).documents[0]


def reason(folder: Path, data: bytes) -> str:
    (folder / "ok.txt").write_text("Words.")
    (folder / "bad.pdf").write_bytes(data)
    (skipped,) = load_corpus([folder]).skipped
    assert skipped.path == "bad.pdf"
    return skipped.reason


def test_lines_join_into_paragraphs_on_their_pages(tmp_path: Path) -> None:
    document = read(tmp_path, pdf([FILLER, "And it ends here.", FILLER], ["Page two, señor."]))
    assert document.text == f"{FILLER} And it ends here.\n\n{FILLER}\n\nPage two, señor."
    assert [document.text[p.start : p.end] for p in document.pages] == [
        f"{FILLER} And it ends here.\n\n{FILLER}",
        "Page two, señor.",
    ]
    assert document.page_at(document.text.index("Page two")) == 2


def test_larger_type_is_a_heading(tmp_path: Path) -> None:
    document = read(tmp_path, pdf(["#The truce", FILLER, "It ends.", "#Part two", FILLER]))
    assert [(h.level, h.text) for h in document.headings] == [(1, "The truce"), (1, "Part two")]
    assert document.title == "The truce"


def test_title_of_its_metadata_wins(tmp_path: Path) -> None:
    assert read(tmp_path, pdf(["#A heading", FILLER], title="The title")).title == "The title"


def test_hyphenation_is_undone(tmp_path: Path) -> None:
    document = read(tmp_path, pdf(["A line that is broken in the middle of nego-", "tiations."]))
    assert document.text == "A line that is broken in the middle of negotiations."


def test_dash_before_a_capital_stays(tmp_path: Path) -> None:
    assert read(tmp_path, pdf(["He was in the anti-", "Bukele camp."])).text.count("-") == 1


def test_running_heads_and_feet_are_dropped(tmp_path: Path) -> None:
    pages = [["A report", f"{FILLER} {n}.", f"Page {n} of 3"] for n in "123"]
    document = read(tmp_path, pdf(*pages))
    assert document.text == "\n\n".join(f"{FILLER} {n}." for n in "123")
    assert [page.number for page in document.pages] == [1, 2, 3]


def test_single_page_keeps_its_first_and_last_line(tmp_path: Path) -> None:
    assert read(tmp_path, pdf(["First.", FILLER, "Last."])).text.startswith("First.")


def test_password_is_a_reason(tmp_path: Path) -> None:
    assert reason(tmp_path, locked(pdf([FILLER]), "secret")) == "protected by a password"


def test_empty_password_opens(tmp_path: Path) -> None:
    assert read(tmp_path, locked(pdf([FILLER]), "")).text == FILLER


def test_scan_without_text_is_a_reason(tmp_path: Path) -> None:
    assert "text recognition" in reason(tmp_path, pdf([]))


@pytest.mark.parametrize("data", [b"", b"garbage", b"%PDF-1.7\n%%EOF", pdf([FILLER])[:150]])
def test_damaged_file_is_skipped_with_a_reason(tmp_path: Path, data: bytes) -> None:
    found = reason(tmp_path, data)
    assert found
    assert "\n" not in found


def test_number_inside_a_page_stays_when_page_numbers_are_dropped(tmp_path: Path) -> None:
    pages = [[FILLER, "The rate was", "66", "a year, and it fell.", n] for n in "123"]
    assert "rate was 66 a year" in read(tmp_path, pdf(*pages)).text


@pytest.mark.parametrize("name", ["carlos-marroquin-negotiator", "fmln-talks-and-war-2009-2016"])
def test_bundled_pdf_reads_clean(name: str) -> None:
    folder = Path(__file__).parent.parent / "corpus" / "documents" / "el-salvador"
    (document,) = load_corpus([folder / f"{name}.pdf"]).documents
    assert len(document.headings) >= 5
    assert len(document.pages) >= 2
    assert all("  " not in line and not line.isdigit() for line in document.text.splitlines())
    # A sentence that runs over a page's end may break there, and nowhere else.
    ends = {page.end for page in document.pages}
    for heading in document.headings:
        assert heading.end not in ends
