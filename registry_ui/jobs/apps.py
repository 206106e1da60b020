"""The Django app `jobs`."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "registry_ui.jobs"
    label = "jobs"
