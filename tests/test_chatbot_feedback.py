import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from conftest import Site

from chatbot.errors import FeedbackNotKept, UnknownAnswer
from chatbot.feedback import FILE, MOST_ROWS, Feedback, keep_feedback, name_answer
from chatbot.prompt import secret_beside

ASKED = {"question": "Who coined the term narco-peace?"}
SAID = {"answer_id": "0" * 32, "question": "Who?", "reason": "wrong source", "comment": "Not him."}


SECRET = b"s" * 32


def send(site: Site, said: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{site.url}/api/feedback", json=said, headers=headers)


def rows(folder: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / FILE)) as file:
        return file.execute(
            'SELECT answer_id, question, reason, comment, "index", model, time FROM feedback'
        ).fetchall()


def test_feedback_is_kept_beside_the_index(site: Site, bundled_index: Path) -> None:
    name = httpx.get(f"{site.url}/api/documents").json()["index"]
    said = SAID | {"answer_id": httpx.post(f"{site.url}/api/ask", json=ASKED).json()["id"]}
    assert send(site, said, origin=site.url).status_code == 204
    (row,) = (row for row in rows(bundled_index) if row[0] == said["answer_id"])
    assert row[1:6] == ("Who?", "wrong source", "Not him.", name, "quotes:")
    assert row[6].endswith("+00:00")


def test_a_second_thought_takes_the_place_of_the_first(site: Site, bundled_index: Path) -> None:
    said = SAID | {"answer_id": name_answer(secret_beside(bundled_index))}
    assert send(site, said).status_code == 204
    assert send(site, said | {"reason": "helpful", "comment": ""}).status_code == 204
    assert [row[2] for row in rows(bundled_index) if row[0] == said["answer_id"]] == ["helpful"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": "spam"}, 422),
        ({"comment": "x" * 1001}, 422),
        ({"question": "x" * 2001}, 422),
        ({"question": ""}, 422),
        ({"answer_id": "me"}, 422),
        ({"who": "me"}, 422),
        ({"comment": "x" * 70_000}, 413),
    ],
)
def test_anything_else_is_refused_in_a_sentence(
    site: Site, change: dict[str, str], status: int
) -> None:
    response = send(site, SAID | change)
    assert response.status_code == status
    assert len(response.json()["error"]) > 20
    assert ("answer_id" in response.json()["error"]) is (status == 422)


def test_other_sites_and_forms_say_nothing(site: Site) -> None:
    assert send(site, SAID, origin="https://evil.example").status_code == 403
    plain = {"content-type": "text/plain"}
    response = httpx.post(f"{site.url}/api/feedback", content=b"{}", headers=plain)
    assert response.status_code == 422


def test_halves_of_characters_are_refused(site: Site) -> None:
    body = b'{"answer_id": "' + b"2" * 32 + b'", "question": "a\\ud800", "reason": "wrong"}'
    headers = {"content-type": "application/json"}
    response = httpx.post(f"{site.url}/api/feedback", content=body, headers=headers)
    assert response.status_code == 422


def test_it_takes_so_much_and_no_more(tmp_path: Path) -> None:
    first = Feedback(answer_id=name_answer(SECRET), question="Who?", reason="wrong")
    keep(first, tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as file, file:
        more = [(f"{number:032x}",) for number in range(1, MOST_ROWS)]
        file.executemany("INSERT INTO feedback VALUES (?, '', '', '', '', '', '')", more)
    other = first.model_copy(update={"answer_id": name_answer(SECRET)})
    with pytest.raises(FeedbackNotKept, match="no room"):
        keep(other, tmp_path)
    keep(first.model_copy(update={"reason": "helpful"}), tmp_path)
    assert len(rows(tmp_path)) == MOST_ROWS


def test_what_is_said_of_no_answer_is_refused(site: Site, bundled_index: Path) -> None:
    given = name_answer(secret_beside(bundled_index))
    for made_up in ("0" * 32, name_answer(SECRET), given[:16] + given[:16], given[::-1]):
        response = send(site, SAID | {"answer_id": made_up})
        assert response.status_code == 404
        assert "the one that came with it" in response.json()["error"]
        assert made_up not in {row[0] for row in rows(bundled_index)}
    with pytest.raises(UnknownAnswer):
        keep(Feedback.model_validate(SAID), bundled_index)


def keep(said: Feedback, folder: Path) -> None:
    keep_feedback(said, folder=folder, secret=SECRET, index="i", model="m")


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    said = Feedback(answer_id=name_answer(SECRET), question="Who?", reason="wrong")
    with pytest.raises(FeedbackNotKept, match="cannot be kept"):
        keep(said, tmp_path / "gone")
