"""Send requests to a worker that holds the model, or to any; and tell when the worker that took them died."""

import json
import logging
from dataclasses import asdict, dataclass
from typing import Any, Self

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from ..web.redis import client
from .outcomes import Code, PredictionFailed, WorkerView
from .presence import Presence, queue_for
from .tasks import predict_batch
from .wire import PREDICT_QUEUE, Message, Request, promise_key, reply_key, taken_key

logger = logging.getLogger(__name__)

presence = Presence()


def send(message: Message) -> Message:
    """Send one Celery message; when the broker does not take it, every request in it is answered with the reason."""
    queue = queue_for(message.uri, presence.workers()) or PREDICT_QUEUE
    try:
        predict_batch.apply_async((message.to_json(),), queue=queue, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("The broker did not take a prediction of %s: %s", message.uri, error)
        _refuse(message.requests)
    return message


def living_workers() -> list[WorkerView]:
    """Return the workers that are alive. Raises PredictionFailed at once when there is none."""
    try:
        workers = presence.workers()
    except RedisError as error:
        raise PredictionFailed(Code.NO_WORKER, "Redis cannot be reached, so no worker can be asked.", retry_after_s=5) from error
    if not workers:
        detail = "No worker is running; start one with `celery -A registry_ui worker -P threads -Q jobs,predict`."
        raise PredictionFailed(Code.NO_WORKER, detail, retry_after_s=5)
    return workers


def is_lost(message: Message, known: frozenset[str]) -> bool:
    """Whether a worker that was alive when the message went, and has or may have taken it, is dead now."""
    dead = known - identities(presence.workers())
    if not dead:
        return False
    taken_by = client().get(taken_key(message.id))
    return taken_by is None or taken_by in dead


def identities(workers: list[WorkerView]) -> frozenset[str]:
    """Return the workers' identities; one that was restarted under its old name is another."""
    return frozenset(worker.identity for worker in workers)


@dataclass(frozen=True)
class Promise:
    """The note about a request whose caller did not wait: enough to tell how it goes, and to send it again."""

    message: Message
    workers: list[str]

    def save(self, *, seconds: int) -> None:
        """Keep the note as long as the answer would be kept."""
        (request,) = self.message.requests
        client().set(promise_key(request.id), json.dumps(asdict(self)), ex=seconds)

    @classmethod
    def find(cls, request_id: str) -> Self | None:
        """Return the note of a request."""
        note: Any = client().get(promise_key(request_id))
        if note is None:
            return None
        data = json.loads(note)
        return cls(Message.from_json(data["message"]), data["workers"])

    @property
    def request(self) -> Request:
        return self.message.requests[0]


def _refuse(requests: list[Request]) -> None:
    error = PredictionFailed(Code.NO_WORKER, "The broker did not take the request.").to_json()
    try:
        for request in requests:
            client().rpush(reply_key(request.id), json.dumps({"id": request.id, "error": error}))
            client().expire(reply_key(request.id), 60)
    except RedisError as failed:
        logger.warning("Redis is away, callers will notice themselves: %s", failed)
