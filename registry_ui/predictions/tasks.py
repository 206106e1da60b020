"""The Celery message of the interactive path."""

from importlib import import_module
from typing import Any

from celery import shared_task

# Resolved in the worker only: the web process never imports `workers`.
HANDLER = "registry_ui.workers.predict_batch"


@shared_task(name="registry_ui.predictions.tasks.predict_batch")
def predict_batch(message: dict[str, Any]) -> None:
    """Hand the requests to the model pool; the answers go out when they are there."""
    import_module(HANDLER).run(message)
