"""Sounds, and texts that were heard in them."""

from dataclasses import dataclass
from typing import Any

from flavor.tasks import Kind, Row

from ..values import Medium, medium_of
from .base import Answer, number_of


@dataclass(frozen=True)
class Sound:
    medium: Medium
    sampling_rate: float | None
    seconds: float | None


@dataclass(frozen=True)
class Sounds:
    sounds: list[Sound]


@dataclass(frozen=True)
class Chunk:
    """A piece of a transcript, from `start` to `end` in seconds."""

    text: str
    start: float | None
    end: float | None


@dataclass(frozen=True)
class Transcript:
    texts: list[str]
    chunks: list[Chunk]
    subtitles: str  # WebVTT; empty without times
    language: str  # that was heard; empty where nobody asked
    media: list[Medium]


def draw_sounds(answer: Answer) -> Sounds:
    """Return every sound of every record."""
    found = []
    for record in answer.records:
        for value in record.values():
            medium = medium_of(value, Kind.AUDIO)
            if medium is not None and medium.is_audio:
                found.append(Sound(medium, number_of(record.get("sampling_rate")), number_of(record.get("seconds"))))
    return Sounds(found)


def draw_transcript(answer: Answer) -> Transcript:
    """Return the text, and its pieces with their times where the model gave them."""
    chunks = [_chunk(chunk) for record in answer.records for chunk in record.get("chunks") or []]
    timed = [chunk for chunk in chunks if chunk.start is not None]
    subtitles = "WEBVTT\n\n" + "\n\n".join(_cue(chunk) for chunk in timed) + "\n" if timed else ""
    texts = [answer.text_of(record, "text") for record in answer.records]
    language = next((str(record["language"]) for record in answer.records if record.get("language")), "")
    return Transcript(texts, chunks, subtitles, language, answer.media)


def _chunk(chunk: Row) -> Chunk:
    times: Any = chunk.get("timestamp") or (None, None)
    return Chunk(str(chunk.get("text") or ""), number_of(times[0]), number_of(times[1]))


def _cue(chunk: Chunk) -> str:
    end = chunk.end if chunk.end is not None else (chunk.start or 0) + 2
    return f"{_clock(chunk.start or 0)} --> {_clock(end)}\n{chunk.text.strip()}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
