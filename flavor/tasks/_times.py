"""What is timed in a transcript."""

from enum import StrEnum

TIMES = "return_timestamps"


class Times(StrEnum):
    NONE = "none"
    SEGMENT = "segment"
    WORD = "word"
    CHAR = "char"
