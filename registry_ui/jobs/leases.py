"""Leadership by lease: of all workers, one holds a named duty (sweeping, syncing) at a time."""

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from .clock import in_seconds, now


class Lease(models.Model):
    """Who holds a duty, and until when (database time)."""

    name = models.CharField(max_length=100, primary_key=True)
    owner = models.CharField(max_length=200)
    until = models.DateTimeField()

    class Meta:
        app_label = "jobs"


def hold(name: str, *, owner: str, seconds: float) -> bool:
    """Take or renew the duty `name` for `seconds`; False while somebody else holds it."""
    if _renew(name, owner, seconds):
        return True
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, owner=owner, until=in_seconds(seconds))
    except IntegrityError:
        return False
    return True


def let_go(name: str, *, owner: str) -> None:
    """Give the duty up, so that another worker need not wait for the lease to end."""
    Lease.objects.filter(name=name, owner=owner).delete()


def _renew(name: str, owner: str, seconds: float) -> bool:
    free_or_mine = Q(owner=owner) | Q(until__lt=now())
    return bool(Lease.objects.filter(free_or_mine, name=name).update(owner=owner, until=in_seconds(seconds)))
