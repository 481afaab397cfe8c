"""Every setting: footnote.toml, then the environment, then flags; the later wins.

Only the command line reads them; everything else is given values. Secrets are never settings.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from chatbot.callers import SHORTEST_KEY
from chatbot.errors import WrongSetting
from chatbot.limits import Rates
from chatbot.models import QUOTES, ModelSettings
from index.embed import BUNDLED
from index.split import PASSAGE_TOKENS

FILE = "footnote.toml"
API_KEY = "FOOTNOTE_API_KEY"
# As browsers write an origin: lower case, no path, no port where it is the scheme's own.
ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[1-9]\d{0,4})?")
ROOT_PATH = r"(?:/[A-Za-z0-9._~-]+)*"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def _split_at_commas(value: Any) -> Any:  # noqa: ANN401
    """The environment holds text: there, commas part the items of a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def read_origin(text: str) -> str:
    """Return a site as browsers name it; WrongSetting if it is none."""
    name = text.strip().rstrip("/").lower()
    name = name.removesuffix(_DEFAULT_PORTS.get(name.partition(":")[0], ""))
    if not ORIGIN.fullmatch(name):
        wanted = "https://example.org"
        with suppress(ValueError):  # what looks like no address at all
            parts = urlsplit(name if "://" in name else f"https://{name}")
            named = f"{parts.scheme}://{parts.netloc.encode('idna').decode()}"
            wanted = named if ORIGIN.fullmatch(named) else wanted
        raise WrongSetting(f"{text} is no origin; it is written like {wanted}.")
    return name


Texts = Annotated[list[str], NoDecode, BeforeValidator(_split_at_commas)]
Networks = Annotated[list[IPvAnyNetwork], NoDecode, BeforeValidator(_split_at_commas)]
Folders = Annotated[list[Path], NoDecode, BeforeValidator(_split_at_commas)]


class CorpusTable(BaseModel, extra="forbid"):
    """`[corpus]`: what is read."""

    folders: Folders = [Path("corpus/documents")]


class IndexTable(BaseModel, extra="forbid"):
    """`[index]`: how it is found, and where the index is kept."""

    folder: Path = Path(".footnote")
    embedding_model: str = BUNDLED
    reranker: str | None = None
    passage_tokens: int = Field(default=PASSAGE_TOKENS, ge=32, le=1000)


class ChatbotTable(ModelSettings, Rates, BaseModel, extra="forbid", frozen=True):
    """`[chatbot]`: how it is answered and shown."""

    model: str = QUOTES
    strict: bool = True
    title: str = "Footnote"
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=1, le=65535)
    allowed_origins: Texts = []
    trusted_proxies: Networks = []
    log_questions: bool = False
    root_path: str = Field(default="", pattern=f"^{ROOT_PATH}$")
    suggested_questions: Texts = []

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        # It may hold a password by mistake: the value is not repeated.
        try:
            parts = urlsplit(value or "http://none")
            is_good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_good = False
        if not is_good or "@" in parts.netloc:
            raise ValueError(
                "write it like http://127.0.0.1:8000/v1, without a password; keys come from the "
                "environment"
            )
        return value or None

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        try:
            return [read_origin(origin) for origin in value]
        except WrongSetting as error:  # pydantic takes no other error than its own
            raise ValueError(str(error)) from error


class Settings(BaseSettings):
    """All tables."""

    model_config = SettingsConfigDict(
        env_prefix="FOOTNOTE_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        toml_file=FILE,
        extra="forbid",
    )

    corpus: CorpusTable = CorpusTable()
    index: IndexTable = IndexTable()
    chatbot: ChatbotTable = ChatbotTable()

    def with_model(self, model: str) -> "Settings":
        """Return the same with another model."""
        chatbot = self.chatbot.model_copy(update={"model": model})
        return self.model_copy(update={"chatbot": chatbot})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the file, and read no others."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings() -> Settings:
    """Return the settings in force here; WrongSetting names the first one that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ").removesuffix(".")
        said = "there is no such setting" if first["type"] == "extra_forbidden" else said
        raise WrongSetting(
            f"the setting {where} cannot be used: {said}; correct it in {FILE} or in the "
            "environment."
        ) from error
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{FILE} cannot be read: {error}; correct it.") from error


def read_api_key() -> str | None:
    """Return what programs must send, if the environment says; WrongSetting if it is no good."""
    key = os.environ.get(API_KEY, "").strip()
    if key and not re.fullmatch(rf"[!-~]{{{SHORTEST_KEY},}}", key):
        raise WrongSetting(
            f"{API_KEY} must be at least {SHORTEST_KEY} letters, digits and signs, without blanks; "
            "`openssl rand -hex 24` makes one."
        )
    return key or None
