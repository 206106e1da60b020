"""Written texts, one panel for each, with what else was made."""

from dataclasses import dataclass

from flavor.tasks import Row

from ...web.badges import Badge
from ..values import Medium
from .base import Answer, finish_of, media_of, whole_of


@dataclass(frozen=True)
class Written:
    """One text; `prompt` is what was put in front of it and is not new."""

    text: str
    prompt: str
    finish: Badge | None
    tokens: int | None
    media: list[Medium]


@dataclass(frozen=True)
class Texts:
    texts: list[Written]
    media: list[Medium]


def draw(answer: Answer) -> Texts:
    """Return every record's text, the prompt in front of it apart."""
    return Texts([_written(answer, record) for record in answer.records], answer.media)


def _written(answer: Answer, record: Row) -> Written:
    text = answer.text_of(record)
    prompt = next((each for each in answer.texts if each and text.startswith(each)), "")
    tokens = whole_of(record.get("generated_tokens"))
    return Written(text[len(prompt) :], prompt, finish_of(record), tokens, media_of(record))
