"""The tabs of a version's page."""

from enum import StrEnum


class Tab(StrEnum):
    CARD = "card"
    SIGNATURE = "signature"
    PROMPT = "prompt"
    METRICS = "metrics"
    FILES = "files"
