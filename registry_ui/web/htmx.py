"""Whether a request wants a page or only the fragment that htmx swaps in."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request after `HtmxMiddleware`."""

    htmx: HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asked and will swap in a part; going back in history needs the whole page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if not htmx:
        return False
    return not htmx.boosted and not htmx.history_restore_request
