"""Nobody sees a page without being signed in, except the pages that say so."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, which sends people to the sign-in page; a request of htmx takes the whole page there.

    A redirect would be followed by the browser unseen, and the sign-in page swapped into the middle of another.
    Afterwards people are brought back to the page they were on, never to an address that only takes a POST.
    """

    def handle_no_permission(  # type: ignore[override]  # the stubs know of redirects only
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        htmx = HtmxDetails(request)
        page = request.get_full_path() if request.method == "GET" and not htmx else htmx.current_url_abs_path or "/"
        sign_in = redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        return HttpResponse(status=401, headers={"HX-Redirect": sign_in.url}) if htmx else sign_in
