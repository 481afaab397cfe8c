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
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from corpus.blocks import Extract
from corpus.errors import UnreadableDocument
from corpus.worker import OUT_OF_MEMORY

ROOT = Path(__file__).parent.parent
MOST_WORKERS = 4  # each may need its memory limit
FILES_FOR_A_WORKER = 8  # fewer are read before another process has started
AGAIN_WITHIN_SECONDS = 10  # what took longer to fail would fail again
DYING_SECONDS = 1  # what has closed its output is about to say why by its exit code
LARGEST_ANSWER_BYTES = 200_000_000  # four times the largest file
ANSWER = TypeAdapter[Extract | str](Extract | str)  # nothing in an answer is taken on trust

Outcome = Extract | UnreadableDocument


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


def read_apart(jobs: Sequence[Job], *, limits: Limits) -> Generator[tuple[int, Outcome]]:
    """Yield each job's number and what came of it, as they are done, in no fixed order."""
    count = min(MOST_WORKERS, os.cpu_count() or 1, len(jobs) // FILES_FOR_A_WORKER + 1)
    workers = [_Worker(limits) for _ in range(count)]
    idle = queue.SimpleQueue[_Worker]()
    for worker in workers:
        idle.put(worker)

    def read(job: Job) -> Outcome:
        worker = idle.get()
        try:
            return worker.read(job)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(count) as threads:
        try:  # from the first on: who breaks off waits for none
            numbers = {threads.submit(read, job): number for number, job in enumerate(jobs)}
            for done in as_completed(numbers):
                yield numbers.pop(done), done.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.stop()


@dataclass(slots=True)
class _Worker:
    """One child process at a time; a new one follows whenever it has died."""

    limits: Limits
    process: subprocess.Popen[bytes] | None = None
    is_stopped: bool = False

    def stop(self) -> None:
        """End the process, and any that is just being started."""
        self.is_stopped = True
        if process := self.process:
            _end(process)

    def read(self, job: Job) -> Outcome:
        """A quick failure may be what earlier files left behind: a fresh process tries again."""
        is_used, started = self.process is not None, time.monotonic()
        try:
            process = self.process = self.process or _start(self.limits)
        except OSError as error:
            return UnreadableDocument(f"no process could read it: {error}")
        if self.is_stopped:
            process.kill()
        answer = _ask(process, job, self.limits.wall_seconds)
        seconds = time.monotonic() - started
        try:
            said = ANSWER.validate_json(answer)
        except ValidationError:
            self.process = None
            reason = _failure(process, answer, seconds, self.limits)
            again = seconds < min(AGAIN_WITHIN_SECONDS, self.limits.wall_seconds)
            return self.read(job) if is_used and again else UnreadableDocument(reason)
        return UnreadableDocument(said) if isinstance(said, str) else said


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


def _ask(process: subprocess.Popen[bytes], job: Job, wall_seconds: float) -> bytes:
    """Return the answer with its line end, or what there was of it when the process died."""
    assert process.stdin
    assert process.stdout
    question = json.dumps({"path": str(job.path.absolute()), "reader": job.reader})
    deadline = threading.Timer(wall_seconds, process.kill)
    deadline.start()
    try:
        process.stdin.write(question.encode() + b"\n")
        process.stdin.flush()
        return process.stdout.readline(LARGEST_ANSWER_BYTES)
    except OSError:  # dead already
        return b""
    finally:
        deadline.cancel()


def _failure(
    process: subprocess.Popen[bytes], answer: bytes, seconds: float, limits: Limits
) -> str:
    """End a process that gave no answer, and tell why."""
    code = _end(process, patience_seconds=0 if answer else DYING_SECONDS)
    if answer == OUT_OF_MEMORY:
        return f"needed more than {limits.memory_mb:,} MB of memory"
    if len(answer) >= LARGEST_ANSWER_BYTES:
        return "holds more text than can be handed on"
    if seconds >= limits.wall_seconds:
        return f"took longer than {limits.wall_seconds:g} s to read"
    if code == -getattr(signal, "SIGXCPU", math.inf):
        return f"took longer than {limits.cpu_seconds} s to read"
    return "the reader crashed"


def _end(process: subprocess.Popen[bytes], *, patience_seconds: float = 0) -> int:
    """Make sure that the process is gone and return its exit code."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience_seconds)
    process.kill()
    with contextlib.suppress(OSError), process:
        pass  # closes the pipes, and waits
    return process.returncode
