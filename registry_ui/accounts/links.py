"""One-time sign-in links: made for a person, used once, worthless afterwards."""

import secrets
from datetime import timedelta
from enum import StrEnum

from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .models import SignInLink, User

LIVES_MINUTES = 30


class Standing(StrEnum):
    """Whether a link still signs in, or why not."""

    VALID = "valid"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def create(user: User, *, minutes: float = LIVES_MINUTES) -> str:
    """Return the path of a new link that signs `user` in once within `minutes`."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_hash=_hash_of(token), expires_at=timezone.now() + timedelta(minutes=minutes))
    return reverse("accounts:link", args=[token])


def standing_of(token: str) -> Standing:
    """Say whether the link would sign in now. Asking does not use it up."""
    link = SignInLink.objects.filter(token_hash=_hash_of(token), user__is_active=True).first()
    if link is None:
        return Standing.UNKNOWN
    if link.used_at:
        return Standing.USED
    return Standing.VALID if link.expires_at > timezone.now() else Standing.EXPIRED


def use(token: str) -> User | None:
    """Use the link up and return whom it signs in; None when it does not, or somebody was first."""
    now = timezone.now()
    link = SignInLink.objects.select_related("user").filter(token_hash=_hash_of(token), user__is_active=True).first()
    if link is None:
        return None
    won = SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(used_at=now)
    return link.user if won else None


def _hash_of(token: str) -> str:
    return salted_hmac("registry_ui.accounts.links", token, algorithm="sha256").hexdigest()
