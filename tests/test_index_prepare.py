from pathlib import Path

import numpy as np
import pytest

from index.packed import Rows
from index.prepare import JOURNAL, Journal, forget

MADE_BY = ("a model", [0.1, 0.2], 2)


def rows(*shape: int) -> Rows:
    return np.random.default_rng(5).integers(0, 256, shape, np.uint8)


def files(index: Path) -> list[str]:
    return sorted(path.name for path in index.iterdir())


def test_what_was_put_is_there_after_opening_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, made_by=MADE_BY)
    passage, sentences = rows(8), rows(3, 4)
    journal.put([(b"one", passage, sentences), (b"two", passage, rows(0, 4))])
    journal.close()
    journal = Journal(tmp_path, made_by=MADE_BY)
    found, none = journal.get(b"one"), journal.get(b"two")
    assert found is not None
    assert none is not None
    assert np.array_equal(found[0], passage)
    assert np.array_equal(found[1], sentences)
    assert none[1].shape == (0, 4)
    assert journal.get(b"three") is None
    journal.close()


def test_put_is_kept_without_a_close(tmp_path: Path) -> None:
    killed = Journal(tmp_path, made_by=MADE_BY)
    killed.put([(b"one", rows(8), rows(3, 4))])
    after = Journal(tmp_path, made_by=MADE_BY)
    assert after.get(b"one") is not None
    after.close()
    killed.close()


def test_later_rows_of_a_key_stand(tmp_path: Path) -> None:
    journal = Journal(tmp_path, made_by=MADE_BY)
    journal.put([(b"one", rows(8), rows(1, 4))])
    journal.put([(b"one", rows(8), rows(2, 4))])
    found = journal.get(b"one")
    journal.close()
    assert found is not None
    assert len(found[1]) == 2


@pytest.mark.parametrize(
    "other", [("another model", [0.1, 0.2], 2), ("a model", [0.1, 0.3], 2), ("a model", [0.1], 3)]
)
def test_journal_of_another_model_is_begun_again(tmp_path: Path, other: tuple[object, ...]) -> None:
    journal = Journal(tmp_path, made_by=MADE_BY)
    journal.put([(b"one", rows(8), rows(3, 4))])
    journal.close()
    journal = Journal(tmp_path, made_by=other)
    assert journal.get(b"one") is None
    journal.close()


def test_removing_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, made_by=MADE_BY)
    journal.put([(b"one", rows(8), rows(3, 4))])
    assert JOURNAL in files(tmp_path)
    journal.close()
    forget(tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize("damage", [b"garbage " * 1000, None])
def test_journal_that_cannot_be_read_is_begun_again(tmp_path: Path, damage: bytes | None) -> None:
    journal = Journal(tmp_path, made_by=MADE_BY)
    journal.put([(bytes([n]), rows(8), rows(3, 4)) for n in range(200)])
    journal.close()
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(damage or whole[:100] + b"\xff" * 8_000)
    journal = Journal(tmp_path, made_by=MADE_BY)
    assert journal.get(b"\x01") is None
    journal.put([(b"one", rows(8), rows(3, 4))])
    assert journal.get(b"one") is not None
    journal.close()
