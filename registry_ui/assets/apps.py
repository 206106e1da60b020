"""The Django app `assets`."""

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "registry_ui.assets"
    label = "assets"
