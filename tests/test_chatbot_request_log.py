import json
import logging
import sys

from chatbot.request_log import Json, secrets_in


def line(*, secrets: tuple[str, ...] = (), with_questions: bool = False, **extra: object) -> str:
    record = logging.LogRecord("footnote", logging.INFO, "", 0, "answer", (), None)
    record.__dict__.update(extra)
    return Json(secrets, with_questions=with_questions).format(record)


def test_a_line_is_one_object_whatever_stands_in_it() -> None:
    facts = {"path": '/api/documents/a\n{"level": "forged"}\u2028"', "status": 404}
    text = line(facts=facts)
    assert "\n" not in text
    assert json.loads(text) | facts | {"level": "info", "event": "answer"} == json.loads(text)


def test_questions_are_written_down_only_where_that_is_wanted() -> None:
    facts = {"question": "Who am I?", "status": "answered"}
    assert "question" not in json.loads(line(facts=facts))
    assert json.loads(line(facts=facts, with_questions=True))["question"] == "Who am I?"


def test_secrets_of_the_environment_are_blacked_out_in_traces_too() -> None:
    environment = {
        "OPENAI_API_KEY": 'sk-"canary"-1',
        "FOOTNOTE_API_KEY": "canary-two",
        "HOME": "/root",
    }
    secrets = secrets_in({**environment, "EMPTY_KEY": "", "SHORT_KEY": "a"})
    try:
        raise RuntimeError(f"sent {environment['OPENAI_API_KEY']} to /root")
    except RuntimeError:
        text = line(secrets=secrets, exc_info=sys.exc_info(), facts={"key": "canary-two"})
    assert "canary" not in text
    assert "/root" in json.loads(text)["trace"]
