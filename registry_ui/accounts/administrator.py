"""The administrator of a new registry."""

from django.db import IntegrityError, transaction

from .models import User

NAME = "admin"


class NameTaken(Exception):
    """The administrator's name belongs to somebody who is none."""


def ensure() -> User:
    """Return an administrator; in a new registry that is `admin`, who has no password and comes in by a link.

    Raises NameTaken. Two processes that start together make one.
    """
    try:
        with transaction.atomic():
            return find() or User.objects.create_superuser(NAME)
    except IntegrityError:
        present = find()
        if present is None:
            raise NameTaken(
                f"The user {NAME!r} exists and is no administrator; make one with `manage.py createsuperuser`."
            ) from None
        return present


def find() -> User | None:
    """Return the administrator who is there the longest, None in a new registry."""
    return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


def has_anybody_come() -> bool:
    """Whether an administrator has ever signed in."""
    return User.objects.filter(is_superuser=True, last_login__isnull=False).exists()
