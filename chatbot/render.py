"""Turns questions and answers into HTML for a reader. Does not know gradio, HTTP or how to answer.

The markup stands in templates/, the words in words/. Everything that a person, a document or a
model wrote passes `escaped` on its way into a template; nothing else is trusted.
"""

import html
import json
import re
import textwrap
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from urllib.parse import urlsplit

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup

from chatbot.answer import Answer, Citation, Sentence, Usage
from chatbot.models import QUOTES
from chatbot.question import LONGEST_QUESTION
from chatbot.small_talk import reply_to
from index.passage import Hit

Problem = Literal[
    "loading", "no_index", "index", "model", "busy", "too_long", "stopped", "broken", "lost"
]
LANGUAGES = ("en", "es")
_HERE = Path(__file__).parent
_NEAREST_SHOWN = 3
_EXCERPT_CHARACTERS = 200
_LONGEST_KEPT_WORD = 24  # a longer last word may break away from its marker, or phones overflow
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_WHITESPACE_AS_ENTITIES = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and what stands under it at this moment.

    `progress` is the worded state while working; `problem` what went wrong, `detail` more on it.
    `answer_id` names a finished answer, `index` the generation that it was read from. What is kept
    of one for as long as the page is open is its HTML (zlib), and what was `said`, for follow-ups.
    """

    question: str
    stage: Literal["working", "done", "failed"] = "working"
    progress: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None
    answer_id: str = ""
    index: str = ""
    problem: Problem | None = None
    detail: str = ""
    said: str = ""
    html: bytes = b""


def escaped(text: str) -> Markup:
    """Return `text` as HTML on one line: a blank line would end gradio's block of raw HTML."""
    printable = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return Markup(html.escape(printable, quote=True).translate(_WHITESPACE_AS_ENTITIES))


def language_of(accepted: str | None) -> str:
    """Return which of our languages a browser's Accept-Language asks for first, else English."""
    first = (accepted or "").split(",")[0].split(";")[0].split("-")[0].strip().lower()
    return first if first in LANGUAGES else LANGUAGES[0]


@cache
def words_in(language: str) -> dict[str, Any]:
    """Return all that the page says in a language; a pair is what is said of one and of several."""
    words: dict[str, Any] = json.loads((_HERE / "words" / f"{language}.json").read_text("utf-8"))
    return words


def count(language: str, noun: str, number: int) -> str:
    """Return a number with its noun: "1 document", "2 documents"."""
    one, many = words_in(language)[noun]
    return str(one if number == 1 else many).format(n=f"{number:,}")


def render_head(title: str, scope: str, language: str = "en") -> str:
    """Return the name of the page, its tools, and the sentence that says what it answers from."""
    return _rendered("first.html", "head", language, title, scope)


def describe_scope(
    document_count: int, indexed_at: datetime, now: datetime, language: str = "en"
) -> str:
    """Return what is answered from, in words; both times are in UTC."""
    documents = count(language, "documents", document_count)
    ago = _ago(indexed_at, now, language)
    return str(words_in(language)["scope"]).format(documents=documents, ago=ago)


def render_opening(
    suggestions: Sequence[str], model: str, tips: Sequence[str] = (), language: str = "en"
) -> str:
    """Return what stands under the question box before the first question.

    `tips` say how to have another model write; only whoever runs the page should see them.
    """
    how = words_in(language)["by_quotes" if model == QUOTES else "by_model"].format(model=model)
    return _rendered("first.html", "opening", language, suggestions, how, tips)


def render_unavailable(reason: str, language: str = "en") -> str:
    """Return the card that says why no question can be asked now."""
    return _rendered("first.html", "unavailable", language, reason)


def render_conversation(exchanges: Iterable[Exchange], language: str = "en") -> str:
    """Return one line of HTML for each exchange, which the page's script copies from its template.

    The last line is always the same, or gradio would draw the exchange before it once more.
    """
    turns = (f"<div><template>{render_exchange(e, language)}</template></div>" for e in exchanges)
    return "\n\n".join([*turns, "<div hidden></div>"])


