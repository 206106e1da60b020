"""What the frame around every page shows."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# Name of the URL, label, icon, key after `g`.
_RAIL = (
    ("catalog:model_list", "Models", "stack-2", "m"),
    ("playground:index", "Playground", "flask", "p"),
    ("catalog:compare", "Compare", "columns", "c"),
    ("jobs:list", "Jobs", "list-details", "j"),
    ("predictions:workers", "Workers", "server-2", "w"),
)
THEMES = ("light", "dark")


@dataclass(frozen=True)
class RailLink:
    """One place that the rail leads to."""

    url: str
    label: str
    icon: str
    key: str
    current: str  # the value of aria-current; empty elsewhere


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the links of the rail, and the theme that was chosen (empty: what the system says)."""
    return {
        "rail": _rail(request.path),
        "log_model": _link(request.path, "jobs:log_model", "Log a model", "plus", "l"),
        "theme": chosen_theme(request),
    }


def chosen_theme(request: HttpRequest) -> str:
    """Return the theme that this browser was told to remember; empty when none was."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else ""


def _rail(path: str) -> list[RailLink]:
    links = [_link(path, *entry) for entry in _RAIL]
    return [link for link in links if link is not None]


def _link(path: str, url_name: str, label: str, icon: str, key: str) -> RailLink | None:
    """Return None for a page that does not exist."""
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        return None
    return RailLink(url, label, icon, key, _current(path, url))


def _current(path: str, url: str) -> str:
    if path == url:
        return "page"
    return "true" if path.startswith(url.rstrip("/") + "/") else ""
