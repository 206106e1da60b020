"""One process that starts, watches, restarts and stops everything a registry on one machine needs; no Django, no Celery."""
