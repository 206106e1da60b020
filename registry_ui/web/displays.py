"""Which partial draws which Display."""

from flavor.tasks import Display


def partial_of(display: Display) -> str:
    """Return the template that draws a result of this display."""
    return f"outputs/_{display}.html"
