"""URLs of accounts."""

from django.urls import path

from .views import password, sign_in, tokens

app_name = "accounts"
urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign_in"),
    path("sign-out", sign_in.sign_out, name="sign_out"),
    path("link/<str:token>", sign_in.link, name="link"),
    path("tokens", tokens.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke", tokens.revoke, name="revoke_token"),
    path("password", password.password, name="password"),
]
