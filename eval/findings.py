"""What a check of answers comes to: what went wrong how often, and figures. Measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import Any

from chatbot.terminal import show_table
from eval.run import no_nan

SHOWN = 3
TITLES = {
    "lies": "lies: reached a reader",
    "let_through": "wrong statements: let through",
    "doubted": "right statements: doubted",
}
"""Of a table, where what is wrong does not go without saying."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was tried, and a line for each time that it went wrong.

    `is_hard` if it never may; else it is only to be known.
    """

    name: str
    tried: int
    wrong: tuple[str, ...]
    is_hard: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of `count` things; NaN where there is none."""

    name: str
    count: int
    figures: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a run came to; `seconds` are of one answer in quotes."""

    about: str
    tallies: Mapping[str, Sequence[Tally]] = field(default_factory=dict)
    quality: Sequence[Measured] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Say whether nothing went wrong that never may."""
        return not any(tally.wrong for of in self.tallies.values() for tally in of if tally.is_hard)

    def as_json(self) -> dict[str, Any]:
        """Return everything, a program's way."""
        quality = [asdict(m) | {"figures": no_nan(m.figures)} for m in self.quality]
        tallies = {part: [asdict(tally) for tally in of] for part, of in self.tallies.items()}
        told = {"about": self.about, "is_good": self.is_good, "seconds": dict(self.seconds)}
        return {**told, **tallies, "quality": quality}

    def as_text(self) -> str:
        """Return a table a part, with examples of what went wrong under them."""
        good = "Nothing went wrong where the gate is 0. Others have no gate."
        ends = good if self.is_good else "BELOW GATE: something went wrong where the gate is 0."
        time = ", ".join(f"{name} {value:.3f} s" for name, value in self.seconds.items())
        examples = [
            f"{'BROKEN' if tally.is_hard else 'example'}: {tally.name}: {line}"
            for of in self.tallies.values()
            for tally in of
            for line in tally.wrong[:SHOWN]
        ]
        parts = [
            self.about,
            *(_show(TITLES.get(part, part), of) for part, of in self.tallies.items()),
            "\n".join(examples),
            _show_figures(self.quality),
            f"An answer in quotes takes {time}." if time else "",
            ends if self.tallies else "",
        ]
        return "\n\n".join(filter(None, parts))


def _show(title: str, tallies: Sequence[Tally]) -> str:
    rows = [[title, "tried", "wrong", "share", "gate"]]
    for tally in tallies:
        wrong, gate = len(tally.wrong), "0" if tally.is_hard else "-"
        share = f"{wrong / (tally.tried or 1):.3f}"
        rows.append([tally.name, f"{tally.tried:,}", f"{wrong:,}", share, gate])
    return show_table(rows)


def _show_figures(measured: Sequence[Measured]) -> str:
    rows = [[m.name, f"{m.count:,}", *map(_shown, m.figures.values())] for m in measured]
    return show_table([["quality", "n", *measured[0].figures], *rows]) if rows else ""


def _shown(figure: float) -> str:
    return f"{figure:.3f}" if isnan(figure) or figure < 100 else f"{figure:,.0f}"
