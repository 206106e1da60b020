"""The Celery app: `celery -A registry_ui worker -P threads -Q jobs,predict`."""

import logging
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_ui.settings")
# A worker need not import every page to check its URLs: the web process and `make check` do.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

logger = logging.getLogger(__name__)

app = Celery("registry_ui")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry_ui.jobs", "registry_ui.predictions"])

# `workers` is imported here, inside the signals that only a worker sends, and nowhere else.


@signals.worker_init.connect
def _start(sender: Any, **options: Any) -> None:
    from .workers import startup

    try:
        startup.start(app, hostname=sender.hostname, pool=sender.pool_cls)
    except Exception as error:  # Celery would only log it, and go on as a worker that hears nothing
        logger.exception("The worker cannot start")
        raise SystemExit(f"The worker cannot start: {error}") from error


@signals.worker_ready.connect
def _ready(**options: Any) -> None:
    from .workers import startup

    startup.ready()


@signals.worker_shutting_down.connect
def _leave(**options: Any) -> None:
    from .workers import startup

    startup.leave()


@signals.worker_shutdown.connect
def _stop(**options: Any) -> None:
    from .workers import startup

    startup.stop()
