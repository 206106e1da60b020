"""Code with classes for its colors."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

# Coloring costs about a second for each megabyte.
LONGEST_COLORED = 200_000


def highlight(code: str, language: str = "") -> SafeString:
    """Return the code as HTML; without colors when the language is not known or the code is very long."""
    if not language or len(code) > LONGEST_COLORED:
        return mark_safe(escape(code))
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return mark_safe(escape(code))
    return mark_safe(pygmentize(code, lexer, HtmlFormatter(nowrap=True)))
