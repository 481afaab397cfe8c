"""Reads a request's body, if it is not too long and does come. Knows nothing of its words."""

import asyncio
import time

from starlette.types import Message, Receive, Scope

from chatbot.callers import Refusal

LARGEST_BODY_BYTES = 64_000
"""A question of 2,000 characters and the turns before it, in the longest encoding."""
BODY_SECONDS = 10.0
TOO_LARGE = Refusal(413, "The request is too large; ask something shorter.")
_TOO_SLOW = Refusal(408, "The rest of the request did not come; send it again.")


class RequestBody:
    """What is left of one request's body; `receive` stands in for the server's.

    `refusal` says why it is not read to its end, once that is so.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        self.declared_bytes = int(declared) if declared.isdigit() else 0
        self.is_left_over = bool(self.declared_bytes) or b"transfer-encoding" in headers
        self._receive, self._read_bytes, self._is_whole = receive, 0, False
        self.refusal: Refusal | None = None
        self._until = time.monotonic() + BODY_SECONDS

    async def receive(self) -> Message:
        """Return the next part, or, where there is too much or none comes, that the client left."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            self.refusal = _TOO_SLOW
            return {"type": "http.disconnect"}
        self._read_bytes += len(message.get("body", b""))
        if self._read_bytes > LARGEST_BODY_BYTES:
            self.refusal = TOO_LARGE
            return {"type": "http.disconnect"}
        self._is_whole = not message.get("more_body", False)
        self.is_left_over = self.is_left_over and not self._is_whole
        return message
