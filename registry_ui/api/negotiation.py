"""What the answer is written in: JSON, whatever Accept says; views that can do more ask the request themselves."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

EVENT_STREAM = "text/event-stream"


class JsonUnlessAsked(DefaultContentNegotiation):
    """A problem must reach a client that asked for an event stream or a picture too, so Accept refuses nothing."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


def wants(request: Request, media_type: str) -> bool:
    """Whether the asker likes this type better than JSON."""
    return request.get_preferred_type(["application/json", media_type]) == media_type
