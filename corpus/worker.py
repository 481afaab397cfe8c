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

from corpus.errors import UnreadableDocument
from corpus.readers import read

OUT_OF_MEMORY = b"out of memory\n"  # no JSON: the parent ends a process whose memory is spent


def main() -> None:
    """Read files until there are no more to read, or nobody to read them for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    memory_mb, cpu_seconds = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a reader prints is no answer
    jobs = queue.SimpleQueue[bytes]()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        job = json.loads(jobs.get())
        _limit(memory_mb, cpu_seconds)
        try:
            answers.write(_answer(Path(job["path"]), job["reader"]))
        except MemoryError:
            answers.write(OUT_OF_MEMORY)
        answers.flush()


def _listen(questions: BinaryIO, jobs: "queue.SimpleQueue[bytes]") -> None:
    """The end of the input means that the parent is gone, in the middle of a file too."""
    for line in questions:
        jobs.put(line)
    os._exit(0)


def _answer(path: Path, reader: str) -> bytes:
    """Return an extract's fields, or a reason, in UTF-8, which has no half characters."""
    answer: dict[str, object] | str
    try:
        answer = vars(read(path, reader))
    except UnreadableDocument as reason:
        answer = str(reason)
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "ignore") + b"\n"


def _limit(memory_mb: int, cpu_seconds: int) -> None:
    """Limit memory, and processor time from here on; the system kills what goes beyond."""
    try:
        import resource
    except ImportError:  # Windows has only the parent's limit on time
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
