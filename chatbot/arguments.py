"""What may be written on the command line. Runs nothing and reads no settings."""

import argparse
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

Command = Callable[[argparse.Namespace], int]
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
        for add in _OWN.get(name, ()):
            add(command)
    return parser


def _add_index(index: argparse.ArgumentParser) -> None:
    index.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="folders or files")
    index.add_argument(
        "--roll-back", action="store_true", help="go back to the index before the one in use"
    )


def _add_search(search: argparse.ArgumentParser) -> None:
    search.add_argument("query", metavar="QUERY")
    search.add_argument("-k", type=_number(1000), default=10, help="how many passages (10)")


def _add_ask(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument(
        "--batch", type=Path, metavar="FILE", help='a file of {"id", "question", "history"?} lines'
    )
    ask.add_argument(
        "--show-prompt", action="store_true", help="print what a model would be asked; ask none"
    )


def _add_filter(command: argparse.ArgumentParser) -> None:
    command.add_argument("--document", action="append", metavar="ID", help="only this one")
    command.add_argument("--folder", metavar="NAME", help="only documents in this folder")
    command.add_argument("--since", type=_date, metavar="DATE", help="published from DATE on")
    command.add_argument("--until", type=_date, metavar="DATE", help="published up to DATE")


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="SPEC", help="provider:name; see footnote models")


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=_number(65535), help="port to listen on (7860)")


def _add_eval(evaluate: argparse.ArgumentParser) -> None:
    add = evaluate.add_argument
    add("suite", nargs="?", default="cases", choices=SUITES, help="cases (unless named)")
    add("paths", nargs="*", type=Path, metavar="FOLDER", help="a question set; compare: two runs")
    add("--cases", nargs="+", type=Path, metavar="FILE", help="JSONL, or JSON in SQuAD's form")
    add("--gates", type=Path, metavar="FILE", help="gates (eval/gates.toml)")
    add("--sample", type=_number(1_000_000), help="so many questions")
    add("--jobs", type=_number(64), default=min(4, os.cpu_count() or 1), help="questions at once")
    add("--runs", type=Path, metavar="DIR", help="where runs are kept (runs in the index's folder)")
    add(
        "--model",
        action="append",
        dest="models",
        default=[],
        metavar="SPEC",
        help="provider:name; give several to compare them on the same cases",
    )
    add("--judge", metavar="SPEC", help="provider:name of a model that judges answers, too")
    add(
        "--usd", nargs=2, type=_price, metavar="N", help="what a million tokens cost: read, written"
    )
    add("--passages", type=_number(10_000_000), help="speed: made-up passages")


def _add_doctor(doctor: argparse.ArgumentParser) -> None:
    doctor.add_argument("--origin", metavar="URL", help="may the pages of this site ask?")


def _add_widget(widget: argparse.ArgumentParser) -> None:
    widget.add_argument("what", choices=["snippet"], help="the tag to paste, and what to allow")
    widget.add_argument("--site", required=True, metavar="URL", help="where it is to be shown")
    widget.add_argument("--bot", metavar="URL", help="where readers reach this bot")


def _add_show(show: argparse.ArgumentParser) -> None:
    show.add_argument("document", nargs="?", metavar="DOCUMENT")


_OWN: Mapping[str, tuple[Callable[[argparse.ArgumentParser], None], ...]] = {
    "index": (_add_index,),
    "search": (_add_search, _add_filter),
    "ask": (_add_ask, _add_filter, _add_model),
    "serve": (_add_serve, _add_model),
    "mcp": (_add_model,),
    "eval": (_add_eval,),
    "show": (_add_show,),
    "widget": (_add_widget,),
    "doctor": (_add_doctor, _add_model),
}


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


def _price(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no price like 0.15")
    return float(text)


def _date(text: str) -> str:
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2013, 2013-05 or 2013-05-31")
    return text
