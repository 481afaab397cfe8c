import re
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
    assert document.language == "es"
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


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0", "opacity: 0.0;", "font-size:0", "font-size: 0px !important", "color:white",
        "position:absolute;left:-9999px", "text-indent:-9999px", "visibility: collapse",
        "color:#FFF;background:#ffffff", "color: red; background-color: red",
        "clip: rect(0 0 0 0)", "color: rgb(255, 255, 255)", "margin-left:-999em",
    ],
)  # fmt: skip
def test_text_that_its_style_hides_is_left_out(tmp_path: Path, style: str) -> None:
    page = f'<p>Seen <span style="{style}">NOISE</span>words.</p><p style="{style}">NOISE</p>'
    assert body(tmp_path, page) == "Seen words."


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0.5", "opacity:.9", "font-size:0.9em", "font-size:10px", "left:-10px", "color:red",
        "color:#fff;background:#000", "display:block", "margin-left:-100px", "opacity:1",
    ],
)  # fmt: skip
def test_text_that_its_style_shows_is_kept(tmp_path: Path, style: str) -> None:
    assert body(tmp_path, f'<p style="{style}">Seen.</p>') == "Seen."


def test_white_text_on_a_ground_of_its_own_is_kept(tmp_path: Path) -> None:
    page = '<div style="background:#036"><p style="color:white">Seen.</p></div>'
    assert body(tmp_path, page) == "Seen."
    page = '<div class="banner-dark"><p style="color:white">Seen.</p></div>'
    assert body(tmp_path, page) == "Seen."


@pytest.mark.parametrize("hidden", ['class="sr-only"', "hidden", 'aria-hidden="true"'])
def test_hidden_parts_are_left_out(tmp_path: Path, hidden: str) -> None:
    page = f"<p>Seen.</p><div {hidden}><p>NOISE</p></div><dialog><p>NOISE</p></dialog>"
    assert body(tmp_path, page) == "Seen."


def test_page_that_a_script_would_fade_in_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, '<body style="opacity:0"><p>Seen.</p></body>').text == "Seen."


PROSE = "<p>The truce began in March, and in the year that followed far fewer people died.</p>" * 3
LINKS = "".join(f'<li><a href="/{n}">Section {n}</a></li>' for n in range(5))


@pytest.mark.parametrize(
    "furniture",
    [
        f'<div id="top-nav"><ul>{LINKS}</ul></div>', f'<div role="navigation">{LINKS}</div>',
        f"<ul>{LINKS}</ul>", f'<div class="related">NOISE<ul>{LINKS}</ul></div>',
        '<div class="cookie-banner"><p>We use cookies to improve what you see, and by going on '
        'with your visit you agree to it.</p><a href="#">OK</a></div>',
        '<div class="breadcrumb"><a href="/">Home</a> &gt; <a href="/x">News</a> &gt; Truce</div>',
        '<div class="share-buttons">Share this</div>', '<div class="site-footer">© 2013</div>',
        '<p class="newsletter-signup">Get our news, free of charge, in your mail.</p>',
    ],
)  # fmt: skip
def test_furniture_of_a_page_without_semantic_tags_is_dropped(
    tmp_path: Path, furniture: str
) -> None:
    bare = body(tmp_path, f"<div>{PROSE}</div>")
    assert body(tmp_path, f"{furniture}<div>{PROSE}</div>{furniture}") == bare


@pytest.mark.parametrize(
    "kept",
    [
        f'<div class="sidebar-layout content">{PROSE}</div>', f'<div class="menu">{PROSE}</div>',
        f"<form>{PROSE * 5}</form>", f'<div class="comments">{PROSE}</div>',
        '<p>See <a href="a">the first report</a> and <a href="b">the second report</a>.</p>',
        '<p class="tags">It was, he said, the end of the truce and of all it brought.</p>',
        "<ul><li>One point about <a href=x>gangs</a> to note</li><li>A second</li></ul>",
        f"<table><tr><td><h1>News</h1>{PROSE}</td></tr></table>",
        '<h2 id="related">Related</h2>', '<div class="cookie-recipe"><p>Bake them.</p></div>',
        '<p class="share">Half of it was his.</p>', '<h2 class="menu">Menu</h2>',
        f"<main><ul>{LINKS}</ul>{PROSE}</main>",
    ],
)  # fmt: skip
def test_what_only_looks_like_furniture_is_kept(tmp_path: Path, kept: str) -> None:
    words = " ".join(re.sub(r"<[^>]+>", " ", kept).split())
    found = " ".join(body(tmp_path, kept).split())
    assert found.replace(" ", "") == words.replace(" ", "")


def test_page_of_nothing_but_links_keeps_them(tmp_path: Path) -> None:
    assert body(tmp_path, f"<ul>{LINKS}</ul>").startswith("Section 0\n\nSection 1")


def test_article_that_is_a_mere_teaser_is_not_the_page(tmp_path: Path) -> None:
    page = f"<article><p>A teaser.</p></article><div>{PROSE}</div>"
    assert "The truce began" in body(tmp_path, page)


def test_paragraphs_of_a_page_laid_out_by_a_table_stay_apart(tmp_path: Path) -> None:
    page = f"<table><tr><td>Left</td><td><h2>News</h2>{PROSE}</td></tr></table>"
    assert len(body(tmp_path, page).split("\n\n")) == 5


@pytest.mark.parametrize(
    "said",
    [
        '<script type="application/ld+json">{"@graph": [{"datePublished": "2013-05-01T09:00"}]}'
        "</script>",
        '<p><time datetime="2013-05-01">1 May</time></p>',
        '<meta name="DC.date.issued" content="2013-05-01">',
    ],
)
def test_published_on(tmp_path: Path, said: str) -> None:
    page = f"<html><head><title>T</title></head><body>{said}<p>x</p></body></html>"
    assert read(tmp_path, page).published_on == "2013-05-01"


def test_preformatted_text_keeps_its_lines(tmp_path: Path) -> None:
    assert body(tmp_path, "<pre>a\n  b<b>c</b>\n</pre>") == "a\n  bc"
