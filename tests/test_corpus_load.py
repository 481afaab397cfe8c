import hashlib
import os
import random
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpus.errors import EmptyCorpus, MissingFolder
from corpus.load import Corpus, load_corpus
from corpus.walk import LARGEST_FILE_BYTES


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
    write(tmp_path, "a.txt", "b.mp3", "README")
    found = reasons(load_corpus([tmp_path]))
    assert found["b.mp3"].startswith("files ending in .mp3 are not read")
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
    assert reasons(load_corpus([tmp_path])) == {
        "gone.txt": "a link that leads nowhere, or to itself",
        "pipe.txt": "not a regular file but a pipe",
    }


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
    write(tmp_path, "a.mp3", "b.mp3")
    with pytest.raises(EmptyCorpus, match=r"2 skipped; a.mp3: files ending in .mp3"):
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


def test_hard_link_whose_other_name_is_outside_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt", "secret.txt")
    (tmp_path / "docs" / "b.txt").hardlink_to(tmp_path / "secret.txt")
    corpus = load_corpus([tmp_path / "docs"])
    assert ids(corpus) == ["a.txt"]
    assert reasons(corpus) == {"b.txt": "a hard link: the same file has a name outside the folder"}


def test_hard_link_whose_names_are_all_inside_is_read(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt")
    (tmp_path / "docs" / ".b.txt").hardlink_to(tmp_path / "docs" / "a.txt")
    (tmp_path / "docs" / "c.txt").hardlink_to(tmp_path / "docs" / "a.txt")
    assert ids(load_corpus([tmp_path / "docs"])) == ["a.txt", "c.txt"]
    assert ids(load_corpus([tmp_path / "docs" / "a.txt"])) == ["a.txt"]


def test_folder_reached_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "docs/a.txt", "docs/sub/b.txt")
    corpus = load_corpus([tmp_path / "docs" / "sub", tmp_path / "docs"])
    assert ids(corpus) == ["docs/a.txt", "sub/b.txt"]
    assert reasons(corpus) == {"docs/sub": "a folder that was reached before"}


def test_folder_linked_to_itself_ends(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert reasons(load_corpus([tmp_path])) == {"loop": "a link to a folder"}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read anything")
def test_file_without_permission_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt", "closed/c.txt")
    (tmp_path / "b.txt").chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        found = reasons(load_corpus([tmp_path]))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert found == dict.fromkeys(("b.txt", "closed"), "cannot be opened: Permission denied")


def test_socket_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.txt")
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.txt")
        assert reasons(load_corpus([tmp_path])) == {"s.txt": "not a regular file but a socket"}


def test_empty_file_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    write(tmp_path, "b.txt", "c.pdf", "d.docx", words="")
    found = reasons(load_corpus([tmp_path]))
    assert found == dict.fromkeys(("b.txt", "c.pdf", "d.docx"), "an empty file")


def test_names_of_every_kind_are_read(tmp_path: Path) -> None:
    write(tmp_path, "x" * 251 + ".txt", "bidi\u202etxt.txt", "new\nline.txt", "e\u0301.txt")
    found = ids(load_corpus([tmp_path]))
    assert len(found) == 4
    assert all(name.isprintable() for name in found)


def test_file_that_changes_while_it_is_read_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt", "c.txt")

    def meddle(document_id: str, _sha256: str) -> None:
        if document_id == "b.txt":
            write(tmp_path, "b.txt", words="Other words than before.")
        if document_id == "c.txt":
            (tmp_path / "c.txt").unlink()

    corpus = load_corpus([tmp_path], reuse=meddle)
    assert ids(corpus) == ["a.txt"]
    assert reasons(corpus) == dict.fromkeys(("b.txt", "c.txt"), "changed while it was read")


def test_unchanged_bytes_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.txt", "b.txt")
    first = load_corpus([tmp_path])
    assert first.file_sha256["a.txt"] == hashlib.sha256(b"Some words.").hexdigest()
    assert set(first.file_sha256) == {"a.txt", "b.txt"}
    known = {(d.id, first.file_sha256[d.id]): d for d in first.documents}
    os.utime(tmp_path / "b.txt", (0, 86_400))
    monkeypatch.setattr("corpus.sandbox.subprocess", None)  # no process can be started
    again = load_corpus([tmp_path], reuse=lambda *key: known.get(key))
    later = datetime(1970, 1, 2, tzinfo=UTC)
    assert again.documents == (first.documents[0], replace(first.documents[1], modified_at=later))
    assert again.file_sha256 == first.file_sha256


def test_changed_bytes_are_read_again(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    first = load_corpus([tmp_path])
    known = {(d.id, first.file_sha256[d.id]): d for d in first.documents}
    write(tmp_path, "b.txt", words="Other words.")
    again = load_corpus([tmp_path], reuse=lambda *key: known.get(key))
    assert [document.text for document in again.documents] == ["Some words.", "Other words."]
    assert again.documents[0] is not first.documents[1]


def test_progress_counts_every_file_once(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt", "c.mp3", "d.pdf")
    counted: list[tuple[int, int]] = []
    load_corpus([tmp_path], progress=lambda done, of: counted.append((done, of)))
    assert counted == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_many_unchanged_files_cost_little(tmp_path: Path) -> None:
    write(tmp_path, *(f"{n}.txt" for n in range(300)))
    made = replace(load_corpus([tmp_path / "0.txt"]).documents[0], id="x")
    started = time.process_time()
    corpus = load_corpus([tmp_path], reuse=lambda name, _: replace(made, id=name))
    assert time.process_time() - started < 0.5
    assert len(corpus.documents) == 300
