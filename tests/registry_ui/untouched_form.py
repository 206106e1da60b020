"""What a browser would send of a form that nobody touched."""

import re
from html.parser import HTMLParser

from django.http import QueryDict


def fields_of(html: str) -> QueryDict:
    """Return the values of the fields in `html`; files are chosen by people, so there are none."""
    reader = _Reader()
    reader.feed(re.sub(r"<template.*?</template>", "", html, flags=re.DOTALL))
    return reader.sent


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent = QueryDict(mutable=True)
        self._text: list[str] | None = None
        self._name = ""
        self._option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "textarea":
            self._name, self._text = found.get("name") or "", []
        elif tag == "select":
            self._name, self._option = found.get("name") or "", None
        elif tag == "option" and ("selected" in found or self._option is None):
            self._option = found.get("value") or ""
        elif tag == "input" and found.get("name"):
            self._input(found)

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            self.sent.appendlist(self._name, "".join(self._text))
            self._text = None
        elif tag == "select":
            self.sent.appendlist(self._name, self._option or "")

    def _input(self, found: dict[str, str | None]) -> None:
        kind = found.get("type")
        is_off = kind in ("radio", "checkbox") and "checked" not in found
        if kind != "file" and not is_off:
            self.sent.appendlist(found["name"] or "", found.get("value") or ("on" if kind == "checkbox" else ""))
