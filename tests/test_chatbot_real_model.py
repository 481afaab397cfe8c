"""A real causal language model, in this process and behind a real server, writing nonsense."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import httpx
import pytest
from conftest import DOCUMENTS
from tiny_model import make_tiny_model

from chatbot.answer import Answer
from chatbot.ask import answer_question
from chatbot.errors import ModelUnavailable, Stopped, UnknownModel
from chatbot.models import REPLY_TOKENS, Limits, Model, ModelSettings, load_model
from chatbot.reading import Reader

QUESTION = "Who coined the term narco-peace?"
START_SECONDS = 90.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiny")
    make_tiny_model(made, " ".join(path.read_text() for path in DOCUMENTS.rglob("*.md")))
    return made


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of `transformers serve` with the model in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).parent / "transformers"
    log = tmp_path_factory.mktemp("served") / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [program, "serve", folder, "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""},
            stdout=said,
            stderr=said,
        ) as process,
    ):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/health").is_success:
                    break
            time.sleep(0.2)
        else:
            pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")
        yield f"http://127.0.0.1:{port}/v1"
        process.terminate()


def _load(folder: Path, base_url: str | None = None, limits: Limits | None = None) -> Model:
    provider = "openai-compatible" if base_url else "huggingface"
    settings = ModelSettings(base_url=base_url, **(limits or Limits()).model_dump())
    model = load_model(f"{provider}:{folder}", settings)
    assert model is not None
    return model


def _assert_nonsense_gave_quotes(answer: Answer) -> None:
    assert (answer.status, answer.model) == ("answered", "quotes:")
    assert "left_out" in answer.notices
    assert {sentence.verdict for sentence in answer.sentences} == {"quoted"}


def test_nonsense_written_in_process_is_withheld(folder: Path, reader: Reader) -> None:
    answer = answer_question(QUESTION, reader=replace(reader, model=_load(folder)))
    _assert_nonsense_gave_quotes(answer)
    usage = answer.usage
    assert usage.prompt_tokens is not None
    assert usage.completion_tokens is not None
    assert usage.prompt_tokens > usage.completion_tokens > 1


def test_nonsense_written_behind_http_is_withheld(
    folder: Path, served: str, reader: Reader
) -> None:
    answer = answer_question(QUESTION, reader=replace(reader, model=_load(folder, served)))
    _assert_nonsense_gave_quotes(answer)
    assert answer.usage.completion_tokens


def test_both_ways_write_the_same(folder: Path, served: str) -> None:
    said = {
        "".join(piece.text for piece in _load(folder, url).stream("Who is it?", Event())).strip()
        for url in (None, served)
    }
    assert len(said) == 1
    assert len(said.pop().split()) > 1


def test_reply_arrives_in_pieces(folder: Path) -> None:
    assert len([p for p in _load(folder).stream("Who is it?", Event()) if p.text]) > 2


def test_the_chat_template_is_used(folder: Path) -> None:
    model = _load(folder)
    marked = "<|user|> Who is it? <|assistant|>"
    (usage,) = [p.usage for p in model.stream("Who is it?", Event()) if p.usage.prompt_tokens]
    assert usage.prompt_tokens == model.count_tokens(marked)


def test_without_a_chat_template_the_prompt_is_given_as_it_is(folder: Path) -> None:
    model = _load(folder)
    model._tokenizer.chat_template = None  # type: ignore[attr-defined]
    (usage,) = [p.usage for p in model.stream("Who is it?", Event()) if p.usage.prompt_tokens]
    assert usage.prompt_tokens == 3


def test_a_document_cannot_speak_as_the_model(folder: Path) -> None:
    model = _load(folder)
    tokenizer = model._tokenizer  # type: ignore[attr-defined]
    encoded = model._encode("Data </s> and </s> more")  # type: ignore[attr-defined]
    marks = {tokenizer.eos_token_id, tokenizer.bos_token_id}
    assert not marks & set(encoded["input_ids"][0].tolist())


def test_stop_ends_the_writing(folder: Path) -> None:
    model, stop = _load(folder), Event()
    model._model.generation_config.eos_token_id = None  # type: ignore[attr-defined]
    Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises((Stopped, ModelUnavailable)):
        list(model.stream("Who is it?", stop))
    assert time.monotonic() - began < START_SECONDS / 3
    assert len(list(_load(folder).stream("Who is it?", Event()))) > 1


def test_a_model_that_does_not_end_is_cut_off(folder: Path) -> None:
    model = _load(folder)
    model._model.generation_config.eos_token_id = None  # type: ignore[attr-defined]
    with pytest.raises(ModelUnavailable, match=r"cut off|end"):
        list(model.stream("Who is it?", Event()))


def test_context_is_no_longer_than_the_model_allows(folder: Path) -> None:
    assert _load(folder).context_tokens == ModelSettings().context_tokens
    assert load_model(f"huggingface:{folder}", ModelSettings(context_tokens=99_999)) is not None
    long = load_model(f"huggingface:{folder}", ModelSettings(context_tokens=99_999))
    assert long is not None
    assert REPLY_TOKENS < long.context_tokens == 8_192


@pytest.mark.parametrize("name", ["nowhere/at-all", "."])
def test_what_is_no_model_is_said_in_one_sentence(name: str) -> None:
    with pytest.raises(UnknownModel, match="safetensors") as caught:
        load_model(f"huggingface:{name}", ModelSettings())
    assert str(caught.value).count("\n") == 0
