"""Questions put into Spanish by Apertium, to train and fit on. Knows neither answers nor models.

Considered: argos-translate and Marian models (each downloads its weights when it is first used).
Apertium translates by rule, roughly: "Cuántos homicidios El Salvador tiene en enero 2012?"
"""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from eval.errors import BadCase
from eval.reader_examples import Example

PAIR = "eng-spa"
OPENED = 0.7
"""Of the questions, so many with the mark that opens one in Spanish; people leave it out."""


def translate(questions: Sequence[str]) -> list[str]:
    """Return the questions in Spanish, in order; BadCase if Apertium is not on this machine."""
    asked = "".join(" ".join(question.split()) + "\n" for question in questions)
    command = ["apertium", "-u", "-f", "line", PAIR]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadCase(
            "Apertium is missing, which puts questions into Spanish; install the packages "
            f"apertium and apertium-{PAIR}."
        ) from error
    return [" ".join(line.split()) for line in done.stdout.splitlines()[: len(questions)]]


def in_spanish(examples: Sequence[Example], rng: Random) -> list[Example]:
    """Return the examples asked in Spanish; their texts stay as they are."""
    asked = translate([example.question for example in examples])
    return [
        replace(example, question="¿" * (said.endswith("?") and rng.random() < OPENED) + said)
        for example, said in zip(examples, asked, strict=True)
    ]
