"""URLs of assets."""

from django.urls import path

from . import views

app_name = "assets"
urlpatterns = [path("<uuid:asset_id>", views.asset, name="asset")]
