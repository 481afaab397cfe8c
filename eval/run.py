"""Asks the cases, several at once, and keeps each answer in the run's folder as it comes.

A run that was cut short goes on where it was. Does not know what a score means.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, count, filterfalse, takewhile
from math import isnan, nan
from pathlib import Path
from typing import Annotated, Any

from filelock import FileLock, Timeout
from pydantic import BeforeValidator, TypeAdapter

from chatbot.answer import Usage
from eval.case import Case
from eval.errors import BadRun
from eval.result import Result
from index.manifest import write_atomically

RESULTS, TIMES, RECORD, LOCK = "results.jsonl", "times.jsonl", "run.json", "lock"
Scores = dict[str, Annotated[float, BeforeValidator(lambda v: nan if v is None else v)]]
"""By metric; NaN, which JSON has not: it does not apply, or could not be scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case, and by system what it was answered, how that scores; what Footnote's took.

    `about` is the document that the case is about, or its id where it is about none.
    """

    case_id: str
    part: str
    about: str
    answerable: bool
    results: dict[str, Result]
    scores: dict[str, Scores]
    seconds: dict[str, float] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)


_ROW = TypeAdapter(Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What stands in a run's folder: what was run, and a row a case."""

    folder: Path
    record: dict[str, Any]
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Return what people call it: the model and the folder's name."""
        return f"{self.record['model']} ({self.folder.name})"


@contextmanager
def begin_run(root: Path, record: dict[str, Any]) -> Iterator[Path]:
    """Give the folder of a new run, or of one of the same record that was cut short; hold it.

    What was run with files that are in no commit is never gone on with: it may be another program.
    """
    for folder in chain(_unfinished(root, record), _new(root, record)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadRun(
                f"no run can be kept in {root} ({error.strerror}); name another."
            ) from error
        lock = FileLock(folder / LOCK)
        with suppress(Timeout), lock.acquire(timeout=0):
            if not (folder / RECORD).exists():
                write_json(folder / RECORD, record)
            elif "seconds" in _read_record(folder):  # finished by another process, meanwhile
                continue
            yield folder
            return


def _unfinished(root: Path, record: dict[str, Any]) -> Iterator[Path]:
    key = {name: value for name, value in record.items() if name != "started_at"}
    for folder in sorted(root.glob("*/"), reverse=True) if not record["is_dirty"] else ():
        with suppress(BadRun):
            known = _read_record(folder)
            if "seconds" not in known and {n: known.get(n) for n in key} == key:
                yield folder


def _new(root: Path, record: dict[str, Any]) -> Iterator[Path]:
    name = str(record["started_at"]).replace(":", "").replace("+0000", "")
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return filterfalse(Path.exists, map(root.joinpath, names))


def run_cases(
    folder: Path,
    cases: Sequence[Case],
    ask: Callable[[Case], Row],
    *,
    jobs: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Row]:
    """Return a row a case, in order; those that stand in `folder` are not asked again."""
    kept = zip(_kept(folder), cases, strict=False)
    rows = [row for row, _ in takewhile(lambda pair: pair[0].case_id == pair[1].id, kept)]
    pool = ThreadPoolExecutor(jobs)
    try:
        with (folder / RESULTS).open("w") as results, (folder / TIMES).open("w") as times:
            for row in rows:
                _write(row, results, times)
            for row in pool.map(ask, cases[len(rows) :]):
                _write(row, results, times)
                rows.append(row)
                progress(len(rows), len(cases))
    finally:
        pool.shutdown(cancel_futures=True)
    return rows


def load_run(folder: Path) -> Run:
    """Read a finished run; BadRun if it is none, or was cut short."""
    record, rows = _read_record(folder), tuple(_kept(folder))
    if "seconds" not in record or len(rows) != sum(part["count"] for part in record["cases"]):
        raise BadRun(f"{folder} was cut short; give the same command again to finish it.")
    return Run(folder=folder, record=record, rows=rows)


def write_json(file: Path, value: object) -> None:
    """Write it whole or not at all."""
    write_atomically(file, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def no_nan(values: dict[str, float]) -> dict[str, float | None]:
    """Return the same with None in place of NaN, which JSON has not."""
    return {name: None if isnan(value) else value for name, value in values.items()}


def _write(row: Row, results: Any, times: Any) -> None:  # noqa: ANN401
    told = asdict(row)
    cost = {"case_id": row.case_id, "seconds": told.pop("seconds"), **told.pop("usage")}
    told["scores"] = {system: no_nan(scores) for system, scores in row.scores.items()}
    for file, value in ((results, told), (times, cost)):
        file.write(json.dumps(value, ensure_ascii=False) + "\n")
        file.flush()


def _kept(folder: Path) -> Iterator[Row]:
    """Yield the rows that were wholly written."""
    pairs = zip(_lines(folder / RESULTS), _lines(folder / TIMES), strict=False)
    for told, cost in list(pairs):
        yield _ROW.validate_python({**told, **cost, "usage": cost})


def _lines(file: Path) -> Iterator[Any]:
    if file.is_file():
        for line in file.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # cut off
                return


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRun(
            f"{folder} is no folder of a run; name one that `footnote eval` made."
        ) from error
    return record
