"""Looks at what is configured and whether it can be used. Mends nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from chatbot.callers import is_known_host
from chatbot.errors import ModelUnavailable
from chatbot.models import QUOTES, load_model
from chatbot.models.look import look_for_models, tips
from chatbot.opening import open_index
from chatbot.settings import Settings, read_origin
from corpus.errors import FootnoteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at, whether it is good, and what there is to say of it."""

    name: str
    good: bool
    says: str


def examine(settings: Settings, origin: str | None = None) -> list[Finding]:
    """Return a finding each for the documents, the index, the model and the sites allowed.

    And one for `origin`, if given: whether the pages of that site may ask.
    """
    looks: dict[str, Callable[[Settings], str]] = {
        "documents": _documents,
        "index": _index,
        "model": _model,
        "origins": lambda settings: (
            ", ".join(settings.chatbot.allowed_origins) or "none but the page itself"
        ),
    }
    if origin is not None:
        looks["origin"] = lambda settings: see_that_site_may_ask(read_origin(origin), settings)
    findings = []
    for name, look in looks.items():
        try:
            findings.append(Finding(name=name, good=True, says=look(settings)))
        except FootnoteError as error:
            findings.append(Finding(name=name, good=False, says=str(error)))
    return findings


def _documents(settings: Settings) -> str:
    missing = [str(folder) for folder in settings.corpus.folders if not folder.exists()]
    if missing:
        raise FootnoteError(f"{', '.join(missing)} does not exist; correct [corpus] folders.")
    return ", ".join(str(folder) for folder in settings.corpus.folders)


def _index(settings: Settings) -> str:
    generation = open_index(settings)
    manifest = generation.manifest
    generation.close()
    return (
        f"{manifest.document_count} documents, {manifest.passage_count} passages, "
        f"{len(manifest.skipped)} files skipped, built {manifest.built_at:%Y-%m-%d %H:%M} UTC "
        f"with {manifest.embedding_model}"
    )


def _model(settings: Settings) -> str:
    table = settings.chatbot
    if table.model == QUOTES:
        return "; ".join([f"{QUOTES} (no model is needed)", *tips()])
    load_model(table.model, table)
    provider, _, name = table.model.partition(":")
    for found in look_for_models(table.model, table.base_url):
        if not found.model.startswith(f"{provider}:") or found.reachable is None:
            continue
        if not found.reachable:
            raise ModelUnavailable(
                f"no model server answers at {found.base_url}",
                "start it, or correct [chatbot] base_url",
            )
        if not {name, f"{name}:latest"} & {*found.models}:
            raise ModelUnavailable(
                f"the server at {found.base_url} has no model {name!r}",
                f"it has {', '.join(found.models) or 'none'}",
            )
    return table.model


def see_that_site_may_ask(origin: str, settings: Settings, bot: str | None = None) -> str:
    """Say that it may, by the settings or the server that runs; FootnoteError if not.

    `bot` is the address by which readers reach the server: a name of its own is listed too. One
    that runs may have been given other settings than these.
    """
    allowed, host = settings.chatbot.allowed_origins, (bot or "").partition("://")[2]
    missing = [] if origin in allowed else [origin]
    if bot and not is_known_host(host, allowed_origins=allowed):
        missing.append(bot)
    at, lets = _ask_server(origin, {"host": host} if host else {}, settings)
    if missing and not lets:
        raise FootnoteError(_how_to_list(missing, allowed))
    if missing:
        return f"{origin} may ask: the server at {at} lets it, although these settings do not"
    if lets is None:
        return f"{origin} may ask; no server answers at {at}, so only the settings were looked at"
    if not lets:
        raise FootnoteError(
            f"the settings allow {origin}, but the server at {at} does not; start it again."
        )
    return f"{origin} may ask, and the server at {at} lets it"


def _how_to_list(origins: Sequence[str], allowed: Sequence[str]) -> str:
    """Say how to put these on the list of sites that may ask."""
    hosts = {origin.partition("://")[2] for origin in origins}
    near = [one for one in allowed if one.partition("://")[2] in hosts]
    other = f" ({near[0]} is, but browsers tell http from https)" if near else ""
    are, listed = "is" if len(origins) == 1 else "are", ",".join([*allowed, *origins])
    return (
        f"{' and '.join(origins)} {are} not on the list{other}; set "
        f"FOOTNOTE_CHATBOT_ALLOWED_ORIGINS={listed}"
    )


def _ask_server(
    origin: str, headers: dict[str, str], settings: Settings
) -> tuple[str, bool | None]:
    """Ask what runs here as a page of the site would; say where, and whether it lets it, if any."""
    host, port = settings.chatbot.host, settings.chatbot.port
    at = f"{f'[{host}]' if ':' in host else host}:{port}".replace("0.0.0.0", "127.0.0.1")
    url = f"http://{at}{settings.chatbot.root_path}/api/suggestions"
    try:
        response = httpx.get(url, headers={"origin": origin, **headers}, timeout=5.0)
    except httpx.HTTPError:
        return at, None
    listed = response.headers.get("access-control-allow-origin") == origin
    return at, listed and response.status_code != 403
