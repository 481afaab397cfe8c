"""docs/deployment.md and the files it names: each is tried here as it stands there."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from conftest import ROOT, Served, Site, listen, served
from scripted import read_stream, serving

import footnote
from chatbot.arguments import make_parser
from chatbot.feedback import FILE, Feedback, keep_feedback, name_answer
from chatbot.settings import API_KEY, Settings

PAGE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
DEPLOY = ROOT / "docs" / "deploy"
UNITS = ("footnote.service", "footnote-index.service", "footnote-index.timer")
BOT, SITE = "bot.example.org", "https://www.example.org"
QUESTION = "How many homicides did El Salvador have in January 2012?"
COUNTED = "The country had counted 411 homicides in January 2012 and 402 in February 2012."
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/footnote.conf;
}}
"""


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        if name == "nginx" and os.environ.get("CI"):
            pytest.fail("CI must have nginx")
        pytest.skip(f"no {name} on this machine")
    return found


def block(language: str) -> str:
    """The page's first block in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def commands() -> list[list[str]]:
    """Every command of ours on the page and in its files, as arguments."""
    text = "\n".join([PAGE, *((DEPLOY / unit).read_text("utf-8") for unit in UNITS)])
    found = re.findall(r"^[^#\n`|]*?(?:bin/footnote|:ro footnote) (\w.*)$", text, re.MULTILINE)
    return [shlex.split(command) for command in found]


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"\]\(deploy/([\w.-]+)\)", PAGE)) | {
        name for name in UNITS if name in PAGE
    }
    assert named == {file.name for file in DEPLOY.iterdir()}


def test_every_command_is_one() -> None:
    parser = make_parser(footnote.COMMANDS)
    parsed = [parser.parse_args(arguments).command for arguments in commands()]
    assert {*parsed} == {"serve", "index", "widget", "doctor"}


def test_every_setting_is_one() -> None:
    said = tomllib.loads(block("toml"))
    settings = Settings.model_validate(said)
    assert SITE in settings.chatbot.allowed_origins
    known = {API_KEY}
    for table, field in Settings.model_fields.items():
        fields: dict[str, Any] = field.annotation.model_fields  # type: ignore[union-attr]
        known |= {f"FOOTNOTE_{table}_{key}".upper() for key in fields}
    texts = [PAGE, *(file.read_text("utf-8") for file in DEPLOY.iterdir())]
    assert set(re.findall(r"FOOTNOTE_[A-Z_]+", "\n".join(texts))) <= known
    chatbot = {name.removeprefix("FOOTNOTE_CHATBOT_").lower() for name in known}
    keys = set(re.findall(r"`([a-z]+_[a-z_]+)(?: = [^`]*)?`", PAGE))
    assert keys - {"deploy"} <= chatbot


def test_the_units_are_good(tmp_path: Path) -> None:
    """But for the program and the user, which are not on this machine."""
    analyze = tool("systemd-analyze")
    for unit in UNITS:
        text = (DEPLOY / unit).read_text("utf-8")
        text = text.replace("/opt/footnote/.venv/bin/footnote", "/bin/true")
        (tmp_path / unit).write_text(text.replace("User=footnote", "User=nobody"))
    done = subprocess.run([analyze, "verify", *(tmp_path / u for u in UNITS)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "user nobody" not in line]
    assert (done.returncode, complaints) == (0, [])
    for unit in UNITS[:2]:
        command = [analyze, "security", "--offline=yes", "--threshold=25", str(tmp_path / unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_what_is_in_the_container_is_there_to_be_put_in() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    copied = [name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE)
              for name in line.split()]  # fmt: skip
    assert all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    wanted = {f"{name}.py" for name in project["py-modules"]}
    wanted |= {name.partition(".")[0] for name in project["packages"]}
    assert wanted <= set(copied)
    lines = text.splitlines()
    assert lines.index("USER footnote") < lines.index('ENTRYPOINT ["footnote"]')
    assert "/healthz" in text


def test_the_containers_health_is_that_of_the_server(site: Site) -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    (command,) = re.findall(r"^    CMD (\[.*\])$", text, re.MULTILINE)
    _python, *arguments = json.loads(command)
    for url, code in ((site.url, 0), ("http://127.0.0.1:9", 1)):
        asked = [each.replace("http://127.0.0.1:7860", url) for each in arguments]
        done = subprocess.run([sys.executable, *asked], capture_output=True, check=False)
        assert done.returncode == code


def test_feedback_is_backed_up_while_it_is_written(tmp_path: Path) -> None:
    (command,) = re.findall(r"^sqlite3 .*$", PAGE, re.MULTILINE)
    sqlite, source, backup = shlex.split(command)
    said = Feedback(answer_id=name_answer(b""), question="Who?", reason="wrong")
    keep_feedback(said, folder=tmp_path, secret=b"", index="i", model="m")
    copy = tmp_path / "copy.sqlite"
    assert Path(source).name == FILE
    with closing(sqlite3.connect(tmp_path / FILE)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        target = backup.replace("/var/backups/footnote/feedback.sqlite", str(copy))
        subprocess.run([tool(sqlite), tmp_path / FILE, target], check=True)
    with closing(sqlite3.connect(copy)) as file:
        assert file.execute("SELECT question FROM feedback").fetchall() == [("Who?",)]


@dataclass(frozen=True)
class Proxied:
    """The bot as readers reach it: by its name, over https."""

    client: httpx.Client
    plain: str
    behind: Served
    shown: Event
    """The model goes on once this is set."""


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def bot(
    bundled_index: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Proxied]:
    """`footnote serve` with the page's settings, behind the page's proxy; its model pauses."""
    program, folder = tool(request.param), tmp_path_factory.mktemp("proxied")
    chatbot = tomllib.loads(block("toml"))["chatbot"]
    lists = ("allowed_origins", "trusted_proxies")
    settings = {f"CHATBOT_{name.upper()}": ",".join(chatbot[name]) for name in lists}
    with serving("openai-compatible") as script:
        dialect, shown = script.dialect, Event()
        first, rest = dialect.text(f"{COUNTED} There were"), dialect.text(" 411 homicides.")
        script.steps = [dialect.begin(), first, shown, rest, dialect.end(), dialect.last]
        settings["CHATBOT_BASE_URL"] = script.base_url
        model = ("--model", "openai-compatible:tiny")
        with served(bundled_index, folder, *model, **settings) as behind:
            start = nginx if request.param == "nginx" else caddy
            with start(program, folder, behind.url) as (secure, plain):
                headers = {"host": BOT}
                context = ssl._create_unverified_context()
                with httpx.Client(
                    base_url=secure, headers=headers, verify=context, timeout=30
                ) as client:
                    wait(client)
                    yield Proxied(client, plain, behind, shown)


@contextmanager
def nginx(program: str, folder: Path, backend: str) -> Iterator[tuple[str, str]]:
    """The page's nginx, on other ports and with a certificate of this test's own."""
    key, certificate, (secure, plain) = folder / "key.pem", folder / "cert.pem", ports(2)
    openssl = [tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    openssl += ["ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={BOT}", "-days", "1"]
    subprocess.run([*openssl, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    for stands, instead in (
        ("listen 443", f"listen 127.0.0.1:{secure}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        (f"/etc/letsencrypt/live/{BOT}/fullchain.pem", certificate),
        (f"/etc/letsencrypt/live/{BOT}/privkey.pem", key),
        ("http://127.0.0.1:7860", backend),
    ):
        assert str(stands) in text
        text = text.replace(str(stands), str(instead))
    (folder / "footnote.conf").write_text(text)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder))
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(config)]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with subprocess.Popen(command) as process:
        yield f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}"
        process.terminate()


@contextmanager
def caddy(program: str, folder: Path, backend: str) -> Iterator[tuple[str, str]]:
    """The page's Caddy, on other ports and without https, whose certificate it would fetch."""
    file = DEPLOY / "Caddyfile"
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    validate = [program, "validate", "--adapter", "caddyfile", "--config", str(file)]
    subprocess.run(validate, check=True, capture_output=True, env=environment)
    (port,) = ports(1)
    text = file.read_text("utf-8").replace("127.0.0.1:7860", backend)
    text = text.replace(f"\n{BOT} {{", f"\nhttp://{BOT}:{port} {{\n\tbind 127.0.0.1")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    log = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stderr=log, cwd=folder) as process:
        yield f"http://127.0.0.1:{port}", ""
        process.terminate()


