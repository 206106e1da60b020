"""Markdown of model cards as HTML that is safe to show, whoever wrote it."""

from django.utils.safestring import SafeString, mark_safe


def to_safe_html(text: str) -> SafeString:
    from django.utils.html import linebreaks

    return mark_safe(linebreaks(text, autoescape=True))
