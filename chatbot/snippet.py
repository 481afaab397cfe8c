"""The tag that shows the widget in another site, and what that site's policy must let it do."""

import re
from dataclasses import dataclass

from chatbot.callers import is_known_host
from chatbot.doctor import how_to_list, read_origin, see_that_site_may_ask
from chatbot.errors import WrongSetting
from chatbot.settings import ORIGIN, ROOT_PATH, Settings
from chatbot.widget_file import widget_file
from corpus.errors import FootnoteError

NO_BOT = "https://your-bot.example"
_BOT = re.compile(rf"(?P<server>{ORIGIN.pattern})(?P<path>{ROOT_PATH})/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """What a site owner pastes (`tag`), allows (`script_src`, `connect_src`) and should know."""

    tag: str
    src: str
    integrity: str
    script_src: str
    connect_src: str
    allowed: bool
    says: tuple[str, ...]


def make_snippet(settings: Settings, *, site: str, bot: str | None) -> Snippet:
    """Return the tag for a site; `bot` is the address by which readers reach the bot.

    WrongSetting if either is no address. A site that may not ask yet gets its tag, and is told.
    """
    origin, file = read_origin(site), widget_file()
    match = _BOT.fullmatch((bot or NO_BOT + settings.chatbot.root_path).strip())
    if match is None:
        raise WrongSetting(f"{bot} is no address of a bot; write it like https://bot.example.org.")
    server = match["server"]
    src = f"{server}{match['path']}{file.path}"
    notes = [] if bot else [f"Give the bot's own address with --bot in the place of {NO_BOT}."]
    if origin.startswith("https:") and server.startswith("http:"):
        notes.append("Browsers load nothing over http into a page over https: serve the bot there.")
    problem = _why_not(origin, server if bot else None, settings)
    return Snippet(
        tag=f'<script src="{src}" integrity="{file.integrity}" crossorigin defer></script>',
        src=src,
        integrity=file.integrity,
        script_src=server,
        connect_src=server,
        allowed=problem is None,
        says=(*notes, problem or f"{origin} is on the list of sites that may ask."),
    )


def show_snippet(snippet: Snippet) -> str:
    """Return it as text for a terminal."""
    return "\n\n".join(
        [
            "Paste this into the site's pages:",
            snippet.tag,
            "Where they have a Content-Security-Policy, add to its directives:",
            f"script-src {snippet.script_src}\nconnect-src {snippet.connect_src}",
            "\n".join(snippet.says),
            "Print this again when the bot has been upgraded: name and hash are of this version's "
            "bytes. /widget.js, without integrity, is always the newest.",
        ]
    )


def _why_not(origin: str, server: str | None, settings: Settings) -> str | None:
    """Say what keeps the site's pages from asking, if something does."""
    allowed = settings.chatbot.allowed_origins
    missing = [] if origin in allowed else [origin]
    if server and not is_known_host(server.partition("://")[2], allowed_origins=allowed):
        missing.append(server)  # a name of its own is listed too
    try:
        if missing:
            return how_to_list(missing, allowed)
        see_that_site_may_ask(origin, settings)
    except FootnoteError as error:
        return str(error)
    return None
