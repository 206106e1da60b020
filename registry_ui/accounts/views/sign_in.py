"""Coming in and going out."""

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from .. import attempts, links
from ..forms import SignInForm
from ..links import Standing

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by name and password; too many wrong ones have to wait."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    if request.method == "GET":
        return _page(request, SignInForm(request))
    name, address = request.POST.get("username", ""), request.META.get("REMOTE_ADDR", "")
    wait_s = attempts.count(name, address)
    if wait_s:
        response = _page(request, SignInForm(request, initial={"username": name}), wait_s=wait_s, status=429)
        response["Retry-After"] = str(wait_s)
        return response
    form = SignInForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    attempts.forget(name, address)
    login(request, form.get_user())
    return redirect(_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and show the sign-in page."""
    logout(request)
    return redirect("accounts:sign_in")


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a one-time link. Only the button uses it up: a program that looks at links before people do does not."""
    if request.method == "POST":
        user = links.use(token)
        if user is not None:
            login(request, user, backend=BACKEND)
            return redirect(settings.LOGIN_REDIRECT_URL)
    standing = links.standing_of(token)
    status = 200 if standing is Standing.VALID else 410
    return render(request, "accounts/link.html", {"standing": standing, "token": token}, status=status)


def _page(request: HttpRequest, form: SignInForm, *, wait_s: int = 0, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": _asked_for(request), "next_field": REDIRECT_FIELD_NAME, "wait_s": wait_s}
    return render(request, "accounts/sign_in.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """Return the page that was asked for, if it is one of ours."""
    return _asked_for(request) or resolve_url(settings.LOGIN_REDIRECT_URL)


def _asked_for(request: HttpRequest) -> str:
    url = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    ours = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if ours else ""
