"""The `openai-compatible:` models: any server that speaks OpenAI's chat protocol."""

from chatbot.errors import UnknownModel
from chatbot.models import REPLY_TOKENS, ModelSettings
from chatbot.models.openai import speak_openai
from chatbot.models.remote import RemoteModel


def load(name: str, settings: ModelSettings) -> RemoteModel:
    """Return the model; UnknownModel if no server is configured."""
    if not settings.base_url:
        raise UnknownModel(
            "openai-compatible: needs a server; set FOOTNOTE_CHATBOT_BASE_URL to its address, "
            "ending in /v1."
        )
    protocol = speak_openai(name, settings, settings.base_url, {"max_tokens": REPLY_TOKENS})
    return RemoteModel(f"openai-compatible:{name}", protocol, settings)
