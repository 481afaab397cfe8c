"""What went wrong with a model server, in one sentence. Repeats nothing that the server said.

Its words may hold the key, the address, or whatever a stranger put there.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime

import httpx

from chatbot.errors import ModelUnavailable

PASSING = {408, 409, 429, 500, 502, 503, 504, 529}
"""HTTP statuses after which asking again can help."""
_REACH = "check that its server runs and that [chatbot] base_url, if set, is right"


def explain(error: BaseException, *, model: str, key: str) -> ModelUnavailable:
    """Return the failure of a call as an error of ours; `key` names the variable that holds it."""
    name = f"the model {model!r}"
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    if isinstance(status, int) and status >= 400:
        return ModelUnavailable(
            *_refusal(status, name, key),
            may_pass=status in PASSING,
            retry_after_seconds=_retry_after(response),
        )
    chain = list(_chain(error))
    if any(isinstance(each, socket.gaierror) for each in chain):
        return ModelUnavailable(f"{name} has a server whose name is not known", _REACH)
    if any(isinstance(each, httpx.TimeoutException) for each in chain):
        return ModelUnavailable(f"{name} did not answer in time", _REACH, may_pass=True)
    if any(isinstance(each, httpx.ReadError | httpx.RemoteProtocolError) for each in chain):
        return ModelUnavailable(f"{name} broke the connection off", _REACH, may_pass=True)
    if any(isinstance(each, httpx.TransportError | ConnectionError) for each in chain):
        return ModelUnavailable(f"{name} cannot be reached", _REACH)
    return ModelUnavailable(f"{name} sent something that is no answer", _REACH)


def _refusal(status: int, name: str, key: str) -> tuple[str, str]:
    if status in (401, 403):
        return f"{name} refused the key ({status})", f"check {key}"
    if status == 404:
        return f"{name} is not known to its server (404)", "`footnote models` lists those found"
    if status == 429:
        return f"{name} has too much to do (429)", "wait, or raise the quota of the key"
    if status < 500:
        return f"{name} did not take the question ({status})", "check its name and settings"
    return f"the server of {name} failed ({status})", "see what it wrote into its log"


def _retry_after(response: object) -> float | None:
    asked = getattr(response, "headers", {}).get("retry-after")
    if not asked:
        return None
    with suppress(ValueError):
        return max(0.0, float(asked))
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
