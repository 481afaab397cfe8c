from itertools import pairwise
from pathlib import Path

import pytest

from corpus.document import Document
from corpus.load import load_corpus


def read(folder: Path, text: str, name: str = "a.md") -> Document:
    (folder / name).write_bytes(text.encode())
    return load_corpus([folder]).documents[0]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_front_matter(tmp_path: Path, line_end: str) -> None:
    lines = ["---", "title: The truce", "url: https://a.org/b", "date: 2013-05-01", "lang: en"]
    document = read(tmp_path, line_end.join([*lines, "---", "", "# A heading", "", "Words."]))
    assert document.title == "The truce"
    assert document.source == "https://a.org/b"
    assert document.published_on == "2013-05-01"
    assert document.language == "en"
    assert document.text == "A heading\n\nWords."


def test_year_alone_is_a_date(tmp_path: Path) -> None:
    assert read(tmp_path, "---\npublished_on: 2013\n---\nWords.").published_on == "2013"


def test_first_heading_is_the_title_without_front_matter(tmp_path: Path) -> None:
    document = read(tmp_path, "## Two\n\n### *Three* `x`\n\nWords.\n\nUnder\n=====\n")
    assert document.title == "Two"
    assert [(h.level, h.text) for h in document.headings] == [
        (2, "Two"),
        (3, "Three x"),
        (1, "Under"),
    ]


def test_markup_is_dropped_and_words_stay(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "A **bold** and *soft* [link](http://x.y) with `code` &amp; \\*star\\*,\nwrapped.\n\n"
        "> quoted words\n\n- first\n- second\n\n![a picture](p.png)\n\n<div>raw</div>\n",
    )
    assert document.text == (
        "A bold and soft link with code & *star*, wrapped.\n\n"
        "quoted words\n\nfirst\n\nsecond\n\na picture\n\nraw"
    )


def test_comments_and_html_blocks_are_left_out(tmp_path: Path) -> None:
    text = "One.\n\n<!-- a hidden order -->\n\n<script>bad()</script>\n\nTwo <!-- x -->words."
    assert read(tmp_path, text).text == "One.\n\nTwo words."


def test_table_row_is_one_block(tmp_path: Path) -> None:
    table = "| Year | Rate |\n|---|---:|\n| 2012 | **41** |\n| 2015 | 103 |\n"
    assert read(tmp_path, table).text == "Year | Rate\n\n2012 | 41\n\n2015 | 103"


def test_code_keeps_its_lines(tmp_path: Path) -> None:
    text = "```python\nfor x in y:\n    print(x)\n```\n\n    indented()\n"
    assert read(tmp_path, text).text == "for x in y:\n    print(x)\n\nindented()"


def test_front_matter_that_is_no_yaml_is_read_line_by_line(tmp_path: Path) -> None:
    document = read(tmp_path, "---\ntitle: Truces: a history\ndate: 2013\n---\nWords.")
    assert document.title == "Truces: a history"
    assert document.published_on == "2013"
    assert document.text == "Words."


def test_front_matter_never_builds_objects(tmp_path: Path) -> None:
    order = "!!python/object/apply:os.mkdir ['%s']" % (tmp_path / "made")
    assert read(tmp_path, f"---\ntitle: {order}\n---\nWords.").text == "Words."
    assert not (tmp_path / "made").exists()


def test_front_matter_of_nested_aliases_costs_nothing(tmp_path: Path) -> None:
    names = "abcdefghijklmnopqrstuvwx"
    pairs = pairwise(names)
    bomb = "".join(f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in pairs)
    text = f"---\na: &a [x]\n{bomb}title: *x\n---\nWords."
    assert read(tmp_path, text).text == "Words."


def test_rule_on_the_first_line_loses_no_words(tmp_path: Path) -> None:
    document = read(tmp_path, "---\n\nFirst paragraph.\n\n---\n\nSecond.\n")
    assert document.text == "First paragraph.\n\nSecond."


def test_line_break_tag_parts_words(tmp_path: Path) -> None:
    assert read(tmp_path, "one<br>two").text.split() == ["one", "two"]


def test_date_with_a_time_becomes_a_date(tmp_path: Path) -> None:
    text = "---\ndate: 2013-05-01 10:00:00\n---\nWords."
    assert read(tmp_path, text).published_on == "2013-05-01"


@pytest.mark.parametrize(
    "hidden",
    [
        '<span style="display:none">NOISE</span>', '<div hidden>\n\nNOISE *noise*\n\n</div>\n\n',
        "<!-- NOISE -->", "<template>NOISE</template>", '<p aria-hidden="true">NOISE</p>\n\n',
        '<i style="color:white">NOISE</i>', "<!--\n\nNOISE\n\n-->\n\n", "[//]: # (NOISE)\n\n",
    ],
)  # fmt: skip
def test_hidden_text_in_raw_html_is_left_out(tmp_path: Path, hidden: str) -> None:
    assert read(tmp_path, f"Before.\n\n{hidden}after.").text.split() == ["Before.", "after."]


def test_folded_details_are_kept(tmp_path: Path) -> None:
    text = "<details>\n<summary>More</summary>\n\nA *folded* paragraph.\n\n</details>\n"
    assert read(tmp_path, text).text == "More\n\nA folded paragraph."
