"""API tokens of the person who is signed in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from flavor.tasks import InvalidInput

from ...web.htmx import wants_fragment
from .. import tokens as service
from ..forms import TokenForm
from ..models import ApiToken
from ..requests import SignedInRequest
from ..scopes import Scope


@never_cache
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """List the tokens and make a new one, which this answer alone shows."""
    if request.method == "GET":
        return _page(request, TokenForm())
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        made, plain = service.create(request.user, expires_at=form.expires_at, **form.said)
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, form, status=422)
    return _page(request, TokenForm(), made=made, plain=plain, status=201)


@require_POST
def revoke(request: SignedInRequest, token_id: UUID) -> HttpResponse:
    """End a token of one's own."""
    token = get_object_or_404(ApiToken, pk=token_id, user=request.user)
    service.revoke(token)
    if wants_fragment(request):
        return _page(request, TokenForm())
    messages.success(request, f"The token “{token.name}” is revoked: what uses it is refused from now on.")
    return redirect("accounts:tokens")


def _page(
    request: SignedInRequest, form: TokenForm, *, made: ApiToken | None = None, plain: str = "", status: int = 200
) -> HttpResponse:
    template = "accounts/_tokens.html" if wants_fragment(request) else "accounts/tokens.html"
    context = {
        "form": form,
        "tokens": service.list_tokens(request.user),
        "made": made,
        "plain": plain,
        "example": f'curl -H "Authorization: Bearer {plain}" {request.build_absolute_uri("/api/v1/me")}',
        "scope_count": len(Scope),
    }
    return render(request, template, context, status=status)
