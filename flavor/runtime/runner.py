"""What the child of a model does: load it, then answer all that waits, together, until nobody is left to ask.

A thread reads requests and cancels while the main thread computes. Requests with equal params are run as one call; a stream
is run alone. Nothing waits for company: the first request is taken at once, and whatever came meanwhile goes with the next.
"""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import calls
from .asked import Asked, error
from .channel import Channel
from .inbox import Inbox
from .names import resolve

logger = logging.getLogger(__name__)

DIED_WITH_US = 1


def serve(channel: Channel, *, loader: str, path: str, options: dict[str, Any], max_batch: int) -> None:
    """Load the model in the folder `path` by `loader(path, **options)`, say how that went, and answer requests."""
    _stay_offline()
    inbox = Inbox(answer=channel.send, max_rows=max_batch)
    threading.Thread(target=_listen, args=(channel, inbox), name="listen", daemon=True).start()
    try:
        model = resolve(loader)(path, **options)
        _warm_up(model)
    except Exception as problem:  # noqa: BLE001  # the border of the process: told to the one who asked
        channel.send({"failed": calls.as_json(problem), "traceback": traceback.format_exc()})
        return
    channel.send({"loaded": True})
    while True:
        batch = inbox.take()
        channel.send({"taken": [each.number for each in batch]})
        for answer in _answers(model, batch, channel.send):
            channel.send(answer)


def _answers(model: Any, batch: list[Asked], send: Callable[[dict], None]) -> list[dict[str, Any]]:
    """Run a batch; one that fails as a whole is run again request by request, so that only the one at fault fails."""
    started_at, started = time.time(), time.perf_counter()
    try:
        found = [_stream(model, batch[0], send)] if batch[0].is_stream else _run(model, batch)
    except Exception as problem:  # noqa: BLE001  # the border of the process: told to the one who asked
        if len(batch) > 1:
            return [answer for each in batch for answer in _answers(model, [each], send)]
        failure = calls.as_json(problem)
        if failure["code"] == "internal-error":
            logger.error("%s", traceback.format_exc())
        return [batch[0].failed(failure)]
    model_ms = round((time.perf_counter() - started) * 1000, 2)
    return [{**answer, "started_at": started_at, "model_ms": model_ms} for answer in found]


def _run(model: Any, batch: list[Asked]) -> list[dict[str, Any]]:
    rows = [row for each in batch for row in each.rows]
    results = model.run(
        rows,
        batch[0].params,
        should_stop=lambda: all(each.is_unwanted() for each in batch),
        on_error="row",
        overlong=batch[0].overlong,
    )
    answers, start = [], 0
    for each in batch:
        answers.append(each.answered(results[start : start + len(each.rows)]))
        start += len(each.rows)
    return answers


def _stream(model: Any, asked: Asked, send: Callable[[dict], None]) -> dict[str, Any]:
    result = None
    for piece in model.stream(asked.rows[0], asked.params, should_stop=asked.is_unwanted, overlong=asked.overlong):
        if isinstance(piece, str):
            send({"token": asked.number, "text": piece})
        else:
            result = piece
    if result is None:
        return asked.failed(error("internal-error", "The stream ended without a result."))
    return asked.answered([result])


def _warm_up(model: Any) -> None:
    """Run the task's example once: the first call is slower than others, and shows what memory the model needs."""
    params = {"max_new_tokens": 1} if model.task.generates else None
    for result in model.run([model.task.example], params, on_error="row"):
        if result.error:
            logger.warning("The example of %s failed: %s", model.task.name, result.error["detail"])


def _listen(channel: Channel, inbox: Inbox) -> None:
    for message in channel.messages():
        if "predict" in message:
            inbox.put([Asked(**each) for each in message["predict"]])
        elif "cancel" in message:
            inbox.cancel(set(message["cancel"]))
    os._exit(DIED_WITH_US)  # nobody is left to ask


def _stay_offline() -> None:
    """A child that runs a model fetches nothing: its files are here, and inputs must not become addresses."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants: Any = sys.modules.get("huggingface_hub.constants")
    if constants is not None:  # read when it was imported, in the zygote
        constants.HF_HUB_OFFLINE = True
