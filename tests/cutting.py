"""A proxy on loopback whose open connections can be cut, as a router or a tunnel would cut them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Cutter:
    """Hands bytes to and fro between whoever comes to `url` and the server at `port`."""

    listener: socket.socket
    port: int
    held: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def cut(self) -> None:
        """End every connection that is open now; new ones are taken as before."""
        while self.held:
            _end(self.held.pop())

    def run(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.port))
                except OSError:
                    near.close()
                    continue
                self.held += [near, far]
                threading.Thread(target=_join, args=(near, far), daemon=True).start()


def _join(near: socket.socket, far: socket.socket) -> None:
    with near, far:
        back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
        back.start()
        _pass_on(near, far)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _end(source)
    _end(target)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(url: str) -> Iterator[Cutter]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        cutter = Cutter(listener, int(url.rpartition(":")[2]))
        threading.Thread(target=cutter.run, daemon=True).start()
        yield cutter
        listener.shutdown(socket.SHUT_RDWR)
        cutter.cut()
