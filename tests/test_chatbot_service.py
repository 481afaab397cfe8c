import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import DOCUMENTS, build

from chatbot.answer import Answer, Finished
from chatbot.errors import StillLoading
from chatbot.service import MOST_SUGGESTIONS, Service
from corpus.errors import FootnoteError, UnknownDocument
from corpus.load import load_corpus
from index.embed import BUNDLED, Embedder
from index.errors import MissingIndex, StaleIndex
from index.split import PASSAGE_TOKENS

ANSWERABLE = (
    "Who coined the term narco-peace?",
    "By how much did Brazil's murder rate drop from 2017 to 2018?",
    "How many homicides did El Salvador have in January 2012?",
    "How many homicides were there in the first 21 days of March 2012?",
    "Why do the Metropolitan Agents cover their faces?",
)
UNANSWERABLE = "How tall is Mount Everest?"


def _service(index: Path, suggestions: Sequence[str] = (), tokens: int = PASSAGE_TOKENS) -> Service:
    return Service(
        index=index,
        embedding_model=BUNDLED,
        passage_tokens=tokens,
        model=None,
        suggestions=suggestions,
    )


def _wait(service: Service, seconds: float = 60) -> str:
    """Return the error that stays once loading is over, or nothing when all is loaded."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if service.scope().suggestions:
                return ""
        except StillLoading:
            pass
        except FootnoteError as error:
            return str(error)
        time.sleep(0.05)
    raise AssertionError("the service did not finish loading")


def _ask(service: Service, question: str) -> Answer:
    *_, last = service.ask(question)
    assert isinstance(last, Finished)
    return last.answer


@pytest.fixture(scope="module")
def index(bundled_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the bundled index that may be written."""
    folder = tmp_path_factory.mktemp("service") / "index"
    shutil.copytree(bundled_index, folder)
    return folder


@pytest.fixture(scope="module")
def service(index: Path) -> Service:
    started = _service(index, [UNANSWERABLE, *ANSWERABLE])
    started.start()
    assert _wait(started) == ""
    return started


def test_before_it_is_started_it_says_that_it_loads(index: Path) -> None:
    waiting = _service(index)
    calls = (lambda: next(waiting.ask("Who?")), lambda: waiting.document("a"), waiting.scope)
    for call in calls * 5:
        with pytest.raises(StillLoading, match="still loading") as caught:
            call()
    assert len(caught.traceback) < 5, "what is said again and again does not grow"


def test_loaded_service_answers(service: Service) -> None:
    assert _ask(service, ANSWERABLE[0]).status == "answered"
    assert service.document("brazil/why-murders-fell.txt").title.startswith("Brazil")
    assert service.scope().document_count == len([p for p in DOCUMENTS.rglob("*") if p.is_file()])


def test_suggestions_are_those_that_are_answered(service: Service) -> None:
    suggestions = service.scope().suggestions
    assert suggestions == ANSWERABLE[:MOST_SUGGESTIONS]
    assert UNANSWERABLE not in suggestions


def test_without_wishes_known_questions_are_made_kept_and_suggested(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.service.MAKE_AFTER_SECONDS", 0.0)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "chess.txt").write_text("The Zanzibar Chess Club was founded in 1974.\n")
    build(load_corpus([tmp_path / "texts"]), tmp_path / "index", embedder)
    for _ in range(2):  # made, then read
        started = _service(tmp_path / "index")
        started.start()
        assert _wait(started) == ""
        assert started.scope().suggestions == ("When was the Zanzibar Chess Club founded?",)
    assert len(list((tmp_path / "index").glob("generations/*/questions.json"))) == 1


def test_unknown_document_is_an_error(service: Service) -> None:
    with pytest.raises(UnknownDocument):
        service.document("no/such.txt")


def test_new_generation_is_used_once_it_is_current(
    service: Service, index: Path, tmp_path: Path, embedder: Embedder
) -> None:
    question, before = "Who founded the Zanzibar Chess Club?", service.scope().document_count
    under_way = service.ask(question)
    next(under_way)
    assert _ask(service, question).status == "not_in_documents"

    shutil.copytree(DOCUMENTS, tmp_path / "documents")
    new = "Amina Okello founded the Zanzibar Chess Club in 1974.\n"
    (tmp_path / "documents" / "chess.txt").write_text(new)
    build(load_corpus([tmp_path / "documents"]), index, embedder)

    answer = _ask(service, question)
    assert answer.status == "answered"
    assert "Amina Okello" in answer.citations[0].quote
    assert service.scope().document_count == before + 1
    *_, last = under_way
    assert isinstance(last, Finished)
    assert last.answer.status == "not_in_documents"


def test_without_an_index_readers_are_told_who_can_help(tmp_path: Path) -> None:
    empty = _service(tmp_path / "none")
    empty.start()
    said = _wait(empty)
    assert "No documents have been indexed yet" in said
    assert str(tmp_path) not in said
    with pytest.raises(MissingIndex):
        empty.scope()


def test_index_made_with_other_settings_is_refused(index: Path) -> None:
    other = _service(index, tokens=PASSAGE_TOKENS + 1)
    other.start()
    assert "footnote index" in _wait(other)
    with pytest.raises(StaleIndex):
        other.scope()
