"""The password of the person who is signed in; somebody who came by a link may set a first one."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ..requests import SignedInRequest


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: SignedInRequest) -> HttpResponse:
    """Set or change the password; other sessions of the person end."""
    form_class = PasswordChangeForm if request.user.has_usable_password() else SetPasswordForm
    form = form_class(request.user, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return render(request, "accounts/password.html", {"form": form})
    if not form.is_valid():
        return render(request, "accounts/password.html", {"form": form}, status=422)
    update_session_auth_hash(request, form.save())
    messages.success(request, "The password is set. You stay signed in here; other browsers have to sign in again.")
    return redirect("accounts:password")
