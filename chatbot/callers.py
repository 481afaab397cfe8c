"""Who asks, and whether they may: a page of ours, a page of an allowed site, or a program.

A browser names the site that asks (its origin) with all that a page sends, but for reading from the
server that the page came from. An origin is no proof of anything, since a program can send any:
it keeps other sites' pages away from a visitor's bot, and limits guard the rest.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.types import Scope

from chatbot.limits import KEY, caller_at
from chatbot.proxies import parse_address

SHORTEST_KEY = 16
UNKNOWN_HOST = (
    "This server does not go by that name; whoever runs it can add the address to "
    "FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
)
_NO_KEY = (
    "Programs on other machines need a key; whoever runs the bot can set FOOTNOTE_API_KEY, to be "
    "sent as `Authorization: Bearer KEY`."
)
_KEY_WANTED = "Send this bot's key as `Authorization: Bearer KEY`."
_WRONG_KEY = "That is not this bot's key; it is sent as `Authorization: Bearer KEY`."
_WITH_KEY = {"www-authenticate": "Bearer"}
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not, with the status of HTTP and headers for it."""

    status: int
    sentence: str
    headers: Mapping[str, str] | None = None


def identify(
    scope: Scope,
    *,
    allowed_origins: Sequence[str],
    api_key: str | None,
    is_local: bool,
    allows_others: bool,
    is_public: bool,
) -> str | Refusal:
    """Return who asks, as limits count them, or why they may not.

    `allowed_origins` are those of other sites that may ask, `api_key` is that of programs, if any.
    `is_local` says that the request began on this machine, `allows_others` that pages of allowed
    sites may ask for this, `is_public` that any page may.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", "").lower(), headers.get(b"origin")
    if not is_known_host(host, allowed_origins=allowed_origins):
        return Refusal(403, UNKNOWN_HOST)
    client = scope.get("client")
    caller = caller_at(client[0]) if client else "unknown"
    if is_public:
        return caller
    pages = [f"{scope['scheme']}://{host}", *(allowed_origins if allows_others else ())]
    if origin is not None and origin not in pages:  # exact on scheme, host and port
        return Refusal(403, _not_listed(origin))
    scheme, _, key = headers.get(b"authorization", "").strip().partition(" ")
    if api_key and scheme.lower() == "bearer":  # a proxy's own passwords come in this header too
        is_right = hmac.compare_digest(key.strip().encode(), api_key.encode())
        return KEY if is_right else Refusal(401, _WRONG_KEY, _WITH_KEY)
    if origin is not None or scope["method"] in _READING or (is_local and not api_key):
        return caller  # a page, or what every reader may see, or whoever runs this
    return Refusal(401, _KEY_WANTED if api_key else _NO_KEY, _WITH_KEY)


def is_known_host(host: str, *, allowed_origins: Sequence[str]) -> bool:
    """Say whether a request may name this host: an address, localhost, or an allowed origin's.

    Any site can make a name of its own lead here and then count as the same origin (DNS rebinding).
    """
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    if name == "localhost" or host in {origin.partition("://")[2] for origin in allowed_origins}:
        return True
    return parse_address(name.strip("[]")) is not None


def _not_listed(origin: str) -> str:
    if not re.fullmatch(r"https?://[\w.:\[\]-]{1,200}", origin):
        return "Only pages of sites listed in FOOTNOTE_CHATBOT_ALLOWED_ORIGINS may ask."
    return (
        f"This site ({origin}) is not on the list of sites that may ask; whoever runs the bot can "
        "add it to FOOTNOTE_CHATBOT_ALLOWED_ORIGINS."
    )
