"""The Celery app: `celery -A registry_ui worker -P threads -Q jobs,predict`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry_ui.settings")

app = Celery("registry_ui")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["registry_ui.jobs", "registry_ui.predictions"])
