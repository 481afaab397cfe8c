from pathlib import Path

import pytest

from chatbot.doctor import Finding, examine
from chatbot.settings import ChatbotTable, CorpusTable, IndexTable, Settings


def _examine(index: Path, folder: Path, **chatbot: object) -> dict[str, Finding]:
    settings = Settings(
        corpus=CorpusTable(folders=[folder]),
        index=IndexTable(folder=index),
        chatbot=ChatbotTable.model_validate(chatbot),
    )
    return {finding.name: finding for finding in examine(settings)}


def test_whole_house_is_good(bundled_index: Path, tmp_path: Path) -> None:
    found = _examine(bundled_index, tmp_path, allowed_origins=["https://a.org"])
    assert list(found) == ["documents", "index", "model", "origins"]
    assert all(finding.good for finding in found.values())
    assert "documents, " in found["index"].says
    assert found["model"].says == "quotes:"
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
