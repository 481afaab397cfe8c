"""`footnote mcp`, spoken to by the official SDK's client as it is."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, run
from mcp import Client, ClientSession, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent
from scripted import serving

QUESTION = "Who coined the term narco-peace?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
HIT = {"document_id", "start", "end", "text", "title", "rank", "score"}


def command(index: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "footnote.py"), "mcp", "--index", str(index), *more]


@asynccontextmanager
async def connected(
    index: Path, said: Path, *more: str, **environment: str
) -> AsyncIterator[Client]:
    """A client whose server writes its stderr to `said`."""
    program, *arguments = command(index, *more)
    server = StdioServerParameters(command=program, args=arguments, env=environment)
    with said.open("w") as log:
        async with Client(stdio_client(server, errlog=log)) as client:
            yield client


def text(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_an_unmodified_client_asks_and_searches(bundled_index: Path, tmp_path: Path) -> None:
    async def talk() -> tuple[dict[str, Any], list[CallToolResult]]:
        async with connected(bundled_index, tmp_path / "log") as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            calls: list[tuple[str, dict[str, Any]]] = [
                ("ask", {"question": QUESTION}),
                ("ask", {"question": "How tall is Mount Everest?"}),
                ("search", {"query": "truce", "k": 3}),
                ("ask", {"question": "x" * 2_001}),
                ("search", {"query": " "}),
                ("search", {"query": "truce", "k": 1_000}),
            ]
            return tools, [await client.call_tool(*call) for call in calls]

    tools, (answer, none, found, long, empty, many) = run(talk())
    assert tools.keys() == {"ask", "search"}
    for tool in tools.values():
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.open_world_hint is False
        assert len(tool.description) > 80
        assert all(each["description"] for each in tool.input_schema["properties"].values())

    said = answer.structured_content
    assert said is not None
    assert said["status"] == "answered"
    (citation,) = said["citations"]
    document = citation["document_id"]
    assert f"[1]\n\n[1] {citation['title']}" in text(answer)
    assert f"({document})\n    “{citation['quote']}”" in text(answer)

    assert none.structured_content is not None
    assert none.structured_content["status"] == "not_in_documents"
    assert text(none).startswith("The documents don't say.\n\nNearest passages:")
    assert not none.is_error

    assert found.structured_content is not None
    hits = found.structured_content["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert all(hit.keys() >= HIT for hit in hits)
    words = " ".join(text(found).split())
    assert all(" ".join(hit["text"].split()) in words for hit in hits)  # whole, for a model to read

    assert (long.is_error, text(long)) == (
        True,
        "The question has 2,001 characters; ask it in at most 2,000.",
    )
    assert text(empty) == "The question is empty; write what you want to know."
    assert many.is_error
    for refused in (long, empty, many):
        assert "Traceback" not in text(refused)
    assert (tmp_path / "log").read_text() == ""


def test_a_client_of_the_older_protocol_asks(bundled_index: Path) -> None:
    async def talk() -> CallToolResult:
        program, *arguments = command(bundled_index)
        server = StdioServerParameters(command=program, args=arguments)
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            assert (await session.initialize()).server_info.name == "footnote"
            return await session.call_tool("ask", {"question": QUESTION})

    assert "[1]" in text(run(talk()))


def test_an_index_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    async def talk() -> CallToolResult:
        async with connected(tmp_path / "none", tmp_path / "log") as client:
            assert len((await client.list_tools()).tools) == 2
            return await client.call_tool("ask", {"question": QUESTION})

    result = run(talk())
    assert result.is_error
    assert "`footnote index`" in text(result)
    assert text(result).count("\n") == 0


def test_a_model_writes_and_is_stopped_by_who_cancels(bundled_index: Path, tmp_path: Path) -> None:
    """And another tool answers meanwhile."""

    async def talk(asked: list[dict[str, Any]]) -> CallToolResult:
        model = ("--model", "openai-compatible:tiny")
        environment = {"FOOTNOTE_CHATBOT_BASE_URL": server.base_url}
        async with connected(bundled_index, tmp_path / "log", *model, **environment) as client:
            asking = asyncio.create_task(client.call_tool("ask", {"question": QUESTION}))
            deadline = time.monotonic() + 30
            while not asked and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
            found = await asyncio.wait_for(client.call_tool("search", {"query": "truce"}), 5)
            asking.cancel()
            left = time.monotonic() + 5
            while not server.left_after and time.monotonic() < left:
                await asyncio.sleep(0.02)
            return found

    with serving("openai-compatible") as server:
        server.steps = [server.dialect.begin(), server.dialect.text(COUNTED), 15.0]
        found = run(talk(server.asked))
        assert len(server.left_after) == 1
    assert not found.is_error


@pytest.mark.parametrize("after_seconds", [0.0, 1.0, 1.5, 2.5])
def test_it_ends_when_its_client_does(after_seconds: float, bundled_index: Path) -> None:
    """With nothing on stdout that is no protocol, also while it is still loading."""
    server = subprocess.Popen(command(bundled_index), stdin=-1, stdout=-1, stderr=-1)
    time.sleep(after_seconds)
    began = time.monotonic()
    out, err = server.communicate(timeout=20)
    assert (server.returncode, out, err) == (0, b"", b"")
    assert time.monotonic() - began < 10


def test_it_ends_quietly_when_its_client_reads_no_more(bundled_index: Path) -> None:
    with subprocess.Popen(command(bundled_index), stdin=-1, stdout=-1, stderr=-1) as server:
        assert server.stdin
        assert server.stdout
        assert server.stderr
        server.stdout.close()
        server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        server.stdin.close()
        assert (server.wait(20), server.stderr.read()) == (0, b"")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once(sent: signal.Signals, bundled_index: Path) -> None:
    server = subprocess.Popen(command(bundled_index), stdin=-1, stdout=-1, stderr=-1)
    hello = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    assert server.stdin
    assert server.stdout
    server.stdin.write(hello)
    server.stdin.flush()
    assert server.stdout.readline().startswith(b'{"jsonrpc":"2.0"')
    server.send_signal(sent)
    assert server.wait(5) == -sent
    server.communicate()


def test_a_wrong_model_is_said_before_anything_begins(bundled_index: Path) -> None:
    wrong = command(bundled_index, "--model", "gpt:4")
    done = subprocess.run(wrong, capture_output=True, text=True, check=False, stdin=-3)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("footnote: ")
    assert "'gpt:4'" in done.stderr
