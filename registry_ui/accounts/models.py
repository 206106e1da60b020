"""People and machines that may come in: users, API tokens, one-time sign-in links."""

import uuid
from enum import StrEnum

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone


class User(AbstractUser):
    """A person. Custom from the first day, so that later fields need no surgery."""


class TokenStanding(StrEnum):
    """Whether a token still lets in."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ApiToken(models.Model):
    """A REST bearer token `mlr_<key>.<secret>`; only a keyed hash of the secret is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def standing(self) -> TokenStanding:
        """Whether it still lets in, or why not."""
        if self.revoked_at:
            return TokenStanding.REVOKED
        if self.expires_at and self.expires_at <= timezone.now():
            return TokenStanding.EXPIRED
        return TokenStanding.ACTIVE

    @property
    def is_active(self) -> bool:
        """Whether it still lets in."""
        return self.standing is TokenStanding.ACTIVE


class SignInLink(models.Model):
    """A link that signs its user in once; only a hash of it is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
