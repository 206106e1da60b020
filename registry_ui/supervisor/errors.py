"""What ends a start: one sentence for the person at the terminal, never a stack trace."""


class CannotStart(Exception):
    """The start was given up; the message names the thing, the reason and the way out."""
