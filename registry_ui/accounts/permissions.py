"""Who may do what. For now everybody who is signed in may do nearly everything; roles will change this file only."""

from typing import Protocol

from .models import User


class Owned(Protocol):
    """Something that somebody asked for."""

    @property
    def created_by_id(self) -> int | None: ...


def can_log(user: User) -> bool:
    """Whether the person may log and register models."""
    return user.is_active


def can_steer(user: User, job: Owned) -> bool:
    """Whether the person may cancel or retry the job: who asked for it, and administrators."""
    return user.is_superuser or (job.created_by_id is not None and job.created_by_id == user.pk)
