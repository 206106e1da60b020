"""Answers on their way out: pipelined to Redis first, then as rows of the history, many at once."""

import json
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from redis.exceptions import RedisError

from ..predictions import history
from ..predictions.streams import TokenWriter
from ..predictions.wire import Message, Request, reply_key
from ..web.redis import client
from . import output_media

logger = logging.getLogger(__name__)

AT_ONCE = 200


@dataclass(frozen=True)
class Reply:
    """One answer and where it goes."""

    message: Message
    request: Request
    answer: dict[str, Any]
    tokens: TokenWriter | None = field(default=None, compare=False)


class Replies:
    """Threads: one answers, one writes history, so that no caller waits for the database; one keeps the media of answers."""

    def __init__(self) -> None:
        self._media = _Drain("media", self._keep_media)
        self._answers = _Drain("replies", self._send)
        self._history = _Drain("history", _write_history)

    def put(self, reply: Reply) -> None:
        """Send the answer as soon as possible; returns at once."""
        (self._media if output_media.holds_files(reply.answer) else self._answers).put(reply)

    def close(self) -> None:
        """Send and write what is left."""
        self._media.close()
        self._answers.close()
        self._history.close()

    def _keep_media(self, replies: list[Reply]) -> None:
        close_old_connections()
        for reply in replies:
            self._answers.put(replace(reply, answer=output_media.kept(reply.answer, reply.request.caller_id)))

    def _send(self, replies: list[Reply]) -> None:
        try:
            _send(replies)
        except RedisError as error:
            logger.warning("%d answers were lost, Redis is away: %s", len(replies), error)
        for reply in replies:
            self._history.put(reply)


class _Drain:
    """A thread that takes all that waits and hands it on together."""

    def __init__(self, name: str, work: Callable[[list[Reply]], None]) -> None:
        self._queue: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, reply: Reply) -> None:
        self._queue.put(reply)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            taken = self._take()
            is_open = None not in taken
            if replies := [reply for reply in taken if reply is not None]:
                self._work(replies)
        connection.close()

    def _take(self) -> list[Reply | None]:
        taken = [self._queue.get()]
        while len(taken) < AT_ONCE and not self._queue.empty():
            taken.append(self._queue.get())
        return taken


def _send(replies: list[Reply]) -> None:
    with client().pipeline(transaction=False) as pipeline:
        for reply in replies:
            if reply.tokens is None:
                name = reply_key(reply.request.id)
                pipeline.rpush(name, json.dumps(reply.answer))
                pipeline.expire(name, settings.PREDICT_RESULT_KEPT_S)
        pipeline.execute()
    for reply in replies:
        if reply.tokens is not None:
            reply.tokens.end(reply.answer)


def _write_history(replies: list[Reply]) -> None:
    close_old_connections()
    try:
        history.write([history.row_of(reply.message, reply.request, reply.answer) for reply in replies])
    except DatabaseError:
        logger.exception("The history of %d predictions was not written", len(replies))
