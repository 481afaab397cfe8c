"""The child process that reads files for corpus.sandbox: `python -m corpus.worker`.

A line of JSON comes in for each file and one goes out. Knows nothing of ids, folders or other
workers. Whatever it reads may be hostile, so it holds nothing worth having.
"""

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from corpus.blocks import Block, Extract
from corpus.errors import UnreadableDocument
from corpus.readers import read

SAID = ("title", "source", "published_on", "language")
OUT_OF_MEMORY = "out of memory"  # no JSON: the parent ends a process whose memory is spent


def main() -> None:
    """Read files until there are no more to read, or nobody to read them for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    memory_mb, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a reader prints is no answer
    _limit_memory(memory_mb)
    jobs = queue.SimpleQueue[bytes]()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        job = json.loads(jobs.get())
        _allow_cpu(cpu_seconds)
        answers.write(_answer(Path(job["path"]), job["reader"]).encode() + b"\n")
        answers.flush()


def _listen(questions: BinaryIO, jobs: "queue.SimpleQueue[bytes]") -> None:
    """The end of the input means that the parent is gone, in the middle of a file too."""
    for line in questions:
        jobs.put(line)
    os._exit(0)


def _answer(path: Path, reader: str) -> str:
    try:
        extract = read(path, reader)
        blocks = [(block.text, block.heading_level, block.page) for block in extract.blocks]
        return json.dumps({**{name: getattr(extract, name) for name in SAID}, "blocks": blocks})
    except UnreadableDocument as reason:
        return json.dumps({"reason": str(reason)})
    except OSError as error:
        return json.dumps({"reason": f"cannot be opened: {error.strerror or error}"})
    except MemoryError:
        return OUT_OF_MEMORY


def understood(answer: bytes) -> Extract | UnreadableDocument | None:
    """Nothing in the answer is taken on trust; None if it is not what a worker says."""
    try:
        said = json.loads(answer)
        if said.get("reason"):
            return UnreadableDocument(str(said["reason"]))
        blocks = [
            Block(str(text), min(max(int(level), 0), 6), None if page is None else int(page))
            for text, level, page in said["blocks"]
        ]
        words = {name: None if said[name] is None else str(said[name]) for name in SAID}
        return Extract(blocks=blocks, **words)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has only the parent's limit on time
        return
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _allow_cpu(seconds: int) -> None:
    """Move the limit on from what earlier files have used; beyond it the process is killed."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
