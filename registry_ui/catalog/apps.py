"""The Django app `catalog`."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "registry_ui.catalog"
    label = "catalog"
