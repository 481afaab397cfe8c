"""Plain text: paragraphs as they stand, in whatever encoding they were saved."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from statistics import median

from charset_normalizer import from_bytes

from corpus.blocks import Block, Extract, clean
from corpus.errors import UnreadableDocument

LONGEST_TITLE = 120
BINARY_STARTS = {
    b"%PDF-": "a PDF", b"PK\x03\x04": "a zip archive", b"{\\rtf": "RTF", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"\xd0\xcf\x11\xe0": "an old Office file",
}  # fmt: skip
CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1b"})
MOST_CONTROLS = 0.02  # of all bytes: more, and it is no text
BAD_BYTES = 0.2  # of the bytes beyond ASCII: more, and the text is not UTF-8
WESTERN_BYTES = 0.3  # of all bytes: more beyond ASCII, and the script is not Latin
UNWRAPPED_LINE = 120  # a text whose usual line is longer keeps one paragraph a line


def read_plain(path: Path) -> Extract:
    """A short first line that stands alone and ends like a title is the title."""
    return plain_extract(decode(path.read_bytes()))


def plain_extract(text: str) -> Extract:
    """Part a text into paragraphs: at empty lines, or at each line if lines are that long."""
    text = clean(text)
    lengths = [len(line) for line in text.splitlines() if line.strip()]
    one_a_line = bool(lengths) and median(lengths) > UNWRAPPED_LINE
    paragraphs = re.split(r"\n+" if one_a_line else r"\n\s*\n", text)
    first = paragraphs[0]
    is_title = len(first) <= LONGEST_TITLE and "\n" not in first and not first.endswith((".", ":"))
    levels = [1 if is_title else 0, *(2 if _is_shouted(text) else 0 for text in paragraphs[1:])]
    return Extract(
        blocks=[Block(text, level) for text, level in zip(paragraphs, levels, strict=True)],
        title=first if is_title else None,
    )


def _is_shouted(paragraph: str) -> bool:
    """A line in capitals that stands alone is a heading."""
    return paragraph.isupper() and "\n" not in paragraph and len(paragraph) <= LONGEST_TITLE


def decode(data: bytes) -> str:
    """Decode bytes as UTF-8, else as the encoding they look most like.

    A few bad bytes do not make another encoding. Western text in an old one has few letters beyond
    ASCII, too few to guess from; it is read as Windows-1252, which holds Latin-1.
    """
    for start, what in BINARY_STARTS.items():
        if data.startswith(start):
            raise UnreadableDocument(f"not what its name says: it begins like {what}")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if len(data) - len(data.translate(None, CONTROLS)) > len(data) * MOST_CONTROLS:
        raise UnreadableDocument("binary data, not text")
    text = data.decode("utf-8-sig", "replace")
    beyond_ascii = len(data) - len(data.decode("ascii", "ignore"))
    if text.count("\ufffd") <= beyond_ascii * BAD_BYTES:
        return text
    if beyond_ascii < len(data) * WESTERN_BYTES:
        return data.decode("cp1252", "replace")
    if match := from_bytes(data).best():
        return str(match)
    raise UnreadableDocument("its text encoding is not known")
