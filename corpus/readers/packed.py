"""Looks at a file packed with zip before anything unpacks it. Does not know what is inside.

A header can lie about sizes; what lies meets the memory limit of the process that reads it.
"""

from pathlib import Path
from zipfile import ZipFile

from corpus.errors import UnreadableDocument

OLD_OFFICE = b"\xd0\xcf\x11\xe0"
MOST_ENTRIES = 20_000  # far more parts than a book or a workbook is made of
MOST_UNPACKED_BYTES = 500_000_000  # ten times the largest file that is read at all
UNPACKED_TIMES = 200  # text seldom packs so well; runs of one byte pack to a thousandth
SMALL_UNPACKED_BYTES = 10_000_000  # below this, even a bomb does no harm
ENCRYPTED = 0x1


def check_packed(path: Path) -> None:
    """Raise UnreadableDocument for a file that is locked or unpacks to too much."""
    with path.open("rb") as file:
        if file.read(4) == OLD_OFFICE:
            raise UnreadableDocument("protected by a password, or in an old Office format")
    with ZipFile(path) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise UnreadableDocument("protected by a password")
    if len(entries) > MOST_ENTRIES:
        raise UnreadableDocument(f"holds more than {MOST_ENTRIES:,} files")
    if unpacked > MOST_UNPACKED_BYTES or (
        unpacked > SMALL_UNPACKED_BYTES and unpacked > UNPACKED_TIMES * path.stat().st_size
    ):
        raise UnreadableDocument(f"unpacks to {unpacked / 1_000_000:,.0f} MB, which is not safe")
