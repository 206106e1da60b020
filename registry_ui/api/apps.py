"""The Django app `api`."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "registry_ui.api"
    label = "api"
