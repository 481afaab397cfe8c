from pathlib import Path

import pytest

from chatbot.errors import WrongSetting
from chatbot.models import QUOTES
from chatbot.settings import ChatbotTable, Settings, read_settings
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as caught:
        read_settings()
    return str(caught.value)


def test_defaults_need_no_file() -> None:
    settings = read_settings()
    assert settings.chatbot.model == QUOTES
    assert settings.chatbot.allowed_origins == []
    assert (settings.chatbot.host, settings.chatbot.port) == ("127.0.0.1", 7860)
    assert settings.index.folder == Path(".footnote")
    assert settings.index.embedding_model == BUNDLED
    assert settings.index.passage_tokens == PASSAGE_TOKENS
    assert settings.corpus.folders == [Path("corpus/documents")]


def test_file_is_read(folder: Path) -> None:
    (folder / "footnote.toml").write_text('[chatbot]\nport = 8000\ntitle = "Café"\n', "utf-8")
    settings = read_settings()
    assert (settings.chatbot.port, settings.chatbot.title) == (8000, "Café")


def test_environment_wins_over_the_file_key_by_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "footnote.toml").write_text('[chatbot]\nport = 8000\ntitle = "File"\n')
    monkeypatch.setenv("FOOTNOTE_CHATBOT_PORT", "9000")
    settings = read_settings()
    assert (settings.chatbot.port, settings.chatbot.title) == (9000, "File")


def test_underscores_in_a_key_are_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_BASE_URL", "http://127.0.0.1:8000/v1")
    monkeypatch.setenv("FOOTNOTE_INDEX_PASSAGE_TOKENS", "64")
    settings = read_settings()
    assert settings.chatbot.base_url == "http://127.0.0.1:8000/v1"
    assert settings.index.passage_tokens == 64


def test_other_variables_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_TEST_DATA", "/nowhere")
    monkeypatch.setenv("CHATBOT_PORT", "1")
    assert read_settings() == Settings()
    assert read_settings().chatbot.port == 7860


def test_commas_part_origins_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", "https://a.org, http://localhost:3000,,")
    assert read_settings().chatbot.allowed_origins == ["https://a.org", "http://localhost:3000"]


def test_commas_part_folders_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CORPUS_FOLDERS", "one, two/three")
    assert read_settings().corpus.folders == [Path("one"), Path("two/three")]


def test_origins_in_the_file_are_a_list(folder: Path) -> None:
    (folder / "footnote.toml").write_text('[chatbot]\nallowed_origins = ["https://a.org"]\n')
    assert read_settings().chatbot.allowed_origins == ["https://a.org"]


@pytest.mark.parametrize(
    "origin",
    [
        "example.org",
        "//example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/page",
        "https://[::1",
        "https://*.example.org",
        "*",
        "null",
        "javascript://x",
    ],
)
def test_what_is_no_origin_is_refused(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = _refused("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", f"https://a.org,{origin}", monkeypatch)
    assert "chatbot.allowed_origins" in said
    assert f"cannot be used: {origin} is no origin; it is written like http" in said


@pytest.mark.parametrize(
    "origin",
    [
        "https://me@example.org",
        "https://example.org?x",
        "https://example.org#x",
        "https://example.org; script-src https:",
        "https://example.org:port",
    ],
)
def test_origin_no_browser_sends_is_refused(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", origin, monkeypatch)


@pytest.mark.parametrize(
    "origin", ["https://Example.org/", "https://example.org:443", " HTTPS://EXAMPLE.ORG "]
)
def test_an_origin_written_as_in_an_address_bar_is_taken(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", origin)
    assert read_settings().chatbot.allowed_origins == ["https://example.org"]


def test_an_origin_in_other_letters_is_told_how_browsers_write_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = _refused("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", "https://Bücher.example", monkeypatch)
    assert "it is written like https://xn--bcher-kva.example; correct it in" in said


def test_a_setting_that_is_none_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    said = _refused("FOOTNOTE_CHATBOT_PORTT", "1", monkeypatch)
    assert "chatbot.portt cannot be used: there is no such setting; correct it in" in said


def test_proxies_are_addresses_and_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    monkeypatch.setenv("FOOTNOTE_CHATBOT_ROOT_PATH", "/help/desk")
    chatbot = read_settings().chatbot
    assert [str(each) for each in chatbot.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8"]
    assert chatbot.root_path == "/help/desk"
    _refused("FOOTNOTE_CHATBOT_TRUSTED_PROXIES", "*", monkeypatch)


@pytest.mark.parametrize("path", ["help", "/help/", "/", "//help", "/a b", "https://a.org/help"])
def test_what_is_no_root_path_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused("FOOTNOTE_CHATBOT_ROOT_PATH", path, monkeypatch)


@pytest.mark.parametrize("origin", ["https://example.org", "http://localhost:8080", "http://[::1]"])
def test_origins_are_kept_as_written(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_ALLOWED_ORIGINS", origin)
    assert read_settings().chatbot.allowed_origins == [origin]


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("FOOTNOTE_CHATBOT_PORT", "abc", "chatbot.port"),
        ("FOOTNOTE_CHATBOT_PORT", "0", "chatbot.port"),
        ("FOOTNOTE_CHATBOT_PORT", "65536", "chatbot.port"),
        ("FOOTNOTE_INDEX_PASSAGE_TOKENS", "31", "index.passage_tokens"),
        ("FOOTNOTE_CHATBOT_PRT", "1", "chatbot.prt"),
    ],
)
def test_wrong_setting_is_named(
    name: str, value: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = _refused(name, value, monkeypatch)
    assert key in said
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    "text", ["[chatbot", "port = = 1\n", '[chatbot]\nmodle = "x"\n', "[chatbot]\nport = 'x'\n"]
)
def test_broken_file_is_one_sentence(text: str, folder: Path) -> None:
    (folder / "footnote.toml").write_text(text)
    with pytest.raises(WrongSetting, match=r"footnote\.toml") as caught:
        read_settings()
    assert "\n" not in str(caught.value)


def test_file_that_is_not_utf8_is_one_sentence(folder: Path) -> None:
    (folder / "footnote.toml").write_bytes(b"\xff\xfe[chatbot]\n")
    with pytest.raises(WrongSetting, match=r"footnote\.toml"):
        read_settings()


def test_misspelt_table_is_refused(folder: Path) -> None:
    (folder / "footnote.toml").write_text('[chatbott]\nmodel = "x:y"\n')
    with pytest.raises(WrongSetting, match="chatbott"):
        read_settings()


def test_commas_part_suggested_questions_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_SUGGESTED_QUESTIONS", "Who is Villatoro?")
    assert read_settings().chatbot.suggested_questions == ["Who is Villatoro?"]


def test_no_setting_is_a_secret() -> None:
    assert not any(
        word in key.split("_") for key in ChatbotTable.model_fields for word in ("key", "secret")
    )


@pytest.mark.parametrize(
    "value",
    ["127.0.0.1:8000", "ftp://a/v1", "http://", "http://[::1/v1", "http://a:99999", "http://a:b"],
)
def test_a_base_url_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_BASE_URL", value)
    with pytest.raises(WrongSetting, match=r"chatbot\.base_url"):
        read_settings()


def test_a_password_in_a_base_url_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_CHATBOT_BASE_URL", "http://user:sekret@127.0.0.1:8000/v1")
    with pytest.raises(WrongSetting, match="without a password") as caught:
        read_settings()
    assert "sekret" not in str(caught.value)
