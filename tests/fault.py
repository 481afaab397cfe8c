"""A `footnote index` that ends badly: `python fault.py INDEX DOCUMENTS [FAULT ...]`.

Without arguments, each line on stdin is such arguments, in JSON. They run in a process of their
own, that begins with everything imported; how it ended, and what it said, is printed in JSON.

kill MODULE:NAME before|after NTH   is killed at that call
pause MODULE:NAME before|after NTH  says "paused" there and goes on once its input ends
limit BYTES                         may write no file larger than that once documents are read
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import footnote
from corpus.language import detect_language
from index.tokens import count_tokens

SMALL_BATCH = 2
IMPORTED = ("chromadb", "tantivy", "corpus.load", "chatbot.progress", "chatbot.settings")
"""But not onnxruntime, which starts threads that no fork would have."""


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


def serve() -> int:
    for name in IMPORTED:
        import_module(name)
    detect_language(f"What is read is kept: {count_tokens('words')} token.")
    for line in sys.stdin:
        index, documents, *faults = json.loads(line)
        ours, its = os.pipe()
        if not (child := os.fork()):
            signal.alarm(60)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            os.dup2(its, sys.stderr.fileno())
            os.close(its)
            return main(index, documents, faults)
        os.close(its)
        with os.fdopen(ours) as errors:
            said = errors.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([code, said]), flush=True)  # noqa: T201
    return 0


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
    raise SystemExit(main(sys.argv[1], sys.argv[2], sys.argv[3:]) if sys.argv[1:] else serve())
