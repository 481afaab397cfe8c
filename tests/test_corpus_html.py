from pathlib import Path

import pytest

from corpus.document import Document
from corpus.load import load_corpus

PAGE = """<!doctype html><html lang="es-SV"><head><meta charset="utf-8"><title>La
 tregua</title><meta name="date" content="2013-05-01">
<link rel="canonical" href="https://a.org/b"><style>p {}</style></head><body>%s</body></html>"""


def read(folder: Path, page: str | bytes, name: str = "a.html") -> Document:
    (folder / name).write_bytes(page if isinstance(page, bytes) else page.encode())
    return load_corpus([folder]).documents[0]


def body(folder: Path, content: str) -> str:
    return read(folder, PAGE % content).text


def test_title_date_language_and_source(tmp_path: Path) -> None:
    document = read(tmp_path, PAGE % "<p>señor</p>", name="a.HTM")
    assert document.title == "La tregua"
    assert document.published_on == "2013-05-01"
    assert document.language == "es-SV"
    assert document.source == "https://a.org/b"
    assert document.text == "señor"


@pytest.mark.parametrize(
    "left_out",
    [
        "<nav>NOISE</nav>", "<footer>NOISE</footer>", "<aside>NOISE</aside>",
        "<script>NOISE</script>", "<style>NOISE</style>", "<form><p>NOISE</p></form>",
        "<button>NOISE</button>", "<noscript>NOISE</noscript>", "<template>NOISE</template>",
        "<!-- NOISE -->", "<p hidden>NOISE</p>", "<p aria-hidden='true'>NOISE</p>",
        "<p style='color: red; DISPLAY : none'>NOISE</p>",
        "<div style='visibility:hidden'><p>NOISE</p></div>", "<svg><text>NOISE</text></svg>",
        "<textarea>NOISE</textarea>", "<select><option>NOISE</option></select>",
    ],
)  # fmt: skip
def test_what_no_visitor_reads_is_left_out(tmp_path: Path, left_out: str) -> None:
    assert body(tmp_path, f"<p>before</p>{left_out} after") == "before\n\nafter"


@pytest.mark.parametrize("tag", ["article", "main"])
def test_only_the_main_part_of_a_page_is_read(tmp_path: Path, tag: str) -> None:
    page = f"<div>Site menu</div><{tag}><p>Words.</p></{tag}><div>Related</div>"
    assert body(tmp_path, page) == "Words."


def test_headings_have_their_levels_and_words(tmp_path: Path) -> None:
    page = "<h1>The <em>truce</em></h1><p>Words.</p><h3><span>Part</span> two</h3>loose text"
    document = read(tmp_path, PAGE % page)
    assert [(h.level, h.text) for h in document.headings] == [(1, "The truce"), (3, "Part two")]
    assert document.text == "The truce\n\nWords.\n\nPart two\n\nloose text"


def test_table_row_is_one_block(tmp_path: Path) -> None:
    page = "<table><tr><th>Year<th>Rate<tr><td> 2012</td><td><b>4</b>1</td></tr></table>"
    assert body(tmp_path, page) == "Year | Rate\n\n2012 | 41"


def test_running_text_is_joined_and_blocks_are_parted(tmp_path: Path) -> None:
    page = "<div>un<b>bold</b>ed <a href=x>link</a><br>new\n line<ul><li>one<li>two</ul>tail</div>"
    assert body(tmp_path, page) == "unbolded link new line\n\none\n\ntwo\n\ntail"


def test_entities_become_letters(tmp_path: Path) -> None:
    assert body(tmp_path, "<p>A &amp; B &ntilde; &lt;b&gt; &#8220;q&#8221;") == "A & B ñ <b> “q”"


def test_declared_encoding_is_used(tmp_path: Path) -> None:
    page = '<meta charset="iso-8859-1"><title>T</title><p>señor</p>'.encode("latin-1")
    assert read(tmp_path, page).text == "señor"


def test_page_without_words_is_skipped_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "ok.txt").write_text("Words.")
    (tmp_path / "empty.html").write_text("")
    (tmp_path / "menu.html").write_text("<nav>Menu</nav>")
    skipped = load_corpus([tmp_path]).skipped
    assert [s.path for s in skipped] == ["empty.html", "menu.html"]
    assert all(s.reason and "\n" not in s.reason for s in skipped)


def test_deep_nesting_does_not_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<div>" * 5000 + "deep" + "</div>" * 5000)
    (tmp_path / "ok.txt").write_text("Words.")
    assert "ok.txt" in [document.id for document in load_corpus([tmp_path]).documents]


def test_utf8_is_read_without_being_declared(tmp_path: Path) -> None:
    assert read(tmp_path, "<title>T</title><p>señor “a”</p>").text == "señor “a”"


@pytest.mark.parametrize("left_out", ["<span hidden>NOISE</span>", "<script>NOISE</script>"])
def test_hidden_text_in_a_table_is_left_out(tmp_path: Path, left_out: str) -> None:
    assert body(tmp_path, f"<table><tr><td>a{left_out}</td></tr></table>") == "a"


def test_hidden_cell_is_left_out(tmp_path: Path) -> None:
    page = "<table><tr><td>a</td><td style='display:none'>NOISE</td></tr></table>"
    assert "NOISE" not in body(tmp_path, page)


def test_blocks_in_a_cell_are_parted(tmp_path: Path) -> None:
    page = "<table><tr><td><p>one</p><p>two</p>three<br>four</td></tr></table>"
    assert body(tmp_path, page).split() == ["one", "two", "three", "four"]


def test_every_article_of_a_page_is_read(tmp_path: Path) -> None:
    page = "<main><article><p>one</p></article><article><p>two</p></article></main>"
    assert body(tmp_path, page).split() == ["one", "two"]


def test_published_time_becomes_a_date(tmp_path: Path) -> None:
    page = '<meta property="article:published_time" content="2013-05-01T10:00:00Z"><p>x</p>'
    assert read(tmp_path, page).published_on == "2013-05-01"


def test_deeply_nested_pages_are_whole_or_skipped(tmp_path: Path) -> None:
    def nested(depth: int) -> str:
        return f"<p>Top</p>{'<div>' * depth}<p>Deep</p>{'</div>' * depth}<p>Tail</p>"

    assert body(tmp_path, nested(300)).split() == ["Top", "Deep", "Tail"]
    (tmp_path / "ok.txt").write_text("Words.")
    (tmp_path / "deep.html").write_text(nested(20_000))
    assert "deep.html" in [skipped.path for skipped in load_corpus([tmp_path]).skipped]
