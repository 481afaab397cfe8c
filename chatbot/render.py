"""Turns questions and answers into HTML for a reader. Does not know gradio, HTTP or how to answer.

Everything that a person, a document or a model wrote passes `escaped`; nothing else is trusted.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from chatbot.answer import Answer, Citation, Sentence
from chatbot.models import QUOTES
from chatbot.notices import NOTICES, notices_of, written_by
from chatbot.small_talk import reply_to
from corpus.document import Span
from index.passage import Hit

_NEAREST_SHOWN = 3
_EXCERPT_CHARACTERS = 200
_LONGEST_KEPT_WORD = 24  # a longer last word may break away from its marker, or phones overflow
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_WHITESPACE_AS_ENTITIES = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and what stands under it at this moment.

    `progress` is the worded state while working, `problem` the sentence that says what went wrong.
    """

    question: str
    stage: Literal["working", "done", "failed"] = "working"
    progress: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    answer: Answer | None = None
    problem: str = ""
    can_retry: bool = True


def escaped(text: str) -> str:
    """Return `text` as HTML on one line: a blank line would end gradio's block of raw HTML."""
    printable = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return html.escape(printable, quote=True).translate(_WHITESPACE_AS_ENTITIES)


def render_head(title: str, scope: str) -> str:
    """Return the name of the page and the sentence that says what it answers from."""
    return (
        f'<header class="fn-head"><h1>{escaped(title)}<span class="fn-wordmark" aria-hidden="true">'
        "1</span></h1>"
        '<p class="fn-tagline">Ask a question. Every sentence of the answer shows you the exact '
        f'words it rests on.</p><p class="fn-scope">{escaped(scope)}</p></header>'
    )


def describe_scope(document_count: int, indexed_at: datetime, now: datetime) -> str:
    """Return what is answered from, in words; both times are in UTC."""
    documents = _counted(document_count, "document")
    return f"Answers only from {documents}, indexed {_ago(indexed_at, now)}."


def render_opening(suggestions: Sequence[str], model: str, tips: Sequence[str] = ()) -> str:
    """Return what stands under the question box before the first question.

    `tips` say how to have another model write; only whoever runs the page should see them.
    """
    rows = "".join(f"<li>{_ask_button(suggestion)}</li>" for suggestion in suggestions)
    offered = f'<h2>You could ask</h2><ul class="fn-asks">{rows}</ul>' if rows else ""
    return (
        f'<section class="fn-opening">{offered}<p class="fn-promise">'
        '<span aria-hidden="true">1</span>Each footnote opens the document at the words themselves.'
        " What the documents don’t say, the answer doesn’t say either.</p>"
        f"{_settings(model, tips)}</section>"
    )


def _settings(model: str, tips: Sequence[str]) -> str:
    how = (
        "Answers are the documents’ own sentences, quoted word for word. No language model is used."
        if model == QUOTES
        else f"Answers are written by {model}; each sentence is checked against the documents."
    )
    rows = "".join(f"<p>{escaped(tip)}</p>" for tip in tips)
    return (
        '<details class="fn-settings"><summary>Who writes the answers</summary>'
        f"<p>{escaped(how)}</p>{rows}</details>"
    )


def render_unavailable(reason: str) -> str:
    """Return the card that says why no question can be asked now."""
    return (
        '<section class="fn-card fn-unavailable"><h2>No questions just yet</h2>'
        f"<p>{escaped(reason)}</p>"
        '<button type="button" class="fn-button" data-reload>Check again</button></section>'
    )


def render_conversation(exchanges: Iterable[Exchange]) -> str:
    """Return one line of HTML for each exchange: gradio replaces only the lines that changed.

    The last line is always the same, or the exchange before it would be drawn again once more.
    """
    return "\n\n".join([*map(render_exchange, exchanges), "<div hidden></div>"])


def render_exchange(exchange: Exchange) -> str:
    """Return one question and its answer, finished or not."""
    busy = ' aria-busy="true"' if exchange.stage == "working" else ""
    return (
        f'<article class="fn-turn" data-state="{exchange.stage}"{busy}>'
        f'<h2 class="fn-asked" dir="auto">{escaped(exchange.question)}</h2>'
        f"{_answer(exchange.answer) if exchange.answer else _unfinished(exchange)}</article>"
    )


