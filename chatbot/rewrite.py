"""Has a model make a follow-up whole. What it may say is held to the conversation's own words."""

import re
from collections.abc import Sequence
from contextlib import suppress
from threading import Event

from chatbot.answer import Turn
from chatbot.check import whole_characters, without_thoughts
from chatbot.claim_words import Words
from chatbot.errors import ModelUnavailable
from chatbot.models import Model
from chatbot.prompt import fill
from index.words import closeness

VERSION = "standalone.1"
TURNS, ANSWER_CHARACTERS = 3, 400
LONGEST = 300


def rewrite(question: str, history: Sequence[Turn], model: Model, stop: Event) -> str | None:
    """Return the model's wording of a follow-up, or None where that is not to be trusted.

    To be trusted it must be one question in words that were all said before. Raises Stopped.
    """
    turns = history[-TURNS:]
    conversation = "\n".join(
        f"Question: {turn.question}\nAnswer: {turn.answer[:ANSWER_CHARACTERS]}" for turn in turns
    )
    prompt = fill(VERSION, conversation=conversation, question=question)
    with suppress(ModelUnavailable):  # the answer's own call will say so
        said = "".join(without_thoughts(p.text for p in model.stream(prompt, stop)))
        said = re.sub(r"^[\"“]|[\"”]$", "", whole_characters(said).strip())
        known = Words(f"{conversation} {question}").known
        words = Words(said)
        is_held = all(closeness(words.stems[i], known) for i in words.content)
        if is_held and words.content and said.endswith("?") and len(said) <= LONGEST:
            return " ".join(said.split())
    return None