def render_exchange(exchange: Exchange, language: str = "en") -> str:
    """Return one question and its answer, finished or not."""
    if exchange.html:
        return zlib.decompress(exchange.html).decode()
    return _rendered("turn.html", "turn", language, exchange)


def _rendered(template: str, name: str, language: str, *values: object) -> str:
    macro = getattr(_templates(language).get_template(template).module, name)
    lines = (line.strip() for line in macro(*values).split("\n"))
    return " ".join(line for line in lines if line)  # what was text has no line ends by now


@cache
def _templates(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=lambda value: escaped(value) if type(value) is str else value,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = words_in(language)
    environment.globals |= {
        "t": SimpleNamespace(**words),
        "count": lambda noun, number: count(language, noun, number),
        "writer": lambda answer: words["about_quotes"] if answer.model == QUOTES else answer.model,
        "tokens": lambda usage: _tokens(usage, language),
        "by_number": lambda citations: {citation.number: citation for citation in citations},
        "verdicts_of": lambda sentences: {sentence.verdict for sentence in sentences},
        "consulted_of": _consulted,
        "nearest": lambda answer: sorted(answer.hits, key=lambda hit: hit.rank)[:_NEAREST_SHOWN],
        "halves": _halves,
        "excerpt": partial(textwrap.shorten, width=_EXCERPT_CHARACTERS, placeholder="…"),
        "web_host": _web_host,
        "reply_to": reply_to,
        "most": f"{LONGEST_QUESTION:,}",
    }
    return environment


def _halves(sentence: Sentence) -> tuple[Markup, Markup]:
    """Return a sentence up to its last word, and that word, which keeps the markers by it."""
    length = len(sentence.text)
    cut = max(sentence.text.rfind(" "), sentence.text.rfind("\n")) + 1
    cut = length if length - cut > _LONGEST_KEPT_WORD else cut
    return _marked(sentence, 0, cut), _marked(sentence, cut, length)


def _marked(sentence: Sentence, start: int, end: int) -> Markup:
    """Return that stretch of the sentence, with the words that are the answer itself strong."""
    parts, position = [], start
    for mark_start, mark_end in sorted(sentence.marks):
        first, last = max(mark_start, position), min(mark_end, end)
        if first < last:
            parts.append(escaped(sentence.text[position:first]))
            parts.append(Markup("<strong>{}</strong>").format(escaped(sentence.text[first:last])))
            position = last
    return Markup("").join([*parts, escaped(sentence.text[position:end])])


def _web_host(source: str | None) -> str | None:
    """Return the host of a source that is a web address, None of any other."""
    try:
        parts = urlsplit((source or "").strip())
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def _consulted(answer: Answer) -> list[Hit]:
    """Return the best hit of each document that was read and is not cited."""
    cited = {citation.span.document_id for citation in answer.citations}
    first = {hit.passage.span.document_id: hit for hit in reversed(answer.hits)}
    return sorted((h for key, h in first.items() if key not in cited), key=lambda h: h.rank)


def _tokens(usage: Usage, language: str) -> str:
    """Return the tokens that the provider counted; nothing where it counted none."""
    if usage == Usage():
        return ""
    words = words_in(language)
    read, written = (
        words["unknown_number"] if number is None else f"{number:,}"
        for number in (usage.prompt_tokens, usage.completion_tokens)
    )
    return str(words["tokens"]).format(read=read, written=written)


def _ago(then: datetime, now: datetime, language: str) -> str:
    minutes = int((now - then).total_seconds() // 60)
    if minutes >= 30 * 24 * 60:
        return str(words_in(language)["on_date"]).format(date=then.date().isoformat())
    for noun, size in (("days_ago", 24 * 60), ("hours_ago", 60), ("minutes_ago", 1)):
        if minutes >= size:
            return count(language, noun, minutes // size)
    return str(words_in(language)["just_now"])
