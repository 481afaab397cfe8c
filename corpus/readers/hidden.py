"""What a visitor to a web page does not see, or does not read: hidden text and boilerplate.

Judges single elements; knows nothing of blocks. In doubt it keeps: a menu in the text does less
harm than a paragraph that is missing from it.
"""

import re

from lxml import etree

ZERO = r"\s*:\s*(0+(\.0*)?|\.0+)(px|pt|r?em|%)?\s*(;|!|$)"
UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)"
    rf"|opacity{ZERO}|font-size{ZERO}"
    r"|(left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-(\d{4,}|999)"
    r"|clip\s*:\s*rect\(\s*[01](px)?[\s,]+[01](px)?|transform\s*:\s*scale\(\s*0\s*\)",
    re.IGNORECASE,
)
COLOR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
WHITE = {"white", "#fff", "#ffffff", "rgb(255,255,255)", "#fffffe", "#fefefe"}
UNSEEN_CLASSES = {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"}

ROLES = {"navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog", "toolbar"}
NOTICE = re.compile(
    r"(cookies?|gdpr|consent)[-_]?(bar|banner|notice|popup|modal|message|overlay|wall|law|consent)"
    r"|newsletter[-_]?(sign-?up|form|box|subscribe|promo|widget)",
    re.IGNORECASE,
)
FURNITURE = re.compile(
    r"(^|[-_ ])(nav|navbar|navigation|menu|submenu|breadcrumbs?|sidebar|footer|related|share"
    r"|sharing|social|pagination|pager|tags?|toc|skip|advert|advertisement|ads?|promo|sponsored"
    r"|subscribe|signup|comments?|toolbar|masthead|read-?more|recommended)($|[-_ ])",
    re.IGNORECASE,
)
CONTAINERS = {"div", "section", "ul", "ol", "dl", "form", "header", "p"}
LONGEST_NOTICE_WORDS = 120
LARGEST_CHARACTERS = 6_000  # whatever is larger holds something to read
LINKED_SHARE = 0.5  # of the letters in a part named like a menu
BARE_LINKED_SHARE = 0.75  # of the letters in a part with no such name
FEWEST_LINKS = 3
LONGEST_LINK_CHARACTERS = 100
SENTENCE_WORDS = 12  # so many running words outside links are something to read
FEW_WORDS = 8  # a part named like a menu with no more words than these is no paragraph


def is_hidden(element: etree._Element) -> bool:
    """Whether the element itself says that nobody is to see it."""
    if element.tag in ("html", "body"):  # a script fades them in
        return False
    style = element.get("style") or ""
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or (element.tag == "dialog" and element.get("open") is None)
        or not UNSEEN_CLASSES.isdisjoint((element.get("class") or "").split())
        or bool(style and (UNSEEN.search(style) or _has_color_of_its_ground(element, style)))
    )


def _has_color_of_its_ground(element: etree._Element, style: str) -> bool:
    """White on white; a style sheet that we do not read may colour whatever has a class."""
    color = COLOR.search(style)
    if not color:
        return False
    color_name = _color(color.group(1))
    for holder in [element, *element.iterancestors()]:
        ground = BACKGROUND.search(holder.get("style") or "")
        if ground or holder.get("bgcolor"):
            return _color(ground.group(1) if ground else holder.get("bgcolor")) == color_name
        if holder.get("class") and holder.tag not in ("body", "html"):
            return False
    return color_name in WHITE or color_name == "transparent"


def _color(value: str) -> str:
    name = re.sub(r"\s+", "", value.lower())
    return "white" if name in WHITE else name


def is_boilerplate(element: etree._Element) -> bool:
    """Whether a block is a menu, a cookie bar, a list of related links or a form to fill in."""
    if element.tag not in CONTAINERS or element.xpath("string-length(.)") > LARGEST_CHARACTERS:
        return False
    name = element.get("class") or ""
    words = len(" ".join(element.itertext()).split())
    if element.tag == "form" or NOTICE.search(f"{name} {element.get('id') or ''}"):
        return words <= LONGEST_NOTICE_WORDS
    links = ("".join(link.itertext()).strip() for link in element.iter("a"))
    linked = [text for text in links if text]
    own = f".//text()[count(ancestor::a) = {element.xpath('count(ancestor::a)')}]"
    loose = [text.strip() for text in element.xpath(own)]
    if any(len(run.split()) >= SENTENCE_WORDS for run in loose):
        return False
    share = sum(map(len, linked)) / (sum(map(len, [*linked, *loose])) or 1)
    if (element.get("role") or "").lower() in ROLES or FURNITURE.search(name):
        return share >= LINKED_SHARE or (words <= FEW_WORDS and element.tag != "p")
    return (
        len(linked) >= FEWEST_LINKS
        and share >= BARE_LINKED_SHARE
        and max(map(len, linked)) <= LONGEST_LINK_CHARACTERS
        and not element.xpath("ancestor::article or ancestor::main or ancestor::table")
    )
