"""The tag that shows the widget in another site, and what that site's policy must let it do."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from chatbot.doctor import see_that_site_may_ask
from chatbot.embed import widget_file
from chatbot.errors import WrongSetting
from chatbot.models.remote import LOOPBACK
from chatbot.settings import ORIGIN, ROOT_PATH, Settings, read_origin
from corpus.errors import FootnoteError

NO_BOT = "https://your-bot.example"
_BOT = re.compile(rf"(?P<server>(?i:{ORIGIN.pattern}))(?P<path>{ROOT_PATH})/?")


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
    address = (bot or NO_BOT + settings.chatbot.root_path).strip().removesuffix("/widget.js")
    match = _BOT.fullmatch(address)
    if match is None:
        raise WrongSetting(f"{bot} is no address of a bot; write it like https://bot.example.org.")
    server = match["server"].lower()
    src = f"{server}{match['path']}{file.path}"
    notes = [] if bot else [f"Give the bot's own address with --bot in the place of {NO_BOT}."]
    is_here = urlsplit(server).hostname in LOOPBACK  # which browsers trust over http too
    if origin.startswith("https:") and server.startswith("http:") and not is_here:
        notes.append("Browsers load nothing over http into a page over https: serve the bot there.")
    try:
        said = f"{see_that_site_may_ask(origin, settings, server if bot else None)}."
        allowed = True
    except FootnoteError as error:
        said, allowed = str(error), False
    return Snippet(
        tag=f'<script src="{src}" integrity="{file.integrity}" crossorigin defer></script>',
        src=src,
        integrity=file.integrity,
        script_src=server,
        connect_src=server,
        allowed=allowed,
        says=(*notes, said),
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
