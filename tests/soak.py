"""Many open pages, then twice what the server can answer: `make soak`. Prints times and leaks.

python tests/soak.py [--pages 200] [--minutes 10] [--index FOLDER] [--port 7899] [--only NAME]

`pages`: each page asks once a minute. `overload`: programs ask twice as often as the server can
answer. Each for `--minutes`, on a server of its own.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from overload import UNLIMITED, memory_mb, overload, until_ready
from visitor import Asked, Visitor

ROOT = Path(__file__).parent.parent
CASES = ROOT / "eval" / "cases" / "dev.jsonl"
FOOTNOTE = [sys.executable, str(ROOT / "footnote.py")]
PERIOD_SECONDS = 60.0
MOST_P95_SECONDS = 3.0
MOST_GROWTH_MB = 60.0
SEED = 7


def main() -> int:
    """Index, serve, open the pages, ask, and say what came of it; 1 if a limit was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--port", type=int, default=7899)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--only", choices=["pages", "overload"])
    chosen = parser.parse_args()
    url, seconds = f"http://127.0.0.1:{chosen.port}", chosen.minutes * 60
    codes = []
    with tempfile.TemporaryDirectory() as temporary:
        index = str(chosen.index or temporary)
        if chosen.index is None:
            subprocess.run([*FOOTNOTE, "index", "--index", index], cwd=ROOT, check=True)
        command = ["serve", "--index", index, "--port", str(chosen.port)]
        if chosen.only != "overload":
            with serving(command) as pid:
                codes.append(asyncio.run(soak(url, pid, chosen.pages, seconds)))
        if chosen.only != "pages":
            with serving(command, **UNLIMITED) as pid:
                codes.append(asyncio.run(overload(url, pid, _questions(), seconds)))
    return max(codes)


@contextmanager
def serving(command: list[str], **settings: str) -> Iterator[int]:
    """Run the server, which counts its tasks when asked, and yield its process."""
    counted = [sys.executable, str(Path(__file__).parent / "counted.py"), *command]
    server = subprocess.Popen(
        counted, cwd=ROOT, env={**os.environ, **settings}, stderr=subprocess.DEVNULL
    )
    try:
        yield server.pid
    finally:
        server.terminate()
        server.wait(20)


async def soak(url: str, pid: int, pages: int, seconds: float) -> int:
    """Run it against a server that starts now."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        await until_ready(client, url)
        await _have_all_loaded(client, url)
        visitors = [Visitor(client, url) for _ in range(pages)]
        began = time.monotonic()
        for visitor in visitors:
            await visitor.open()
        print(f"{pages} pages opened in {time.monotonic() - began:.1f} s", flush=True)
        memory, cpu = {"at start": memory_mb(pid)}, cpu_seconds(pid)
        watch = asyncio.create_task(_watch(pid, memory))
        asked = await _ask_all(visitors, seconds)
        watch.cancel()
        each = (cpu_seconds(pid) - cpu) / (len(asked) or 1)
        print(
            f"{each:.3f} s of processor a question; load {os.getloadavg()[0]:.1f} on this machine"
        )
        memory |= {"at end": memory_mb(pid), "peak": memory_mb(pid, "VmHWM")}
        together = await asyncio.gather(*(v.ask(_questions()[0]) for v in visitors[:20]))
        for visitor in visitors:
            visitor.close()
    return _report(asked, together, memory)


async def _ask_all(visitors: list[Visitor], seconds: float) -> list[Asked]:
    questions, dice = _questions(), random.Random(SEED)
    until = time.monotonic() + seconds

    async def live(visitor: Visitor) -> list[Asked]:
        asked: list[Asked] = []
        next_at = time.monotonic() + dice.uniform(0, PERIOD_SECONDS)
        while next_at < until:
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))
            asked.append(await visitor.ask(dice.choice(questions)))
            next_at += PERIOD_SECONDS
        return asked

    return [one for each in await asyncio.gather(*map(live, visitors)) for one in each]


def _report(asked: list[Asked], together: list[Asked], memory: dict[str, float]) -> int:
    first = sorted(one.first_seconds for one in asked if not one.problem)
    errors = Counter(one.problem for one in [*asked, *together] if one.problem)
    p50, p95 = (first[min(int(len(first) * q), len(first) - 1)] for q in (0.5, 0.95))
    print(
        f"{len(asked)} asked; first sentence p50 {p50:.3f} s, p95 {p95:.3f} s, most {first[-1]:.3f}"
    )
    slowest = max(one.first_seconds for one in together)
    print(f"20 at the same instant: the last one's first sentence after {slowest:.3f} s")
    print("memory (MB): " + ", ".join(f"{when} {mb:.0f}" for when, mb in memory.items()))
    print(f"{errors.total()} errors {dict(errors.most_common(5)) or ''}")
    settled = memory.get("after a minute", memory["at start"])
    is_flat = memory["at end"] - settled <= MOST_GROWTH_MB
    return int(bool(errors) or p95 > MOST_P95_SECONDS or not is_flat)


async def _watch(pid: int, memory: dict[str, float]) -> None:
    for minute in range(1, 10_000):
        await asyncio.sleep(60)
        name = "after a minute" if minute == 1 else f"{minute} min"
        memory[name] = memory_mb(pid)


async def _have_all_loaded(client: httpx.AsyncClient, url: str) -> None:
    """Ask everything once, so that what is loaded when first needed is no growth later."""
    for question in _questions():
        response = await client.post(f"{url}/api/ask", json={"question": question})
        if response.status_code == 429:
            await asyncio.sleep(float(response.headers["retry-after"]))


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _questions() -> list[str]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    return [case["question"] for case in cases if not case["history"]]


if __name__ == "__main__":
    raise SystemExit(main())
