from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import build, open_index

from chatbot import make_questions as making
from chatbot.answer import Turn
from chatbot.ask import answer_question
from chatbot.make_questions import MOST_KEPT_OF_ONE, make_questions
from chatbot.reading import Reader
from chatbot.suggest import FILE, KnownQuestion, load_questions, store_questions
from corpus.load import load_corpus
from footnote import main
from index.embed import Embedder
from index.generation import Generation

CLUB = """# The Chess Club

Amina Okello is the founder of the Zanzibar Chess Club. The Zanzibar Chess Club was founded in 1974.
It was a small room. There are 140 members in the Zanzibar Chess Club. They meet on Fridays.

## How does one join the Chess Club?

Anyone may join the Chess Club by writing to its secretary.
"""
MUSEUM = """# El Museo del Café

El Museo del Café es una casa de piedra que reúne máquinas de la época del grano. Elena Márquez
fundó el Museo del Café. En 2012 la Unión de Caficultores registró 1.200 socios.
"""


@pytest.fixture
def index(tmp_path: Path, embedder: Embedder) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "club.md").write_text(CLUB, encoding="utf-8")
    (tmp_path / "texts" / "museo.md").write_text(MUSEUM, encoding="utf-8")
    build(load_corpus([tmp_path / "texts"]), tmp_path / "index", embedder)
    return tmp_path / "index"


@pytest.fixture
def opened(index: Path) -> Iterator[Generation]:
    generation = open_index(index)
    yield generation
    generation.close()


@pytest.fixture
def small(opened: Generation, reader: Reader) -> Reader:
    return replace(reader, generation=opened)


def test_every_question_kept_is_answered_by_the_words_it_was_made_from(small: Reader) -> None:
    steps: list[tuple[int, int]] = []
    known = make_questions(small, lambda done, total: steps.append((done, total)))
    questions = [one.question for one in known]
    assert "When was the Zanzibar Chess Club founded?" in questions
    assert "¿Quién fundó el Museo del Café?" in questions
    assert max(Counter(one.document_id for one in known).values()) <= MOST_KEPT_OF_ONE
    for one in known:
        answer = answer_question(one.question, reader=small)
        assert answer.status == "answered"
        assert one.span in {citation.span for citation in answer.citations}
    assert steps[-1] == (len(steps) - 1, len(steps) - 1)
    assert known == make_questions(small)


def test_answers_offer_what_is_known_and_was_not_asked(small: Reader) -> None:
    founded = "When was the Zanzibar Chess Club founded?"
    assert answer_question(founded, reader=small).follow_ups == ()
    known = make_questions(small)
    store_questions(small.generation, known)
    after = answer_question(founded, reader=small).follow_ups
    assert after
    assert {*after} < {one.question for one in known} - {founded}
    assert after[0] not in answer_question(founded, [Turn(after[0])], reader=small).follow_ups
    assert set(answer_question("Hola", reader=small).follow_ups) <= {one.question for one in known}
    silent = answer_question("How tall is Mount Everest?", reader=small)
    assert (silent.status, bool(silent.follow_ups)) == ("not_in_documents", True)


def test_when_time_is_up_what_was_found_is_kept(
    small: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_SECONDS", 0.0)
    assert make_questions(small) == []


def test_questions_are_kept_beside_the_generation(opened: Generation, index: Path) -> None:
    assert load_questions(opened) is None
    known = (KnownQuestion("¿Quién fundó el Museo del Café?", "museo.md", 20, 60),)
    store_questions(opened, known)
    assert load_questions(opened) == known
    open_index(index).close()  # a file that the manifest does not know is no damage


@pytest.mark.parametrize(
    "content", [b"", b'[{"question": "Why?", "docu', b"[[1]]", b"\xff", b'{"a": 1}']
)
def test_a_broken_file_is_as_none(opened: Generation, content: bytes) -> None:
    (opened.folder / FILE).write_bytes(content)
    assert load_questions(opened) is None


def test_a_new_generation_does_not_inherit_them(
    opened: Generation, index: Path, tmp_path: Path, embedder: Embedder
) -> None:
    store_questions(opened, [KnownQuestion("Who?", "club.md", 0, 5)])
    (tmp_path / "texts" / "more.md").write_text("# More\n\nOne line more.\n")
    build(load_corpus([tmp_path / "texts"]), index, embedder)
    new = open_index(index)
    assert new.folder != opened.folder
    assert load_questions(new) is None
    new.close()


def test_index_command_makes_them_once(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["index", str(tmp_path / "texts"), "--index", str(index), "--json"]
    assert main(command) == 0
    (file,) = index.glob(f"generations/*/{FILE}")
    made_at = file.stat().st_mtime_ns
    assert main(command) == 0
    assert file.stat().st_mtime_ns == made_at
    assert '"documents": 2' in capsys.readouterr().out


def test_index_is_good_where_they_cannot_be_kept(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_generation: Generation, _known: object) -> None:
        raise OSError("read-only")

    monkeypatch.setattr("chatbot.suggest.store_questions", refuse)
    assert main(["index", str(tmp_path / "texts"), "--index", str(index), "--json"]) == 0
    open_index(index).close()
