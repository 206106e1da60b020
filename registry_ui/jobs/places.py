"""What a job is about, as a short name and a page to open."""

import re
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

_VERSION = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>\d+)")
_ALIAS = re.compile(r"models:/(?P<name>[^/@]+)@(?P<alias>[^/@]+)")
_NAMED = re.compile(r"(?:models:/|demo:)(?P<name>[^/@]+)")


@dataclass(frozen=True)
class Place:
    """A model version, a registered model, a checkpoint; `url` is empty where no page shows it."""

    address: str  # in full: "models:/sentiment/3"
    name: str
    detail: str = ""  # "version 3", "@champion"
    url: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.detail}".rstrip()


def place_of(address: str) -> Place:
    """Return the place that `Job.target`, or a model's URI, means."""
    if match := _VERSION.fullmatch(address):
        return Place(
            address, match["name"], f"version {match['version']}", _url("catalog:version", match["name"], match["version"])
        )
    if match := _ALIAS.fullmatch(address):
        return Place(address, match["name"], f"@{match['alias']}", _url("catalog:alias", match["name"], match["alias"]))
    if match := _NAMED.fullmatch(address):
        return Place(address, match["name"])
    return Place(address, address.rstrip("/").rpartition("/")[2] if address.startswith(("/", "./", "file:")) else address)


def _url(name: str, *args: str) -> str:
    """Empty where the name holds what no URL of ours can: a model that another program registered."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
