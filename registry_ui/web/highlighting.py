"""Code with classes for its colors."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# Coloring costs about a second for each megabyte, and text of strangers passes here.
LONGEST_COLORED = 100_000
# Some lexers are slow by the square on odd text; these are plain.
# fmt: off
LANGUAGES = frozenset({
    "bash", "console", "css", "diff", "django", "docker", "html", "ini", "java", "javascript", "jinja", "js", "json", "make",
    "markdown", "md", "py", "pycon", "python", "python3", "rust", "sh", "shell", "sql", "toml", "ts", "typescript", "xml", "yaml",
    "yml",
})
# fmt: on


def highlight(code: str, language: str = "") -> SafeString:
    """Return the code as HTML; without colors when the language is not known or the code is very long."""
    if language.lower() not in LANGUAGES or len(code) > LONGEST_COLORED:
        return mark_safe(escape(code))
    # Lexers of consoles drop a last line that does not end.
    lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=True)
    colored = pygmentize(code, lexer, HtmlFormatter(nowrap=True))
    return mark_safe(colored if code.endswith("\n") else colored.removesuffix("\n"))
