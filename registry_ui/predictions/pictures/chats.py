"""Chats: the messages that were sent and the one that answers them."""

from dataclasses import dataclass, replace
from typing import Any

from flavor.tasks import Kind, Row

from ...web.badges import Badge
from ..values import MEDIA, Medium, as_json, medium_of
from .base import Answer, finish_of, media_of, whole_of


@dataclass(frozen=True)
class Turn:
    """One message of a chat: texts and media in their order."""

    role: str
    texts: list[str]
    media: list[Medium]
    other: str  # tool calls and the like, as JSON
    is_new: bool = False
    finish: Badge | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Chat:
    turns: list[Turn]
    reply: str  # the answer as a message in JSON, for a composer that goes on; empty when there are several


def draw(answer: Answer) -> Chat:
    """Return the messages that were sent and the one that answers them."""
    name = next((each.name for each in answer.task.inputs if each.kind is Kind.MESSAGES), "")
    sent = answer.row.get(name) or []
    replies = [_message_of(answer, record) for record in answer.records]
    turns = _with_media([_turn(message) for message in sent if isinstance(message, dict)], answer.media)
    new = [
        _turn(
            message,
            is_new=True,
            finish=finish_of(record),
            tokens=whole_of(record.get("generated_tokens")),
        )
        for message, record in zip(replies, answer.records, strict=True)
    ]
    new = [replace(turn, media=[*turn.media, *media_of(record)]) for turn, record in zip(new, answer.records, strict=True)]
    return Chat([*turns, *new], as_json(replies[0]) if _is_one_in_words(replies) else "")


def _is_one_in_words(replies: list[Row]) -> bool:
    """Whether a chat can go on from the reply: an image that was made is not one."""
    return len(replies) == 1 and any(value for name, value in replies[0].items() if name != "role")


def _with_media(turns: list[Turn], media: list[Medium]) -> list[Turn]:
    """The turns with what was sent beside them in the user's first one, which is where the model sees it."""
    first = next((place for place, turn in enumerate(turns) if turn.role == "user"), None)
    if first is None or not media:
        return turns
    return [*turns[:first], replace(turns[first], media=[*media, *turns[first].media]), *turns[first + 1 :]]


def _message_of(answer: Answer, record: Row) -> Row:
    message = record.get("message")
    return message if isinstance(message, dict) else {"role": "assistant", "content": answer.text_of(record)}


def _turn(message: Row, **about: Any) -> Turn:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}] if isinstance(content, str) else []
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    media = [medium for part in parts if isinstance(part, dict) and (medium := _medium_of(part)) is not None]
    other = {name: value for name, value in message.items() if name not in ("role", "content") and value}
    return Turn(str(message.get("role") or ""), texts, media, as_json(other) if other else "", **about)


def _medium_of(part: Row) -> Medium | None:
    kind = next((kind for kind in MEDIA if part.get("type") == kind), None)
    if kind is None:
        return None
    value = {"asset": part["asset"]} if "asset" in part else part.get(str(kind))
    return medium_of(value, kind)
