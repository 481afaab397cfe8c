"""Reads files in processes of their own, each with limits on memory and time.

A file that loops for ever, eats memory or crashes its reader costs that file alone. Answers come
back as JSON, never pickled: whoever writes them has read hostile input. Knows nothing of folders.
"""

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.blocks import Extract
from corpus.errors import UnreadableDocument
from corpus.worker import OUT_OF_MEMORY, understood

ROOT = Path(__file__).parent.parent
MOST_WORKERS = 4  # each may need its memory limit
FILES_FOR_A_WORKER = 8  # fewer are read before another process has started
AGAIN_WITHIN_SECONDS = 10  # what took longer to fail would fail again
DYING_SECONDS = 1  # what has closed its output is about to say why by its exit code
LARGEST_ANSWER_BYTES = 200_000_000  # four times the largest file: letters may be escaped


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may need: address space, processor time, and time on the clock."""

    memory_mb: int = 2_000  # forty times the largest file that is read at all
    cpu_seconds: int = 120  # far more than an honest file has needed here; short enough to wait for
    wall_seconds: float = 300  # for a busy machine, or a disk that does not answer


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read, and the reader to read it with."""

    path: Path
    reader: str


Outcome = Extract | UnreadableDocument


def read_apart(jobs: Sequence[Job], *, limits: Limits) -> Generator[tuple[int, Outcome]]:
    """Yield each job's number and what came of it, as they are done, in no fixed order."""
    waiting = deque(enumerate(jobs))
    done = queue.SimpleQueue[tuple[int, Outcome]]()
    count = min(MOST_WORKERS, os.cpu_count() or 1, math.ceil(len(jobs) / FILES_FOR_A_WORKER))
    workers = [_Worker(limits) for _ in range(count)]
    for worker in workers:
        threading.Thread(target=worker.serve, args=(waiting, done), daemon=True).start()
    left = len(jobs)
    try:
        while left:
            try:
                finished = done.get(timeout=min(1.0, limits.wall_seconds / 4))
            except queue.Empty:
                finished = None
            for worker in workers:
                worker.stop_if_late()
            if finished:
                left -= 1
                yield finished
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """One child process at a time; a new one follows whenever it has died."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()  # over what serve() and the waiting thread both touch
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = math.inf
        self._late = False
        self._closed = False

    def serve(
        self, waiting: deque[tuple[int, Job]], done: "queue.SimpleQueue[tuple[int, Outcome]]"
    ) -> None:
        """Work through what is waiting until nothing is, or until closed."""
        while waiting and not self._closed:
            try:
                number, job = waiting.popleft()
            except IndexError:  # another worker took the last
                break
            try:
                outcome = self._outcome(job)
            except Exception as error:  # or the waiting thread would wait for ever
                outcome = UnreadableDocument(f"no process could read it: {error}")
            done.put((number, outcome))
        self.close()

    def stop_if_late(self) -> None:
        """Kill the process if its file has taken longer than it may."""
        with self._lock:
            if self._process and time.monotonic() > self._deadline:
                self._late = True
                self._process.kill()

    def close(self) -> None:
        """Kill the process and start no other."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        _end(process)

    def _outcome(self, job: Job) -> Outcome:
        """A quick failure may be what earlier files left behind: a fresh process tries again."""
        question = json.dumps({"path": str(job.path.absolute()), "reader": job.reader}) + "\n"
        is_used, started = self._process is not None, time.monotonic()
        process = self._ready()
        answer = _ask(process, question.encode()) if process else b""
        with self._lock:
            self._deadline = math.inf
        if outcome := understood(answer):
            return outcome
        failure = self._failed(process, answer)
        is_quick = time.monotonic() - started < AGAIN_WITHIN_SECONDS
        return self._outcome(job) if is_used and is_quick and not self._late else failure

    def _ready(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed:
                return None
            if self._process is None or self._process.poll() is not None:
                _end(self._process)
                self._process = _start(self._limits)
            self._late = False
            self._deadline = time.monotonic() + self._limits.wall_seconds
            return self._process

    def _failed(self, process: subprocess.Popen[bytes] | None, answer: bytes) -> UnreadableDocument:
        limits = self._limits
        with self._lock:
            self._process = None
        code = _end(process, patience_seconds=0 if answer else DYING_SECONDS)
        if answer == f"{OUT_OF_MEMORY}\n".encode():
            return UnreadableDocument(f"needed more than {limits.memory_mb:,} MB of memory")
        if len(answer) >= LARGEST_ANSWER_BYTES:
            return UnreadableDocument("holds more text than can be handed on")
        if self._late:
            return UnreadableDocument(f"took longer than {limits.wall_seconds:g} s to read")
        if code == -getattr(signal, "SIGXCPU", math.inf):
            return UnreadableDocument(f"took longer than {limits.cpu_seconds} s to read")
        return UnreadableDocument("the reader crashed")


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    """Without the current folder on its path, where a file could pose as one of our modules."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    numbers = [str(limits.memory_mb), str(limits.cpu_seconds)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "corpus.worker", *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"},
    )


def _ask(process: subprocess.Popen[bytes], question: bytes) -> bytes:
    """Return the answer with its line end, or what there was of it when the process died."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(question)
        process.stdin.flush()
        return process.stdout.readline(LARGEST_ANSWER_BYTES)
    except (OSError, ValueError):  # dead already, or closed by another thread
        return b""


def _end(process: subprocess.Popen[bytes] | None, *, patience_seconds: float = 0) -> int:
    """Make sure that the process is gone and return its exit code."""
    if process is None:
        return 0
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=patience_seconds)
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError, AttributeError):
            pipe.close()  # type: ignore[union-attr]
    return process.wait()
