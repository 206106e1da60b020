"""The Django app `playground`."""

from django.apps import AppConfig


class PlaygroundConfig(AppConfig):
    name = "registry_ui.playground"
    label = "playground"
