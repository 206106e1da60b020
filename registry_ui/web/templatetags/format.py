"""Numbers, times and states as people read them; built into every template."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import highlighting, icons
from ..badges import badge_of, icon_of
from ..markdown import to_safe_html

register = template.Library()

Number = int | float | Decimal
NOTHING = "\N{EN DASH}"
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_AGES = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (30 * 86400, 86400, "d"))


@register.filter(name="bytes")
def format_bytes(size: Number | None) -> str:
    """Return a size in decimal units, three digits at most: 268 MB."""
    if size is None:
        return NOTHING
    value, unit = float(size), 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{_three_digits(value) if unit else f'{value:.0f}'} {_UNITS[unit]}"


@register.filter
def count(value: Number | None) -> str:
    """Return how many, in short: 67M parameters, 1.2k downloads; below ten thousand exactly."""
    if value is None:
        return NOTHING
    magnitude = abs(float(value))
    if magnitude < 10_000:
        return f"{value:,.0f}"
    scale, letter = next((scale, letter) for scale, letter in _SCALES if magnitude >= scale * 0.9995)
    return f"{_three_digits(float(value) / scale)}{letter}"


@register.filter
def number(value: Any) -> str:
    """Return a number with its thousands apart and four significant digits after them; anything else as it is."""
    if value is None:
        return NOTHING
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    if not 1000 <= abs(float(value)) < 1e15:
        return f"{value:.4g}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


@register.filter
def score(value: Number | None) -> str:
    """Return a score between 0 and 1 with three decimals, never rounded up to certainty or down to nothing."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0005:
        return "<0.001"
    if 0.9995 <= value < 1:
        return ">0.999"
    return f"{value:.3f}"


@register.filter
def duration(value: Number | timedelta | None, unit: str = "s") -> str:
    """Return a time span: `1.42|duration` and `1420|duration:"ms"` are both 1.4 s."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value) / (1000 if unit == "ms" else 1)
    if seconds < 0.9995:
        return f"{_three_digits(seconds * 1000) if seconds < 0.01 else f'{seconds * 1000:.0f}'} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h"


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago, exact on hover."""
    if moment is None:
        return NOTHING
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', exact.isoformat(), exact.strftime("%Y-%m-%d %H:%M:%S %Z"), _age(moment)
    )


@register.filter
def short_id(value: Any) -> str:
    """Return the beginning of an id, enough to tell it from others: 8 digits, a prefix like `m-` kept."""
    text = str(value or "")
    prefix, dash, rest = text.partition("-")
    return f"{prefix}-{rest[:8]}" if dash and len(prefix) == 1 else text[:8]


@register.filter
def markdown(text: str | None) -> SafeString:
    """Return Markdown as HTML that is safe to show, whoever wrote it."""
    return to_safe_html(text or "")


@register.simple_tag
def icon(name: str, label: str = "", classes: str = "") -> SafeString:
    """Return an icon as inline SVG; a label when it stands alone."""
    return icons.render(name, label=label, classes=classes)


@register.filter
def tone_icon(tone: str) -> str:
    """Return the name of the icon of a notice: of `ok`, `info`, `warn`, `bad`."""
    return icon_of(tone)


@register.simple_tag
def highlight(code: str, language: str = "") -> SafeString:
    """Return code with classes for its colors."""
    return highlighting.highlight(code, language)


@register.inclusion_tag("components/_badge.html")
def state_badge(state: object) -> dict[str, Any]:
    """Show the state of a job, a model on a worker or a model version."""
    return {"badge": badge_of(state)}


def _three_digits(value: float) -> str:
    """Return three significant digits without a tail of zeros."""
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _age(moment: datetime) -> str:
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 0:
        return _span(-seconds, before="in ", after="") or moment.strftime("%Y-%m-%d")
    if seconds < 5:
        return "just now"
    return _span(seconds, before="", after=" ago") or moment.strftime("%Y-%m-%d")


def _span(seconds: float, *, before: str, after: str) -> str:
    for limit, size, unit in _AGES:
        if seconds < limit:
            return f"{before}{int(seconds // size)} {unit}{after}"
    return ""
