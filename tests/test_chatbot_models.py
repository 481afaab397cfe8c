from threading import Event

import pytest

from chatbot.errors import UnknownModel
from chatbot.models import PROVIDERS, QUOTES, ModelSettings, load_model
from chatbot.models.echo import EchoModel

PROMPT = (
    "Answer.\n\n<<<passage 1 from A\nOne dog barked. Two ran.\nend of passage 1>>>\n\n"
    "<<<passage 2 from B\nCats sleep.\nend of passage 2>>>\n\nQuestion: who?"
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


def test_every_provider_can_be_imported_and_says_what_it_is() -> None:
    for name, provider in PROVIDERS.items():
        settings = ModelSettings(base_url="http://127.0.0.1:9/v1")
        model = load_model(f"{name}:any", settings)
        assert model is not None
        assert model.name == f"{name}:any"
        assert provider.says


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
