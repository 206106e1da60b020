"""API tokens: made, found and revoked. The secret is shown once; the row keeps a keyed hash of it."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from flavor.tasks import InvalidInput

from .models import ApiToken, User
from .scopes import check_scopes

LONGEST_NAME = 100
# Use is written at most this often: a busy client shall not cost a write per request.
USE_WRITTEN_EVERY = timedelta(minutes=1)

_FORM = re.compile(r"mlr_(?P<key>[0-9a-f]{16})\.(?P<secret>[\w\-]{43})", re.ASCII)


def create(user: User, *, name: str, scopes: Iterable[str], expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token; returns its row and the token itself, which nobody can read again.

    Raises InvalidInput naming `name`, `scopes` or `expires_at`.
    """
    key, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=_checked_name(name),
        scopes=check_scopes(scopes),
        expires_at=_checked_expiry(expires_at),
        key=key,
        secret_hash=_hash_of(key, secret),
    )
    return token, f"mlr_{key}.{secret}"


def find_valid(plain: str) -> ApiToken | None:
    """Return the token with its user if it is right, alive and its user active; remember that it was used."""
    form = _FORM.fullmatch(plain)
    if form is None:
        return None
    token = _living().filter(key=form["key"], user__is_active=True).select_related("user").first()
    if token is None or not constant_time_compare(token.secret_hash, _hash_of(form["key"], form["secret"])):
        return None
    _remember_use(token)
    return token


def revoke(token: ApiToken) -> None:
    """End the token at once; it stays in the list with the time of its end."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db()


def list_tokens(user: User) -> QuerySet[ApiToken]:
    """Return the user's tokens, newest first."""
    return user.api_tokens.order_by("-created_at")


def _hash_of(key: str, secret: str) -> str:
    """HMAC-SHA256 keyed by SECRET_KEY: a stolen table alone lets nobody in. The secret is random, so a fast hash is enough."""
    return salted_hmac("registry_ui.accounts.tokens", f"{key}.{secret}", algorithm="sha256").hexdigest()


def _living() -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


def _remember_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < USE_WRITTEN_EVERY:
        return
    unwritten = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_WRITTEN_EVERY)
    ApiToken.objects.filter(unwritten, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not 0 < len(stripped) <= LONGEST_NAME:
        raise InvalidInput("name", f"A token's name has 1 to {LONGEST_NAME} characters, this one {len(stripped)}.")
    return stripped


def _checked_expiry(expires_at: datetime | None) -> datetime | None:
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput(
            "expires_at", f"The token would have expired already, at {expires_at:%Y-%m-%d %H:%M}; choose a later time."
        )
    return expires_at
