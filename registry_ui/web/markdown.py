"""Markdown of model cards as HTML that is safe to show, whoever wrote it.

Markdown may hold HTML, as cards of the Hub do; what comes out is cut down to an allow-list. Pictures come from the page itself
(`data:`) or from files beside the card, never from elsewhere: looking at a card tells nobody.
"""

import re
from functools import cache, lru_cache
from urllib.parse import quote, unquote, urljoin

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

from .highlighting import highlight

LONGEST = 500_000
CUT = "\n\n*The rest is not shown: this text is longer than half a megabyte.*\n"
# Ids of a card's headings start with this, so that none is taken for an id of the page.
ID_PREFIX = "card-"

_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\]", re.IGNORECASE)
_LANGUAGE = re.compile(r"language-[\w+#.-]{1,30}")
_COLOR = re.compile(r"[a-z][a-z0-9]{0,2}")
# fmt: off
_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt", "em",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre",
    "q", "s", "samp", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "tt", "u", "ul", "var",
}
# fmt: on
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "img": {"alt", "height", "src", "title", "width"},
    "ol": {"start"},
    "span": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    **{heading: {"id"} for heading in _HEADINGS},
}


@lru_cache(maxsize=64)
def to_safe_html(text: str, *, files_url: str = "") -> SafeString:
    """Return Markdown as HTML; links and pictures beside the card lead below `files_url`, and nowhere without one.

    Headings go down one level: the page has its own `h1`.
    """
    if len(text) > LONGEST:
        text = text[:LONGEST] + CUT
    return mark_safe(_cleaner(files_url).clean(_parser().render(text)))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _colored})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("headings", _lower_headings)
    parser.core.ruler.push("cells", _align_cells)
    return parser


def _colored(code: str, language: str, attributes: str) -> str:
    return highlight(code, language)


def _lower_headings(state: StateCore) -> None:
    """Move headings down one level and give them the ids that tables of contents link to."""
    tokens = state.tokens
    for position, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", slugify(tokens[position + 1].content, allow_unicode=True))


def _align_cells(state: StateCore) -> None:
    """Say by an attribute what the parser says by a style, which no page here may hold."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", "")):
            token.attrSet("align", str(style).removeprefix("text-align:"))


@lru_cache(maxsize=256)
def _cleaner(files_url: str) -> nh3.Cleaner:
    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        match tag, name:
            case "a", "href":
                return _link(value, files_url)
            case "img", "src":
                return _picture(value, files_url)
            case "code", "class":
                return value if _LANGUAGE.fullmatch(value) else None
            case "span", "class":
                return value if _COLOR.fullmatch(value) else None
        return value

    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=filter_attribute,
        clean_content_tags={"script", "style", "template", "iframe", "object", "noscript", "svg", "math"},
        url_schemes={"http", "https", "mailto", "data"},
        set_tag_attribute_values={"img": {"loading": "lazy"}},
        link_rel="noopener noreferrer nofollow",
        id_prefix=ID_PREFIX,
    )


def _link(url: str, files_url: str) -> str | None:
    if url.startswith("#"):
        return f"#{ID_PREFIX}{url[1:].lower()}"
    if url.lower().startswith(("http://", "https://", "mailto:")):
        return url
    return _beside(url, files_url)


def _picture(url: str, files_url: str) -> str | None:
    return url if _PICTURE.fullmatch(url) else _beside(url, files_url)


def _beside(url: str, files_url: str) -> str | None:
    """Return the address of a file beside the card; None for what lies elsewhere or above."""
    if not files_url or _ELSEWHERE.match(url.strip()):
        return None
    found = urljoin(files_url, quote(unquote(url.strip()), safe="/.-_~#?=&"))
    return found if found.startswith(files_url) else None
