from pathlib import Path
from typing import Any

import pytest
from conftest import Site, listen
from scripted import serving

from chatbot.doctor import Finding, examine
from chatbot.models import look
from chatbot.settings import ChatbotTable, CorpusTable, IndexTable, Settings


def _examine(
    index: Path, folder: Path, origin: str | None = None, **chatbot: object
) -> dict[str, Finding]:
    settings = Settings(
        corpus=CorpusTable(folders=[folder]),
        index=IndexTable(folder=index),
        chatbot=ChatbotTable.model_validate(chatbot),
    )
    return {finding.name: finding for finding in examine(settings, origin)}


def test_whole_house_is_good(bundled_index: Path, tmp_path: Path) -> None:
    found = _examine(bundled_index, tmp_path, allowed_origins=["https://a.org"])
    assert list(found) == ["documents", "index", "model", "origins"]
    assert all(finding.good for finding in found.values())
    assert "documents, " in found["index"].says
    assert found["model"].says.startswith("quotes:")
    assert found["origins"].says == "https://a.org"


@pytest.mark.parametrize(
    ("wrong", "chatbot", "says"),
    [
        ("documents", {}, "does not exist"),
        ("index", {}, "footnote index"),
        ("model", {"model": "foo:bar"}, "'foo:bar'"),
        ("model", {"model": "openai-compatible:x"}, "FOOTNOTE_CHATBOT_BASE_URL"),
    ],
)
def test_what_is_wrong_says_what_to_do(
    wrong: str, chatbot: dict[str, str], says: str, bundled_index: Path, tmp_path: Path
) -> None:
    index = tmp_path / "none" if wrong == "index" else bundled_index
    folder = tmp_path / "none" if wrong == "documents" else tmp_path
    found = _examine(index, folder, **chatbot)
    assert [name for name, finding in found.items() if not finding.good] == [wrong]
    assert says in found[wrong].says


@pytest.mark.parametrize(
    ("origin", "good", "says"),
    [
        ("https://a.org", True, "https://a.org may ask; no server answers at 127.0.0.1:"),
        ("https://A.org:443/", True, "https://a.org may ask"),
        ("http://a.org", False, "(https://a.org is, but browsers tell http from https)"),
        ("https://www.a.org", False, "ALLOWED_ORIGINS=https://a.org,https://www.a.org"),
        ("https://a.org/page", False, "it is written like https://a.org."),
        ("a.org", False, "it is written like https://a.org."),
        ("null", False, "is no origin"),
    ],
)
def test_whether_a_site_may_ask(
    origin: str, good: bool, says: str, bundled_index: Path, tmp_path: Path
) -> None:
    with listen() as listener:
        port = listener.getsockname()[1]
    allowed = ["https://a.org"]
    found = _examine(bundled_index, tmp_path, origin, allowed_origins=allowed, port=port)["origin"]
    assert found.good is good
    assert says in found.says


def test_the_server_that_runs_is_asked_too(bundled_index: Path, tmp_path: Path, site: Site) -> None:
    port = int(site.url.rpartition(":")[2])
    for origin, good in ((site.host_page, True), ("https://a.org", False)):
        chatbot: dict[str, Any] = {"allowed_origins": [origin], "port": port}
        found = _examine(bundled_index, tmp_path, origin, **chatbot)["origin"]
        assert found.good is good
        assert ("lets it" if good else "start it again") in found.says
    found = _examine(bundled_index, tmp_path, site.host_page, port=port)["origin"]
    assert (found.good, "although these settings do not" in found.says) == (True, True)
    found = _examine(bundled_index, tmp_path, "https://a.org", port=port)["origin"]
    assert (found.good, "set FOOTNOTE_CHATBOT_ALLOWED_ORIGINS=" in found.says) == (False, True)


def test_a_model_server_on_this_machine_is_told_of(
    bundled_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("ollama") as script:
        monkeypatch.setenv("OLLAMA_HOST", script.base_url)
        monkeypatch.setattr(look, "LOCAL_SERVERS", {})
        says = _examine(bundled_index, tmp_path)["model"].says
    assert "Ollama runs on this machine" in says
    assert says.endswith("footnote serve --model ollama:tiny:latest")


@pytest.mark.parametrize(
    ("model", "good", "says"),
    [
        ("ollama:tiny", True, "ollama:tiny"),
        ("ollama:tiny:latest", True, "ollama:tiny:latest"),
        ("ollama:huge", False, "it has tiny:latest"),
    ],
)
def test_a_model_is_looked_for_on_its_server(
    model: str, good: bool, says: str, bundled_index: Path, tmp_path: Path
) -> None:
    with serving("ollama") as script:
        found = _examine(bundled_index, tmp_path, model=model, base_url=script.base_url)["model"]
    assert (found.good, says in found.says) == (good, True)


def test_a_server_that_does_not_answer_is_bad(bundled_index: Path, tmp_path: Path) -> None:
    found = _examine(bundled_index, tmp_path, model="ollama:tiny", base_url="http://127.0.0.1:9")[
        "model"
    ]
    assert not found.good
    assert "no model server answers at http://127.0.0.1:9" in found.says