def ports(number: int) -> list[int]:
    listeners = [listen() for _ in range(number)]
    found = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return found


def wait(client: httpx.Client) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the proxy does not pass anything on")


def test_an_answer_streams_through_the_proxy(bot: Proxied) -> None:
    headers = {"accept": "text/event-stream", "origin": SITE}
    body = {"question": QUESTION}
    with bot.client.stream("POST", "/api/ask", json=body, headers=headers) as answer:
        assert answer.headers["access-control-allow-origin"] == SITE
        assert not read_stream(answer, bot.shown)[
            "notices"
        ]  # it failed, if its words were gathered


def test_the_page_the_widget_and_other_sites(bot: Proxied) -> None:
    scheme = bot.client.base_url.scheme
    page = bot.client.get("/")
    assert page.status_code == 200
    assert f'"root":"{scheme}://{BOT}"' in page.text
    assert bot.client.get("/widget.js").headers["access-control-allow-origin"] == "*"
    assert bot.client.get("/embed").status_code == 200
    for origin, status in (
        (SITE, 200),
        (f"{scheme}://{BOT}", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ):
        assert bot.client.get("/api/suggestions", headers={"origin": origin}).status_code == status
    assert bot.client.get("/readyz", headers={"x-forwarded-host": "evil.example"}).is_success
    # Footnote refuses what is too large before it has come; Caddy may still be sending it (502).
    large = bot.client.post("/api/ask", content=b"x" * 70_000)
    assert large.status_code in ((413,) if bot.plain else (413, 502))


def test_who_asks_is_known_behind_the_proxy(bot: Proxied) -> None:
    """By the proxy's word alone: this machine here, which needs no key, whatever it says it is."""
    body = {"question": QUESTION}
    bot.shown.set()
    for said in ("203.0.113.9", "203.0.113.9, 127.0.0.1"):
        headers = {"x-forwarded-for": said, "forwarded": f"for={said}", "x-real-ip": said}
        assert bot.client.post("/api/ask", json=body, headers=headers).status_code == 200
    direct = httpx.post(
        f"{bot.behind.url}/api/ask", json=body, headers={"x-forwarded-for": "203.0.113.9"}
    )
    assert direct.status_code == 401  # as it would be for somebody there


def test_plain_http_leads_to_https(bot: Proxied) -> None:
    if not bot.plain:
        pytest.skip("Caddy does this by itself, with a certificate that it fetches")
    response = httpx.get(f"{bot.plain}/x?y", headers={"host": BOT})
    assert (response.status_code, response.headers["location"]) == (301, f"https://{BOT}/x?y")
