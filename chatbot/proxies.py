"""What a request was before a proxy in front passed it on. Believes only proxies it was told of."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from starlette.types import Scope

Network = IPv4Network | IPv6Network
_FOR = b"x-forwarded-for"
_SAID_BY_PROXIES = (b"x-forwarded-", b"forwarded", b"x-gradio-server")


def as_sent(scope: Scope, *, trusted: Sequence[Network], root_path: str) -> Scope:
    """Return the scope with the address, host, scheme and path that the reader's browser had.

    What proxies say is left out of the headers: Gradio would believe it of anybody.
    """
    told = dict(scope["headers"]) if _is_from(scope.get("client"), trusted) else {}
    host = _first(told, b"x-forwarded-host")
    headers = [
        (name, host if name == b"host" and host else value)
        for name, value in scope["headers"]
        if not name.startswith(_SAID_BY_PROXIES)
    ]
    scheme = _first(told, b"x-forwarded-proto").decode("latin-1")
    seen = {**scope, "headers": headers}
    hops = [value for name, value in scope["headers"] if told and name == _FOR]
    if address := _furthest(b",".join(hops).decode("latin-1"), trusted):
        seen["client"] = (address, 0)
    if scheme in ("http", "https"):
        seen["scheme"] = scheme
    if root_path:
        inner = path_within(scope["path"], root_path)
        seen |= {"root_path": root_path, "path": root_path + inner}
    return seen


def is_local(scope: Scope, *, trusted: Sequence[Network]) -> bool:
    """Say whether a request began on this machine, as far as known proxies tell."""
    forwarded = {name for name, _ in scope["headers"] if name.startswith(_SAID_BY_PROXIES)}
    if forwarded and not (_is_from(scope.get("client"), trusted) and _FOR in forwarded):
        return False
    client = as_sent(scope, trusted=trusted, root_path="").get("client")
    address = parse_address(client[0]) if client else None
    return address is not None and address.is_loopback


def path_within(path: str, root_path: str) -> str:
    """Return a path below `root_path`, whether or not the proxy cut that off already."""
    is_below = bool(root_path) and (path + "/").startswith(root_path + "/")
    return path[len(root_path) :] if is_below else path


def _is_from(client: Any, trusted: Sequence[Network]) -> bool:  # noqa: ANN401
    """Say whether a connection comes from one of these; a socket in a folder has no address."""
    address = parse_address(client[0]) if client else None
    return address is not None and any(address in network for network in trusted)


def _furthest(forwarded_for: str, trusted: Sequence[Network]) -> str | None:
    """Return the nearest address that is no trusted proxy's: what stands before it anyone says."""
    for said in reversed(forwarded_for.split(",")):
        named = re.sub(r":\d+$", "", said.strip()) if "." in said else said.strip("[ ]")
        address = parse_address(named)
        if address is None:
            return None
        if not any(address in network for network in trusted):
            return str(address)
    return None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an IP address, IPv4 where it is that within IPv6; None if the text is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _first(headers: dict[bytes, bytes], name: bytes) -> bytes:
    return headers.get(name, b"").split(b",")[0].strip()
