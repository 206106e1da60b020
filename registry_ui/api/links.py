"""Addresses in answers: of REST, and of the page that shows the same to people."""

from typing import Any

from django.urls import reverse


def api_url(name: str, *args: Any) -> str:
    """Return the address of a resource, as a path: it holds whatever host the client came by."""
    return reverse(f"api:{name}", args=args)


def page_url(name: str, *args: Any) -> str:
    """Return the address of a page."""
    return reverse(name, args=args)
