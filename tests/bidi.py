"""Drives Firefox by WebDriver BiDi, as far as one test needs; Playwright drives its own build."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import listen
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import ClientConnection, connect

WAIT_SECONDS = 40.0
PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.chrome.site_icons", false);
"""


class Firefox:
    """One window; what its console said is in `said`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._last = socket, 0
        self.said: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])
        self._window = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            said = json.loads(self._socket.recv(WAIT_SECONDS))
            if said.get("method") == "log.entryAdded":
                self.said.append(str(said["params"].get("text")))
            if said.get("id") == self._last:
                assert said["type"] == "success", said
                return dict(said["result"])

    def open(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401
        """Return the value of a JavaScript expression: a string, a number, true or false."""
        target = {"context": self._window}
        found = self.send(
            "script.evaluate", expression=expression, target=target, awaitPromise=True
        )
        assert found["type"] == "success", found
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, expression
            time.sleep(0.1)


@contextmanager
def firefox(executable: str, profile: Path) -> Iterator[Firefox]:
    """Start one with a profile of its own, and end it."""
    with listen() as listener:
        port = listener.getsockname()[1]
    (profile / "user.js").write_text(PREFERENCES)
    command = [executable, "--headless", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(
        [*command, f"--remote-debugging-port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with _connect(port) as socket:
                yield Firefox(socket)
        finally:
            process.kill()


def _connect(port: int) -> ClientConnection:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None)
        except (OSError, InvalidHandshake):
            assert time.monotonic() < deadline
            time.sleep(0.2)
