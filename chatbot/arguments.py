"""What may be written on the command line. Runs nothing and reads no settings."""

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

Command = Callable[[argparse.Namespace], int]
Argument = tuple[Sequence[str], Mapping[str, Any]]
SUITES = ("cases check compare grounding metamorphic retrieval schema speed").split()
WRONG_USE = 2


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser; each command's help is its function's docstring."""
    parser = _Parser(
        prog="footnote",
        description="Answers questions from a folder of documents; every sentence carries the "
        "exact words it rests on.",
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, run in commands.items():
        command = subparsers.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--index", type=Path, metavar="DIR", help="the index to use")
        command.add_argument("--json", action="store_true", help="one JSON object, for programs")
        for names, options in _OWN.get(name, ()):
            command.add_argument(*names, **options)
    return parser


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"footnote: {message}; see `{self.prog} --help`.\n")


def _number(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return read


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2013, 2013-05 or 2013-05-31")
    return text


def _arg(*names: str, **options: Any) -> Argument:  # noqa: ANN401
    return names, options


_FILTER = (
    _arg("--document", action="append", metavar="ID", help="only this one"),
    _arg("--folder", metavar="NAME", help="only documents in this folder"),
    _arg("--since", type=_date, metavar="DATE", help="published from DATE on"),
    _arg("--until", type=_date, metavar="DATE", help="published up to DATE"),
)
_MODEL = _arg("--model", metavar="SPEC", help="provider:name; see footnote models")
_EVAL = (
    _arg("suite", nargs="?", default="cases", choices=SUITES, help="cases (unless named)"),
    _arg("paths", nargs="*", type=Path, metavar="FOLDER", help="a question set; compare: two runs"),
    _arg("--cases", nargs="+", type=Path, metavar="FILE", help="JSONL, or JSON in SQuAD's form"),
    _arg("--gates", type=Path, metavar="FILE", help="gates (eval/gates.toml)"),
    _arg("--sample", type=_number(1_000_000), help="so many questions"),
    _arg("--jobs", type=_number(64), default=min(4, os.cpu_count() or 1), help="questions at once"),
    _arg(
        "--runs", type=Path, metavar="DIR", help="where runs are kept (runs in the index's folder)"
    ),
    _arg(
        "--model",
        action="append",
        dest="models",
        default=[],
        metavar="SPEC",
        help="provider:name; give several to compare them on the same cases",
    ),
    _arg("--judge", metavar="SPEC", help="provider:name of a model that judges answers, too"),
    _arg("--passages", type=_number(10_000_000), help="speed: made-up passages"),
)
_OWN: Mapping[str, Sequence[Argument]] = {
    "index": (
        _arg("paths", nargs="*", type=Path, metavar="PATH", help="folders or files"),
        _arg("--roll-back", action="store_true", help="go back to the index before the one in use"),
    ),
    "search": (
        _arg("query", metavar="QUERY"),
        _arg("-k", type=_number(1000), default=10, help="how many passages (10)"),
        *_FILTER,
    ),
    "ask": (
        _arg("question", nargs="?", metavar="QUESTION"),
        _arg(
            "--batch",
            type=Path,
            metavar="FILE",
            help='a file of {"id", "question", "history"?} lines',
        ),
        _arg(
            "--show-prompt", action="store_true", help="print what a model would be asked; ask none"
        ),
        *_FILTER,
        _MODEL,
    ),
    "serve": (
        _arg("--host", help="address to listen on (127.0.0.1)"),
        _arg("--port", type=_number(65535), help="port to listen on (7860)"),
        _MODEL,
    ),
    "mcp": (_MODEL,),
    "eval": _EVAL,
    "show": (_arg("document", nargs="?", metavar="DOCUMENT"),),
    "widget": (
        _arg("what", choices=["snippet"], help="the tag to paste, and what to allow"),
        _arg("--site", required=True, metavar="URL", help="where it is to be shown"),
        _arg("--bot", metavar="URL", help="where readers reach this bot"),
    ),
    "doctor": (_arg("--origin", metavar="URL", help="may the pages of this site ask?"), _MODEL),
}
