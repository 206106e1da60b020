"""Database time: leases, deadlines and bells are compared with one clock, never with a worker's own."""

from datetime import timedelta

from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Now


def now() -> Now:
    """Return the database's time of this statement."""
    return Now()


def in_seconds(seconds: float) -> Combinable:
    """Return the database's time `seconds` from now; negative lies in the past."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
