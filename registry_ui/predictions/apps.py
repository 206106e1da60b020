"""The Django app `predictions`."""

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "registry_ui.predictions"
    label = "predictions"
