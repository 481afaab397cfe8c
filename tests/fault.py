"""A `footnote index` that ends badly: `python fault.py INDEX DOCUMENTS [FAULT ...]`.

kill MODULE:NAME before|after NTH   is killed at that call
pause MODULE:NAME before|after NTH  says "paused" there and goes on once its input ends
limit BYTES                         may write no file larger than that once documents are read
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import footnote

SMALL_BATCH = 2


def main(index: str, documents: str, faults: list[str]) -> int:
    for module, name in (("index.build", "BATCH"), ("index.writer", "GRAPH_BATCH")):
        assert hasattr(import_module(module), name)
        setattr(import_module(module), name, SMALL_BATCH)
    match faults:
        case ["kill", target, when, nth]:
            _at(target, when, int(nth), lambda: os.kill(os.getpid(), signal.SIGKILL))
        case ["pause", target, when, nth]:
            _at(target, when, int(nth), _pause)
        case ["limit", most_bytes]:
            limits = (int(most_bytes),) * 2
            _at(
                *("index.build:build_index", "before", 1),
                lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
            )
    return footnote.main(["index", documents, "--index", index])


def _pause() -> None:
    sys.stdout.write("paused\n")
    sys.stdout.flush()
    sys.stdin.read()


def _at(target: str, when: str, nth: int, happen: Callable[[], None]) -> None:
    module, path = target.split(":")
    owner: Any = import_module(module)
    *owners, name = path.split(".")
    for step in owners:
        owner = getattr(owner, step)
    real, calls = getattr(owner, name), 0

    @wraps(real)
    def faulty(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        nonlocal calls
        calls += 1
        this = calls
        if this == nth and when == "before":
            happen()
        result = real(*arguments, **named)
        if this == nth and when == "after":
            happen()
        return result

    setattr(owner, name, faulty)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
