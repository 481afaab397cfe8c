"""Programs that ask twice as often as the server can answer: who is refused, and what leaks."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from counted import counts_file

UNLIMITED = {
    f"FOOTNOTE_CHATBOT_{name}": "1000000"
    for name in ("ADDRESS_PER_MINUTE", "TOTAL_PER_MINUTE", "TOTAL_PER_DAY")
}
"""So that the queue refuses, not a rate."""
CALIBRATE_SECONDS = 20.0
AT_ONCE = 4
MOST_REFUSED_P95_SECONDS = 0.5
MOST_SERVED_P95_SECONDS = 1.0
MOST_GROWTH = {"memory (MB)": 60.0, "descriptors": 20, "threads": 4, "tasks": 4}


@dataclass(frozen=True)
class Reply:
    """What one request came to: seconds to the whole response, and its status, or what broke."""

    status: int | str
    seconds: float
    waits: bool = False


async def overload(url: str, pid: int, questions: Sequence[str], seconds: float) -> int:
    """Find what the server can answer, ask twice as often, and say what came of it."""
    # The server closes an idle connection after 5 s: a client that would use it then meets its end.
    limits = httpx.Limits(max_connections=None, keepalive_expiry=3)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        await until_ready(client, url)
        dice = random.Random(7)
        for question in questions:  # so that what is loaded when first needed is no growth later
            await _ask(client, url, question)
        alone = [await _ask(client, url, dice.choice(questions)) for _ in range(50)]
        capacity, busy = await _calibrate(client, url, questions)
        print(
            f"alone p50 {_at(alone, 0.5):.3f}, p95 {_at(alone, 0.95):.3f} s; {AT_ONCE} at once: "
            f"{capacity:.1f} answers a second, p95 {_at(busy, 0.95):.3f} s",
            flush=True,
        )
        before, began = await _held(pid), time.monotonic()
        waiting = set[asyncio.Task[Reply]]()
        replies: list[Reply] = []
        while time.monotonic() - began < seconds:
            await asyncio.sleep(dice.expovariate(2 * capacity))
            waiting.add(asyncio.create_task(_ask(client, url, dice.choice(questions))))
            replies += [task.result() for task in waiting if task.done()]
            waiting = {task for task in waiting if not task.done()}
        replies += await asyncio.gather(*waiting)
        took = time.monotonic() - began
        await asyncio.sleep(2)
    await asyncio.sleep(6)  # idle connections are closed after 5
    return _report(replies, took, before, await _held(pid))


async def _ask(client: httpx.AsyncClient, url: str, question: str) -> Reply:
    began = time.monotonic()
    try:
        response = await client.post(f"{url}/api/ask", json={"question": question})
    except httpx.HTTPError as error:
        return Reply(repr(error), time.monotonic() - began)
    waits = response.headers.get("retry-after", "").isdigit()
    return Reply(response.status_code, time.monotonic() - began, waits)


async def _calibrate(
    client: httpx.AsyncClient, url: str, questions: Sequence[str]
) -> tuple[float, list[Reply]]:
    """Return answers a second when some always wait for the next, and their replies."""
    dice, until = random.Random(11), time.monotonic() + CALIBRATE_SECONDS
    replies: list[Reply] = []

    async def live() -> None:
        while time.monotonic() < until:
            replies.append(await _ask(client, url, dice.choice(questions)))

    await asyncio.gather(*(live() for _ in range(AT_ONCE)))
    return len(replies) / CALIBRATE_SECONDS, replies


def _report(
    replies: list[Reply], seconds: float, before: dict[str, float], after: dict[str, float]
) -> int:
    served = [one for one in replies if one.status == 200]
    refused = [one for one in replies if one.status == 429 and one.waits]
    others = Counter(one.status for one in replies if one not in served and one not in refused)
    print(f"{len(replies)} asked in {seconds:.0f} s, {len(replies) / seconds:.1f} a second")
    for name, some in (("served", served), ("refused (429)", refused)):
        if some:
            print(
                f"{name}: {len(some)}, {len(some) / seconds:.1f} a second; p50 "
                f"{_at(some, 0.5):.3f}, p95 {_at(some, 0.95):.3f}, most {_at(some, 1):.3f} s"
            )
    for name in before:
        print(f"{name}: {before[name]:.0f} before, {after[name]:.0f} after")
    print(f"{others.total()} others {dict(others) or ''}; load {os.getloadavg()[0]:.1f}")
    leaks = [name for name in before if after[name] - before[name] > MOST_GROWTH[name]]
    is_slow = _at(served, 0.95) > MOST_SERVED_P95_SECONDS
    return int(bool(leaks or others) or is_slow or _at(refused, 0.95) > MOST_REFUSED_P95_SECONDS)


def _at(replies: Sequence[Reply], share: float) -> float:
    seconds = sorted(one.seconds for one in replies)
    return seconds[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else 0.0


async def _held(pid: int) -> dict[str, float]:
    """Return what a process holds: memory, descriptors, threads and unfinished tasks."""
    there = counts_file(pid)
    there.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    while not (there.exists() and there.read_text()):
        await asyncio.sleep(0.05)
    status = Path(f"/proc/{pid}/status").read_text()
    return {
        "memory (MB)": memory_mb(pid),
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(status.split("Threads:")[1].split()[0]),
        "tasks": int(there.read_text()),
    }


async def until_ready(client: httpx.AsyncClient, url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if (await client.get(f"{url}/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("the server was not ready in two minutes")


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Return what a process has in memory, now or (VmHWM) at most so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024
