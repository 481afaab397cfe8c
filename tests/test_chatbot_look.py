"""What is found of models: installed, with a key, running, and what runs on this machine."""

import json
from collections.abc import Iterator

import pytest
from scripted import KEY, Scripted, serving

from chatbot.models import PROVIDERS, look
from chatbot.models.look import Found, how_to_use, look_for_models, running_here
from chatbot.models.ollama import address
from chatbot.terminal import show_models
from footnote import main

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens to run on the machine of whoever runs this is left alone."""
    monkeypatch.setenv("OLLAMA_HOST", NOBODY)
    monkeypatch.setattr(look, "LOCAL_SERVERS", {"vLLM": f"{NOBODY}/v1"})
    for provider in PROVIDERS.values():
        monkeypatch.delenv(provider.key or "NO_KEY", raising=False)


@pytest.fixture
def ollama() -> Iterator[Scripted]:
    with serving("ollama") as script:
        yield script


@pytest.fixture
def compatible() -> Iterator[Scripted]:
    with serving("openai-compatible") as script:
        yield script


def _find(found: list[Found], provider: str) -> Found:
    return next(each for each in found if each.model.startswith(f"{provider}:"))


def test_every_provider_is_listed_and_nobody_is_reachable() -> None:
    found = look_for_models("quotes:", None)
    assert [f.model.partition(":")[0] for f in found] == ["quotes", *PROVIDERS]
    assert all(not f.models and not f.reachable for f in found)
    assert (_find(found, "openai").has_key, _find(found, "ollama").has_key) == (False, None)


def test_ollama_is_asked_for_its_models(ollama: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.base_url.removeprefix("http://"))
    found = _find(look_for_models("quotes:", None), "ollama")
    assert (found.reachable, found.models) == (True, ("tiny:latest",))


def test_a_configured_server_is_asked_for_its_models(compatible: Scripted) -> None:
    found = _find(
        look_for_models("openai-compatible:tiny", compatible.base_url), "openai-compatible"
    )
    assert (found.reachable, found.models) == (True, ("tiny",))


@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_refuses_is_not_reachable(compatible: Scripted, status: int) -> None:
    compatible.status = status
    found = _find(
        look_for_models("openai-compatible:tiny", compatible.base_url), "openai-compatible"
    )
    assert (found.reachable, found.models) == (False, ())


def test_what_happens_to_run_here_gets_no_key(
    compatible: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(look, "LOCAL_SERVERS", {"LM Studio": compatible.base_url})
    (name,) = running_here()
    assert name == "LM Studio"
    assert compatible.sent_headers
    assert KEY not in json.dumps(compatible.sent_headers)


def test_an_ollama_elsewhere_is_not_looked_for_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://ollama.example:11434")
    assert running_here() == {}


def test_what_runs_here_is_said_with_the_command_that_uses_it(
    ollama: Scripted, compatible: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.base_url)
    monkeypatch.setattr(look, "LOCAL_SERVERS", {"LM Studio": compatible.base_url})
    said = [how_to_use(name, found) for name, found in running_here().items()]
    assert said[0].endswith("footnote serve --model ollama:tiny:latest")
    assert f"FOOTNOTE_CHATBOT_BASE_URL={compatible.base_url} " in said[1]
    assert said[1].endswith("footnote serve --model openai-compatible:tiny")


def test_a_missing_package_is_named_with_its_extra() -> None:
    found = Found(model="x:NAME", says="x", installed=False, extra="ollama", models=("tiny",))
    assert "pip extra ollama" in show_models([found])
    assert "pip install -c requirements.lock -e '.[ollama]'" in how_to_use("Ollama", found)


@pytest.mark.parametrize(
    ("base_url", "host", "wanted"),
    [
        (None, "", "http://127.0.0.1:11434"),
        (None, "10.0.0.2:11434", "http://10.0.0.2:11434"),
        (None, "0.0.0.0", "http://127.0.0.1:11434"),
        (None, "[::1]", "http://[::1]:11434"),
        (None, "https://ollama.example", "https://ollama.example"),
        ("http://10.0.0.3:1/v1", "10.0.0.2:11434", "http://10.0.0.3:1"),
    ],
)
def test_where_ollama_is(
    base_url: str | None, host: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert address(base_url) == wanted


def test_an_address_that_is_none_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "[::1")
    assert running_here() == {}
    assert main(["models"]) == 2
    assert "OLLAMA_HOST is no address" in capsys.readouterr().err


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b"null", b'{"data": [1]}', b'{"data": 3}', b"x" * 2_000_000, b"\xff"],
    ids=lambda body: repr(body[:9]),
)
def test_what_is_no_list_of_models_is_none(compatible: Scripted, body: bytes) -> None:
    compatible.list_body = body
    found = look_for_models("openai-compatible:tiny", compatible.base_url)
    assert _find(found, "openai-compatible").models == ()


def test_names_that_could_harm_a_terminal_are_left_out(compatible: Scripted) -> None:
    names = ["good:7b", "\x1b[31mred", "two\nlines", "\ud800x", "n" * 300]
    compatible.list_body = json.dumps({"data": [{"id": name} for name in names]}).encode()
    found = look_for_models("openai-compatible:tiny", compatible.base_url)
    assert _find(found, "openai-compatible").models == ("good:7b",)


def test_models_are_listed_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name}:" in shown for name in PROVIDERS)
    assert "no key in OPENAI_API_KEY" in shown
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["models"]
    assert {row["model"].partition(":")[0] for row in rows} == {"quotes", *PROVIDERS}