def _unfinished(exchange: Exchange) -> str:
    parts = [_prose(exchange.sentences, exchange.citations, growing=exchange.stage == "working")]
    if exchange.stage == "working":
        parts.append(f'<p class="fn-progress">{escaped(exchange.progress)}</p>')
    if exchange.stage != "working" and exchange.sentences:
        parts.append(_notice(NOTICES["interrupted"]) + _sources(exchange.citations))
    if exchange.problem:
        parts.append(_problem(exchange))
    return "".join(parts)


def _problem(exchange: Exchange) -> str:
    retry = ""
    if exchange.can_retry:
        retry = (
            '<button type="button" class="fn-button" '
            f'data-ask="{escaped(exchange.question)}">Try again</button>'
        )
    return f'<div class="fn-card fn-problem"><p>{escaped(exchange.problem)}</p>{retry}</div>'


def _answer(answer: Answer) -> str:
    if "greeting" in answer.notices:
        words = escaped(reply_to(answer.question))
        return f'<p class="fn-prose" dir="auto">{words}</p>{_follow_ups(answer)}'
    notices = "".join(_notice(said) for said in notices_of(answer))
    if answer.status == "not_in_documents":
        return f"{_not_in_documents(answer.hits)}{notices}{_follow_ups(answer)}"
    return (
        f"{_prose(answer.sentences, answer.citations)}{notices}{_sources(answer.citations)}"
        f"{_consulted(answer)}{_about(answer)}{_follow_ups(answer)}"
    )


def _prose(
    sentences: Sequence[Sentence], citations: Sequence[Citation], *, growing: bool = False
) -> str:
    if not sentences:
        return ""
    by_number = {citation.number: citation for citation in citations}
    written = [_sentence(sentence, by_number) for sentence in sentences]
    if growing:  # only the newest sentence fades in, since the whole line is drawn again
        written[-1] = f'<span class="fn-newest">{written[-1]}</span>'
    return f'<p class="fn-prose" dir="auto">{" ".join(written)}</p>'


def _sentence(sentence: Sentence, by_number: dict[int, Citation]) -> str:
    cited = [by_number[number] for number in sentence.citations if number in by_number]
    markers = "".join(_marker(citation) for citation in cited)
    length = len(sentence.text)
    if sentence.verdict == "unsupported":
        doubt = '<span class="fn-doubt">(not found in the documents)</span>'
        words = f'<span class="fn-words">{_marked(sentence, 0, length)}</span>{markers} {doubt}'
        return f'<span class="fn-sentence" data-verdict="unsupported">{words}</span>'
    cut = max(sentence.text.rfind(" "), sentence.text.rfind("\n")) + 1
    cut = length if length - cut > _LONGEST_KEPT_WORD else cut
    return (
        f'<span class="fn-sentence" data-verdict="{escaped(sentence.verdict)}">'
        f'{_marked(sentence, 0, cut)}<span class="fn-together">'
        f"{_marked(sentence, cut, length)}{markers}</span></span>"
    )


def _marked(sentence: Sentence, start: int, end: int) -> str:
    """Return that stretch of the sentence, with the words that are the answer itself strong."""
    parts, position = [], start
    for mark_start, mark_end in sorted(sentence.marks):
        first, last = max(mark_start, position), min(mark_end, end)
        if first < last:
            parts.append(escaped(sentence.text[position:first]))
            parts.append(f"<strong>{escaped(sentence.text[first:last])}</strong>")
            position = last
    return "".join(parts) + escaped(sentence.text[position:end])


def _marker(citation: Citation) -> str:
    name = escaped(f"Source {citation.number}: {citation.title}")
    return (
        f'<button type="button" class="fn-marker" aria-label="{name}" '
        f"{_place(citation.span, citation.number)}>[{int(citation.number)}]</button>"
    )


def _place(span: Span, number: int | None = None) -> str:
    """Return the attributes by which page.js finds the words; offsets are code points."""
    numbered = "" if number is None else f' data-number="{int(number)}"'
    return (
        f'data-document="{escaped(span.document_id)}" data-start="{int(span.start)}" '
        f'data-end="{int(span.end)}"{numbered}'
    )


