"""The `huggingface:` models: a causal language model in this process, by transformers.

llama-index's HuggingFaceLLM wraps the same classes, but what it runs cannot be stopped.
"""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from chatbot.answer import Usage
from chatbot.errors import ModelUnavailable, UnknownModel
from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.calls import Arrived, Call, Caller


def load(name: str, settings: ModelSettings) -> "HuggingFaceModel":
    """Return the model, loaded; UnknownModel if there is none in the folder or under the name."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        # Nothing a stranger wrote is run: no code of the model's own, no pickles.
        model = AutoModelForCausalLM.from_pretrained(
            name, trust_remote_code=False, use_safetensors=True
        )
    except Exception as error:  # whatever is wrong with a folder, or with the way to the hub
        where = "the folder" if Path(name).exists() else "no folder here is called"
        raise UnknownModel(
            f"huggingface: cannot load {name!r} ({where} {name!r}, {type(error).__name__}); give "
            "the folder of a causal language model with its tokenizer, in safetensors."
        ) from error
    # A folder is called by its last part: readers see the name, and need not see the path.
    called = Path(name).name if Path(name).exists() else name
    return HuggingFaceModel(f"huggingface:{called}", model, tokenizer, settings)


class HuggingFaceModel:
    """Writes one reply at a time; others wait their turn within their own limits."""

    def __init__(
        self,
        name: str,
        model: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        settings: ModelSettings,
    ) -> None:
        self.name = name
        longest = getattr(model.config, "max_position_embeddings", None)
        self.context_tokens = min(settings.context_tokens, longest or settings.context_tokens)
        self._model, self._tokenizer = model, tokenizer
        self._caller = Caller(name, settings)
        self._turn = Lock()

    def count_tokens(self, text: str) -> int:
        """Return the count of the model's own tokenizer."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def stream(self, prompt: str, stop: Event) -> Iterator[Piece]:
        """Yield the reply as it is written; ModelUnavailable, Stopped."""
        return self._caller.pieces(lambda: self._call(prompt), stop)

    def _call(self, prompt: str) -> Call:
        arrived, cancelled = Arrived(), Event()
        Thread(
            target=self._write, args=(prompt, arrived, cancelled), name=self.name, daemon=True
        ).start()
        return Call(arrived, cancelled.set)

    def _write(self, prompt: str, arrived: Arrived, cancelled: Event) -> None:
        import torch
        from transformers import StoppingCriteriaList

        def is_to_end(ids: Any, _scores: Any, **_: Any) -> Any:  # noqa: ANN401
            return torch.full((ids.shape[0],), cancelled.is_set(), dtype=torch.bool)

        try:
            encoded = self._encode(prompt)
            asked_tokens = encoded["input_ids"].shape[1]
            with self._turn:
                if cancelled.is_set():
                    return
                written = self._model.generate(
                    **encoded,
                    streamer=_streamer(self._tokenizer, arrived),
                    stopping_criteria=StoppingCriteriaList([is_to_end]),
                    max_new_tokens=REPLY_TOKENS,
                    do_sample=False,
                )
            count = written.shape[1] - asked_tokens
            usage = Usage(prompt_tokens=asked_tokens, completion_tokens=count)
            arrived.put(Piece("", usage, finish="cut" if count >= REPLY_TOKENS else "stop"))
            arrived.put(None)
        except Exception as error:  # torch's own, memory among them
            problem = f"the model {self.name!r} failed ({type(error).__name__})"
            arrived.put(ModelUnavailable(problem, "see that it fits into memory"))

    def _encode(self, prompt: str) -> Any:  # noqa: ANN401
        for mark in self._tokenizer.all_special_tokens:  # in a document they are only text
            prompt = prompt.replace(mark, f"{mark[:1]} {mark[1:]}")
        if not self._tokenizer.chat_template:
            return self._tokenizer(prompt, return_tensors="pt")
        return self._tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
        )


def _streamer(tokenizer: Any, arrived: Arrived) -> Any:  # noqa: ANN401
    """Return a streamer that puts each word into the queue as soon as it is whole."""
    from transformers import TextStreamer

    class Streamer(TextStreamer):  # type: ignore[misc]
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            arrived.put(Piece(text))

    return Streamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
