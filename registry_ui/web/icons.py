"""Icons as inline SVG, one file each in `icons/`."""

import re
from functools import cache
from pathlib import Path

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

FOLDER = Path(__file__).parent / "icons"
_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_BACKGROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" */>')


def render(name: str, *, label: str = "", classes: str = "") -> SafeString:
    """Return the icon; hidden from screen readers unless a label says what it means.

    Raises LookupError naming the file that is missing.
    """
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    css = f"icon {escape(classes)}".strip()
    return mark_safe(
        f'<svg class="{css}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"'
        f' stroke-linecap="round" stroke-linejoin="round" {meaning} focusable="false">{_shapes(name)}</svg>'
    )


@cache
def _shapes(name: str) -> str:
    path = FOLDER / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise LookupError(f"There is no icon {name!r}; add registry_ui/web/icons/{name}.svg (Tabler Icons, outline).")
    found = _SHAPES.search(path.read_text())
    if found is None:
        raise LookupError(f"{path} is not an SVG file.")
    return re.sub(r"\s*\n\s*", "", _BACKGROUND.sub("", found[1]))
