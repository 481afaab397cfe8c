from dataclasses import replace
from threading import Event

import pytest

from chatbot.errors import UnknownModel
from chatbot.models import PROVIDERS, QUOTES, ModelSettings, load_model
from chatbot.models.echo import EchoModel

PROMPT = (
    "Answer.\n\n<<<ab1 passage 1\nA\nOne dog barked. Two ran.\nab1 end of passage 1>>>\n\n"
    "<<<ab1 passage 2\nB\nCats sleep.\nab1 end of passage 2>>>\n\nQuestion: who?"
)


def _reply(model: EchoModel) -> str:
    return "".join(piece.text for piece in model.stream(PROMPT, Event()))


def test_quotes_need_no_model() -> None:
    assert load_model(QUOTES, ModelSettings()) is None


@pytest.mark.parametrize("spec", ["gpt:4", "quotes", "echo", "", ":", "quotes:x", "Echo:x"])
def test_unknown_provider_is_told_the_known_ones(spec: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_model(spec, ModelSettings())
    assert QUOTES in str(caught.value)
    assert all(f"{name}:" in str(caught.value) for name in PROVIDERS)
    assert repr(spec) in str(caught.value)


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "huggingface"])
def test_every_provider_can_be_loaded(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROVIDERS[provider].key or "NO_KEY", "sk-x")
    settings = ModelSettings(base_url="http://127.0.0.1:9/v1")
    model = load_model(f"{provider}:any", settings)
    assert model is not None
    assert model.name == f"{provider}:any"
    assert model.context_tokens == settings.context_tokens
    assert 1 <= model.count_tokens("One word.") <= 10


@pytest.mark.parametrize("provider", [name for name, of in PROVIDERS.items() if of.key])
def test_a_key_that_is_missing_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROVIDERS[provider].key, raising=False)
    with pytest.raises(UnknownModel, match=PROVIDERS[provider].key):
        load_model(f"{provider}:any", ModelSettings())


@pytest.mark.parametrize("provider", [name for name, of in PROVIDERS.items() if of.extra])
def test_a_package_that_is_missing_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(PROVIDERS[provider], package="llama_index.llms.not_there")
    monkeypatch.setitem(PROVIDERS, provider, absent)
    with pytest.raises(UnknownModel, match=rf"pip install .*\[{absent.extra}\]"):
        load_model(f"{provider}:any", ModelSettings())


def test_openai_compatible_needs_a_name() -> None:
    with pytest.raises(UnknownModel, match="name"):
        load_model("openai-compatible:", ModelSettings(base_url="http://127.0.0.1:9/v1"))


def test_openai_compatible_needs_a_base_url() -> None:
    with pytest.raises(UnknownModel, match="FOOTNOTE_CHATBOT_BASE_URL"):
        load_model("openai-compatible:llama3", ModelSettings())


def test_echo_says_the_words_given_in_pieces() -> None:
    model = EchoModel("One two  three.")
    assert _reply(model) == "One two  three."
    assert len(list(model.stream(PROMPT, Event()))) == 3


def test_echo_without_words_repeats_the_beginnings_of_passages() -> None:
    assert _reply(EchoModel("")) == "One dog barked. Cats sleep."


def test_colons_in_the_words_stay() -> None:
    model = load_model("echo:at 10:30: go", ModelSettings())
    assert isinstance(model, EchoModel)
    assert _reply(model) == "at 10:30: go"
