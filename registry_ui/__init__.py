"""The Django project; exports the Celery app so that `celery -A registry_ui` finds it."""

from .celery import app as celery_app

__all__ = ["celery_app"]
