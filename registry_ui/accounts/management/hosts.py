"""Addresses as commands print them: a command does not know under which name the pages are reached, so it is told."""

from django.core.management.base import CommandError

DEFAULT_HOST = "http://127.0.0.1:8000"


def absolute(host: str, path: str) -> str:
    """Return the address of `path` under `host`, which may leave out http://."""
    base = (host if "://" in host else f"http://{host}").rstrip("/")
    scheme, _, rest = base.partition("://")
    if scheme not in {"http", "https"} or not rest or any(sign in rest for sign in "/?#@ "):
        raise CommandError(f"--host must be a scheme, a name and a port, such as {DEFAULT_HOST}; got {host!r}.")
    return f"{base}{path}"
