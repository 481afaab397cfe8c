"""The `anthropic:` models."""

from typing import Any

from chatbot.models import REPLY_TOKENS, ModelSettings, Piece
from chatbot.models.remote import Protocol, RemoteModel, client_options, read_part

_BASE_URL = "https://api.anthropic.com"


def load(name: str, settings: ModelSettings) -> RemoteModel:
    """Return the model; the key is in the environment."""
    import httpx
    from llama_index.core.llms import LLMMetadata
    from llama_index.llms.anthropic import Anthropic

    class AnyClaude(Anthropic):  # type: ignore[misc]
        """Without the list of known names: a new model would be refused."""

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(
                context_window=settings.context_tokens, is_chat_model=True, model_name=self.model
            )

    base_url = (settings.base_url or _BASE_URL).rstrip("/").removesuffix("/v1")
    llm = AnyClaude(
        model=name, base_url=base_url, max_tokens=REPLY_TOKENS, max_retries=0, temperature=0.0
    )
    client = httpx.AsyncClient(**client_options(base_url, settings))
    llm._aclient = llm._aclient.with_options(http_client=client, timeout=client.timeout)
    protocol = Protocol(llm=llm, read=_read, key="ANTHROPIC_API_KEY")
    return RemoteModel(f"anthropic:{name}", protocol, settings)


def _read(part: Any) -> Piece:  # noqa: ANN401
    more = part.message.additional_kwargs
    usage, reason = more.get("usage") or {}, more.get("stop_reason")
    # What is counted at the beginning is not the whole; only the end says that.
    counts = (usage.get("input_tokens"), usage.get("output_tokens")) if reason else (None, None)
    return read_part(part, more, counts, reason, ("end_turn", "stop_sequence"))