def _sources(citations: Sequence[Citation]) -> str:
    if not citations:
        return ""
    rows = "".join(_source(c) for c in sorted(citations, key=lambda c: c.number))
    return f'<section class="fn-sources"><h3>Sources</h3><ol>{rows}</ol></section>'


def _source(citation: Citation) -> str:
    number = int(citation.number)
    page = None if citation.page is None else f"page {int(citation.page)}"
    about = "".join(
        f'<span class="fn-page">{escaped(said)}</span>'
        for said in (page, citation.published_on)
        if said
    )
    title = _opener(citation.title, citation.span, number)
    return (
        f'<li value="{number}"><p class="fn-origin">{title}{about}{_origin(citation.source)}</p>'
        f'<blockquote dir="auto" data-quote="{number}">{escaped(citation.quote)}</blockquote></li>'
    )


def _opener(title: str, span: Span, number: int | None = None) -> str:
    return (
        f'<button type="button" class="fn-opener" dir="auto" {_place(span, number)}>'
        f"{escaped(title)}</button>"
    )


def _origin(source: str | None) -> str:
    if not source:
        return ""
    host = _web_host(source)
    if host is None:
        return f'<span class="fn-from" dir="auto">{escaped(source)}</span>'
    return (
        f'<a class="fn-from" href="{escaped(source)}" target="_blank" '
        f'rel="noopener noreferrer nofollow">{escaped(host)}</a>'
    )


def _web_host(source: str) -> str | None:
    try:
        parts = urlsplit(source.strip())
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def _consulted(answer: Answer) -> str:
    cited = {citation.span.document_id for citation in answer.citations}
    first = {hit.passage.span.document_id: hit for hit in reversed(answer.hits)}
    others = sorted((h for key, h in first.items() if key not in cited), key=lambda h: h.rank)
    if not others:
        return ""
    rows = "".join(f"<li>{_opener(hit.title, hit.passage.span)}</li>" for hit in others)
    return (
        '<details class="fn-consulted"><summary>Also consulted: '
        f"{_counted(len(others), 'other document')}</summary><ul>{rows}</ul></details>"
    )


def _not_in_documents(hits: Sequence[Hit]) -> str:
    rows = "".join(
        f'<li>{_opener(hit.title, hit.passage.span)}<blockquote dir="auto">'
        f"{escaped(_excerpt(hit.passage.text))}</blockquote></li>"
        for hit in sorted(hits, key=lambda hit: hit.rank)[:_NEAREST_SHOWN]
    )
    nearest = f'<h4>The nearest passages</h4><ul class="fn-nearest">{rows}</ul>' if rows else ""
    return (
        '<section class="fn-card fn-unknown"><h3>The documents don’t say.</h3>'
        "<p>No words clear enough to answer this were found in them, so no answer is given.</p>"
        f"{nearest}</section>"
    )


def _excerpt(text: str) -> str:
    words = " ".join(text.split())
    if len(words) <= _EXCERPT_CHARACTERS:
        return words
    return words[:_EXCERPT_CHARACTERS].rsplit(" ", 1)[0] + "…"


def _about(answer: Answer) -> str:
    copy = '<button type="button" class="fn-quiet" data-copy>Copy with sources</button>'
    return f'<p class="fn-about"><span>{escaped(written_by(answer))}</span>{copy}</p>'


def _follow_ups(answer: Answer) -> str:
    rows = "".join(f"<li>{_ask_button(question)}</li>" for question in answer.follow_ups)
    if not rows:
        return ""
    head = "Ask next" if answer.status == "answered" else "You could ask"
    return f'<section class="fn-next"><h3>{head}</h3><ul class="fn-asks">{rows}</ul></section>'


def _ask_button(question: str) -> str:
    words = escaped(question)
    return f'<button type="button" class="fn-ask" dir="auto" data-ask="{words}">{words}</button>'


def _notice(sentence: str) -> str:
    return f'<p class="fn-notice">{escaped(sentence)}</p>'


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _ago(then: datetime, now: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{_counted(minutes, 'minute')} ago"
    if minutes < 24 * 60:
        return f"{_counted(minutes // 60, 'hour')} ago"
    if minutes < 30 * 24 * 60:
        return f"{_counted(minutes // (24 * 60), 'day')} ago"
    return f"on {then.day} {then:%B %Y}"
