"""The command line, for soaks: SIGUSR1 has it write down how many tasks are under way in it."""

import asyncio
import gc
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def counts_file(pid: int) -> Path:
    """Return where a process writes its count."""
    return Path(tempfile.gettempdir()) / f"footnote-tasks-{pid}"


def _count(_number: int, _frame: object) -> None:
    tasks = (one for one in gc.get_objects() if isinstance(one, asyncio.Task) and not one.done())
    counts_file(os.getpid()).write_text(str(sum(1 for _ in tasks)))


if __name__ == "__main__":
    from footnote import main

    signal.signal(signal.SIGUSR1, _count)
    raise SystemExit(main())
