"""The forms of the account pages."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone

from .scopes import Scope


class SignInForm(AuthenticationForm):
    """Name and password; the cursor stands where something is missing."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "That name and password do not belong together. Both tell capital from small letters.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = bool(self["username"].value())
        self.fields["username"].widget.attrs["autofocus"] = not named
        self.fields["password"].widget.attrs["autofocus"] = named


class TokenForm(forms.Form):
    """What a new API token is called, may do, and when it ends."""

    DAYS = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Never"))

    name = forms.CharField(
        max_length=100,
        help_text="What will use it, such as “nightly evaluation”.",
        error_messages={"required": "Give the token a name, so that you know later what uses it."},
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one: a token without scopes may do nothing."},
    )
    expires = forms.ChoiceField(label="Ends after", choices=DAYS, initial="90", required=False)

    @property
    def said(self) -> dict[str, Any]:
        """Name and scopes, as `tokens.create` takes them."""
        return {"name": self.cleaned_data["name"], "scopes": self.cleaned_data["scopes"]}

    @property
    def expires_at(self) -> datetime | None:
        """When the token ends; None is never."""
        days = self.cleaned_data["expires"]
        return timezone.now() + timedelta(days=int(days)) if days else None
