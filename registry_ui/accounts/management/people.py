"""People as commands name them."""

from django.core.management.base import CommandError

from ..models import User


def get_user(username: str) -> User:
    """Return the active user of this name, or refuse naming who there is."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        names = ", ".join(User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)[:20])
        raise CommandError(f"There is no active user {username!r}; there are: {names or 'none, run `manage.py ensure_admin`'}.")
    return user
