import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpus.errors import EmptyCorpus, MissingFolder
from corpus.load import LARGEST_FILE_BYTES, Corpus, load_corpus


def write(folder: Path, *names: str, words: str = "Some words.") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(words)


def ids(corpus: Corpus) -> list[str]:
    return [document.id for document in corpus.documents]


def reasons(corpus: Corpus) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in corpus.skipped}


def test_ids_are_posix_paths_below_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "sub/deeper/a b.TXT")
    assert ids(load_corpus([tmp_path])) == ["b.txt", "sub/deeper/a b.TXT"]


def test_several_folders_prefix_their_names(tmp_path: Path) -> None:
    write(tmp_path, "one/a.txt", "two/a.txt", "three.txt")
    corpus = load_corpus([tmp_path / "two", tmp_path / "one", tmp_path / "three.txt"])
    assert ids(corpus) == ["one/a.txt", "three.txt", "two/a.txt"]


def test_single_file_goes_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.txt", "sub/b.txt")
    assert ids(load_corpus([tmp_path / "sub" / "a.txt"])) == ["a.txt"]


def test_folder_given_as_a_dot_is_prefixed_with_its_real_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "here/a.txt", "there/a.txt")
    monkeypatch.chdir(tmp_path / "here")
    assert ids(load_corpus([Path(), Path("../there")])) == ["here/a.txt", "there/a.txt"]


def test_second_file_of_one_id_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "x/docs/a.txt", "y/docs/a.txt")
    corpus = load_corpus([tmp_path / "x" / "docs", tmp_path / "y" / "docs"])
    assert ids(corpus) == ["docs/a.txt"]
    assert reasons(corpus) == {"docs/a.txt": "another file given has the same name"}


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", ".hidden.txt", ".git/b.txt", "sub/.c.txt")
    corpus = load_corpus([tmp_path])
    assert ids(corpus) == ["a.txt"]
    assert corpus.skipped == ()


def test_unknown_suffixes_are_skipped_with_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.csv", "README")
    found = reasons(load_corpus([tmp_path]))
    assert found["b.csv"].startswith("files ending in .csv are not read")
    assert found["README"].startswith("files ending in nothing are not read")
    assert all(".docx" in reason for reason in found.values())


def test_link_that_leads_outside_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt", "secret.txt")
    (tmp_path / "docs" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "docs" / "linked").symlink_to(tmp_path)
    corpus = load_corpus([tmp_path / "docs"])
    assert ids(corpus) == ["a.txt"]
    assert reasons(corpus)["link.txt"] == "a link that leads out of the folder"


def test_link_that_stays_inside_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert ids(load_corpus([tmp_path])) == ["a.txt", "b.txt"]


def test_broken_link_and_pipe_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "gone.txt").symlink_to("nowhere.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert reasons(load_corpus([tmp_path])) == dict.fromkeys(
        ("gone.txt", "pipe.txt"), "not a regular file"
    )


def test_too_large_file_is_skipped_unread(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "big.txt")
    with (tmp_path / "big.txt").open("r+b") as file:
        file.truncate(LARGEST_FILE_BYTES + 1)
    assert reasons(load_corpus([tmp_path])) == {"big.txt": "larger than 50 MB"}


def test_missing_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    with pytest.raises(MissingFolder, match=r"nowhere does not exist; give a folder"):
        load_corpus([tmp_path, tmp_path / "nowhere"])


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(EmptyCorpus, match=r"holds no files; put documents there"):
        load_corpus([tmp_path])


def test_folder_with_nothing_readable_names_a_reason(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "b.csv")
    with pytest.raises(EmptyCorpus, match=r"2 skipped; a.csv: files ending in .csv"):
        load_corpus([tmp_path])


def test_ids_are_printable_whatever_the_file_name(tmp_path: Path) -> None:
    for name in (b"a\nb.txt", b"c\x1b[31m.txt", b"\xff.txt"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_text("Words.")  # noqa: PTH118
    corpus = load_corpus([tmp_path])
    assert len(ids(corpus)) == 3
    assert all(id_.isprintable() and id_.encode() for id_ in ids(corpus))


def test_order_is_by_id_whatever_order_files_were_made_in(tmp_path: Path) -> None:
    names = [f"{folder}/{name}.txt" for folder in "abc" for name in ("z", "Z", "é", "1", "10")]
    random.Random(7).shuffle(names)
    write(tmp_path, *names, *(name + ".bad" for name in names))
    corpus = load_corpus([tmp_path])
    assert ids(corpus) == sorted(names)
    assert list(reasons(corpus)) == sorted(name + ".bad" for name in names)


def test_modified_at_is_the_files_own_time_in_utc(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    os.utime(tmp_path / "a.txt", (0, 86_400))
    assert load_corpus([tmp_path]).documents[0].modified_at == datetime(1970, 1, 2, tzinfo=UTC)


def test_links_in_a_circle_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, "ok.txt")
    (tmp_path / "a.txt").symlink_to("b.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert set(reasons(load_corpus([tmp_path]))) == {"a.txt", "b.txt"}


def test_reasons_are_printable_whatever_the_file_name(tmp_path: Path) -> None:
    write(tmp_path, "ok.txt", "x.a\nb")
    assert all(reason.isprintable() for reason in reasons(load_corpus([tmp_path])).values())


def test_titles_from_file_names_are_printable(tmp_path: Path) -> None:
    odd = os.path.join(os.fsencode(tmp_path), b"\xff\x1b.txt")  # noqa: PTH118
    Path(os.fsdecode(odd)).write_text("Words without a title.")
    title = load_corpus([tmp_path]).documents[0].title
    assert title.isprintable()
    assert title.encode().decode() == title


def test_linked_folder_is_listed_as_left_out(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt", "elsewhere/b.txt")
    (tmp_path / "docs" / "linked").symlink_to(tmp_path / "elsewhere")
    assert "linked" in reasons(load_corpus([tmp_path / "docs"]))
