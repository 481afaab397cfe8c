"""`ask` and `search` as tools for other models: the Model Context Protocol over stdin and stdout.

Knows no index. The protocol has standard output to itself; what else is printed goes to stderr.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from threading import Event
from typing import Annotated, NoReturn

from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from chatbot.answer import Finished, as_json
from chatbot.background import Background, most_at_once
from chatbot.errors import sentence_of
from chatbot.question import LONGEST_QUESTION, check_length
from chatbot.service import Service
from chatbot.terminal import show_answer, show_hits
from corpus.errors import FootnoteError

_WHOLE = 10_000  # characters: longer than any passage
Make = Callable[[Event], Iterator[CallToolResult]]
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
_FOR = (
    "Answers from one folder of documents, and from nothing else. Every sentence of an answer "
    "carries the exact words that it rests on: keep the citations when you pass an answer on."
)
_ASK = (
    "Answer a question from the indexed documents, each sentence with the exact words it rests on. "
    "Use this when the documents should hold the answer. Where they don't, it says \"The documents "
    "don't say.\" and shows the nearest passages: then do not guess."
)
_SEARCH = (
    "Return the passages of the indexed documents nearest to a query, the best first. Use this to "
    "read what they say around a topic; `ask` answers a question."
)
_PLAIN = f"In plain words, and whole in itself; at most {LONGEST_QUESTION:,} characters."


def serve_tools(service: Service) -> NoReturn:
    """Serve until the client leaves; the index loads meanwhile, and a first question waits."""
    service.start()
    if sys.stdin.isatty():
        sys.stderr.write("This speaks to programs; name `footnote mcp` in a client's settings.\n")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would wait for the thread that reads
    try:
        make_server(service).run("stdio")
    except* BrokenPipeError:  # the client has left
        pass
    os._exit(0)  # nobody waits for the threads that load or answer; what they write is whole


def make_server(service: Service) -> MCPServer[None]:
    """Return the server with its two tools."""
    background = Background(most_at_once(has_model=service.has_model))
    server: MCPServer[None] = MCPServer(
        "footnote",
        title="Footnote",
        instructions=_FOR,
        version=version("footnote"),
        log_level="WARNING",
    )

    @server.tool(title="Ask the documents", description=_ASK, annotations=_READS)
    async def ask(question: Annotated[str, Field(description=_PLAIN)]) -> CallToolResult:
        def answer(stop: Event) -> Iterator[CallToolResult]:
            for event in service.ask(check_length(question), stop=stop):
                if isinstance(event, Finished):
                    yield _result(show_answer(event.answer), as_json(event.answer))

        return await _run(background, answer)

    @server.tool(title="Search the documents", description=_SEARCH, annotations=_READS)
    async def search(
        query: Annotated[str, Field(description=_PLAIN)],
        k: Annotated[int, Field(ge=1, le=50, description="How many passages.")] = 10,
    ) -> CallToolResult:
        def find(_stop: Event) -> Iterator[CallToolResult]:
            hits = service.search(check_length(query), k)
            found = [as_json(hit) for hit in hits]
            yield _result(show_hits(hits, _WHOLE), {"query": query.strip(), "hits": found})

        return await _run(background, find)

    return server


async def _run(background: Background, make: Make) -> CallToolResult:
    """Make a result in a thread, which is stopped when the client cancels."""
    try:
        async for result in background.each(make):
            if result:
                return result
    except FootnoteError as error:
        return CallToolResult(content=[TextContent(text=sentence_of(error))], is_error=True)
    raise RuntimeError("an answer ended without its last event")


def _result(text: str, value: dict[str, object]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], structured_content=value)
