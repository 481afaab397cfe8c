"""The API as it describes itself: everything it may be sent, and everything it answers."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import listen, serving_app, wait_until_ready
from jsonschema import Draft202012Validator

from chatbot.api_description import WORDS
from chatbot.server import make_app
from chatbot.service import Service
from chatbot.settings import ChatbotTable
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

KEY = "0123456789abcdef-key"
OFTEN = 1_000_000
EXAMPLES = 50
QUESTION = "Who coined the term narco-peace?"


@pytest.fixture(scope="session")
def url(bundled_index: Path) -> Iterator[str]:
    """The real app, with a key, and in no hurry to refuse."""
    service = Service(
        index=bundled_index, embedding_model=BUNDLED, passage_tokens=PASSAGE_TOKENS, model=None
    )
    service.start()
    rules = ChatbotTable(
        address_per_minute=OFTEN,
        programs_per_minute=OFTEN,
        total_per_minute=OFTEN,
        total_per_day=OFTEN,
    )
    app = make_app(service, rules=rules, api_key=KEY)
    listener = listen()
    with serving_app(app, listener):
        wait_until_ready(service)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_it_keeps_to_its_description(url: str, tmp_path: Path) -> None:
    """All checks of schemathesis on examples, edge cases, made-up requests and sequences."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json"]
    command += ["--header", f"Authorization: Bearer {KEY}", "--no-color"]
    command += ["--generation-deterministic", "--max-examples", str(EXAMPLES)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def described(url: str) -> dict[str, Any]:
    return dict(httpx.get(f"{url}/api/openapi.json").json())


def holds(described: dict[str, Any], name: str, value: object) -> None:
    """Hold a value against a schema, in which every field is named and no other allowed."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    Draft202012Validator(schema).validate(value)


def test_every_event_is_what_the_description_says(url: str, described: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {KEY}", "accept": "text/event-stream"}
    stream = described["paths"]["/api/ask"]["post"]["responses"]["200"]["content"]
    schemas = {
        name: ref["$ref"].rpartition("/")[2]
        for name, ref in stream["text/event-stream"]["x-events"].items()
    }
    seen = set()
    for question in (QUESTION, "How tall is Mount Everest?", "Hello"):
        response = httpx.post(f"{url}/api/ask", json={"question": question}, headers=headers)
        for message in response.text.strip().split("\n\n"):
            event, data = message.split("\n")
            name = event.removeprefix("event: ")
            holds(described, schemas[name], json.loads(data.removeprefix("data: ")))
            seen.add(name)
    assert seen == schemas.keys() - {"error"}


def test_everything_has_a_name_and_words(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert {each["operationId"] for each in operations} == {
        *("ask", "documents", "document", "suggestions", "feedback"),
    }
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["responses"].keys() >= {"403", "429", "503"}
        assert all(response["description"] for response in operation["responses"].values())
    for schema in described["components"]["schemas"].values():
        assert schema["description"]
        assert all(each.get("description") for each in schema["properties"].values())
    used = set(re.findall(r'#/components/schemas/(\w+)"', json.dumps(described)))
    assert used == described["components"]["schemas"].keys()


def test_no_word_is_left_of_what_is_gone(described: dict[str, Any]) -> None:
    words = tomllib.loads(WORDS.read_text("utf-8"))
    for name, fields in (words["requests"] | words["answers"]).items():
        assert fields.keys() == {"about", *described["components"]["schemas"][name]["properties"]}
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert words["operations"].keys() == {each["operationId"] for each in operations}


def test_examples_hold(url: str, described: dict[str, Any]) -> None:
    asked = described["paths"]["/api/ask"]["post"]
    holds(described, "AskRequest", asked["requestBody"]["content"]["application/json"]["example"])
    answer = asked["responses"]["200"]["content"]["application/json"]["example"]
    holds(described, "Answer", answer)
    (citation,) = answer["citations"]
    text = httpx.get(f"{url}/api/documents/{citation['document_id']}").json()["text"]
    assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_curl_asks_and_prints_a_cited_answer(url: str, described: dict[str, Any]) -> None:
    """The command that the description shows, with this server's address and key."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl on this machine")
    (shown,) = re.findall(r"^    curl (.*)$", described["info"]["description"], re.MULTILINE)
    arguments = shlex.split(shown.replace("http://127.0.0.1:7860", url))
    key = ["-sS", "-H", f"Authorization: Bearer {KEY}"]
    done = subprocess.run([curl, *key, *arguments], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["status"] == "answered"
    assert answer["sentences"][0]["citations"] == [1]
    assert "Felbab-Brown" in answer["citations"][0]["quote"]
    events = [curl, *key, "-N", "-H", "Accept: text/event-stream", *arguments]
    done = subprocess.run(events, capture_output=True, text=True, check=True)
    assert re.findall("^event: (.*)$", done.stdout, re.MULTILINE)[-2:] == ["sentence", "done"]
