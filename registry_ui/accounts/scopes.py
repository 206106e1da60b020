"""What an API token may do; the one list that pages, commands and REST read."""

from collections.abc import Iterable

from django.db import models

from flavor.tasks import InvalidInput


class Scope(models.TextChoices):
    """A right of a token; its label says what it allows."""

    READ = "models:read", "See models, versions, cards, files"
    LOG = "models:log", "Log and register models"
    LOAD = "models:load", "Warm models on workers"
    PREDICT = "models:predict", "Ask models"
    JOBS_READ = "jobs:read", "See jobs and their logs"
    JOBS_WRITE = "jobs:write", "Cancel and retry jobs"
    ASSETS = "assets:write", "Upload images and sound"


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes in the order of `Scope`, each once. Raises InvalidInput naming the one that is not known."""
    asked = [str(scope) for scope in scopes]
    if not asked:
        raise InvalidInput("scopes", f"A token without scopes may do nothing; choose from: {', '.join(Scope)}.")
    unknown = next((scope for scope in asked if scope not in Scope), None)
    if unknown is not None:
        raise InvalidInput("scopes", f"There is no scope {unknown!r}; choose from: {', '.join(Scope)}.")
    return [str(scope) for scope in Scope if scope in asked]
