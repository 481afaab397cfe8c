"""The widget as a file: joined, small, typed, free of what a guest must not; its addresses."""

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections import Counter

import httpx
import pytest
from conftest import ROOT, Site

from chatbot.embed import FOLDER, widget_file

LARGEST_BYTES = 20_000
"""Compressed, in all; the smallest that others offer is five times as much."""
MODULES = sorted(FOLDER.glob("*.js"))
TEXTS = {file.name: file.read_text("utf-8") for file in MODULES}
DOCS = (ROOT / "docs" / "widget.md").read_text("utf-8")

GUESTS_DO_NOT = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("),
    *("localStorage", "sessionStorage", "indexedDB", ".cookie", "postMessage"),
    *("@font-face", "@import", "url(", 'setAttribute("style', 'setAttribute("on'),
)
STREAM = """
import { readEvents } from %s;
const text = ": hello\\n\\nevent: a\\ndata: {\\"x\\": \\"\\u2028 🜛\\"}\\n\\ndata: 1\\n\\n"
    + "event: b\\r\\ndata: [1,\\r\\ndata: 2]\\r\\n\\r\\nevent: cut\\ndata: {\\"y\\": ";
const bytes = new TextEncoder().encode(text);
const seen = new Set();
for (let size = 1; size <= bytes.length; size++) {
    const body = new ReadableStream({ start(sink) {
        for (let at = 0; at < bytes.length; at += size) sink.enqueue(bytes.slice(at, at + size));
        sink.close();
    } });
    const events = [];
    for await (const event of readEvents(body)) events.push(event);
    seen.add(JSON.stringify(events));
}
console.log(JSON.stringify([...seen]));
"""


def tool(name: str, *, why: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {name}")
        pytest.skip(f"no {name} on this machine, {why}")
    return found


def test_it_is_small() -> None:
    assert len(gzip.compress(widget_file().text, mtime=0)) <= LARGEST_BYTES


def test_every_module_is_short_and_says_what_it_does() -> None:
    assert [name for name, text in TEXTS.items() if len(text.splitlines()) > 210] == []
    assert [name for name, text in TEXTS.items() if not text.startswith("// ")] == []


def test_no_name_means_two_things_once_joined() -> None:
    named = re.compile(
        r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE
    )
    names = Counter(name for text in TEXTS.values() for name in named.findall(text))
    assert [name for name, times in names.items() if times > 1] == []
    assert {"readEvents", "start", "STYLES"} <= set(names)


def test_every_module_is_in_it_once_and_nothing_of_modules_is_left() -> None:
    text = widget_file().text.decode()
    for name, module in TEXTS.items():
        assert text.count(module.splitlines()[0]) == (0 if name == "types.js" else 1), name
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == []


def test_it_does_nothing_that_a_guest_must_not() -> None:
    text = widget_file().text.decode()
    for word in GUESTS_DO_NOT:
        assert word not in text


def test_types_hold() -> None:
    tsc = tool("tsc", why="`npm install -g typescript@5.9.3` brings it")
    command = [tsc, "-p", str(FOLDER / "jsconfig.json")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_events_are_read_wherever_the_network_cuts_them() -> None:
    script = STREAM % json.dumps((FOLDER / "stream.js").as_uri())
    run = subprocess.run(
        [tool("node", why="which runs the reader by itself"), "--input-type=module"],
        input=script, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [json.loads(events) for events in json.loads(run.stdout)] == [
        [{"name": "a", "data": {"x": "\u2028 🜛"}}, {"name": "b", "data": [1, 2]}]
    ]


def test_its_address_and_hash_are_those_of_its_bytes(site: Site) -> None:
    file = widget_file()
    reply = httpx.get(f"{site.url}{file.path}", headers={"origin": "https://any.example"})
    assert reply.content == file.text
    digest = hashlib.sha384(reply.content).digest()
    assert file.integrity == f"sha384-{base64.b64encode(digest).decode()}"
    assert hashlib.sha256(file.text).hexdigest()[:8] in file.path
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-encoding"] == "gzip"
    newest = httpx.get(f"{site.url}/widget.js", headers={"accept-encoding": "identity"})
    assert newest.content == file.text
    assert newest.headers["cache-control"] == "public, max-age=300"
    assert "content-encoding" not in newest.headers
    for headers in (reply.headers, newest.headers):
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
    again = httpx.get(f"{site.url}/widget.js", headers={"if-none-match": newest.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_version_is_answered_with_the_present_one(site: Site) -> None:
    reply = httpx.get(f"{site.url}/widget/v0.0.1.js", headers={"origin": "https://any.example"})
    assert reply.status_code == 404
    assert widget_file().path in reply.json()["error"]
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cache-control"] == "no-store"


def test_the_page_for_site_owners_names_all_there_is() -> None:
    options = set(re.findall(r'read\("([\w-]+)"\)', TEXTS["options.js"]))
    properties = set(re.findall(r"var\((--footnote-[\w-]+)", TEXTS["styles.js"]))
    strings = set(re.findall(r"^  (\w+):", TEXTS["words.js"].split("const ES")[0], re.MULTILINE))
    events = set(re.findall(r'\btell\("(\w+)"', "".join(TEXTS.values())))
    assert min(map(len, (options, properties, strings, events))) >= 6
    wanted = {f"`data-{name}`" for name in options} | {f"`{name}`" for name in properties}
    wanted |= {f"`{name}`" for name in strings} | {f"`footnote:{name}`" for name in events}
    assert {name for name in wanted if name not in DOCS} == set()


def test_every_part_that_is_promised_is_there() -> None:
    told = re.search(r"## Parts\n(.*?)\n## ", DOCS, re.DOTALL)
    assert told
    code = "".join(TEXTS.values())
    made = {name for found in re.findall(r'class: [^"`\n]*["`]([\w $.{}-]+)["`]', code)
            for name in found.split()}  # fmt: skip
    promised = set(re.findall(r"`([\w-]+)`", told[1])) - {
        "footnote-widget",
        "footnote-chat",
        "hidden",
    }
    made |= set(re.findall(r'(?:iconButton\("\w+", .*|settle\(.*|offer\(.*)"([\w-]+)"\)', code))
    assert len(promised) > 20
    assert promised - made == set()
