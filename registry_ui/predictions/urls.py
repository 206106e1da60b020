"""URLs of predictions."""

from django.urls import URLPattern

app_name = "predictions"
urlpatterns: list[URLPattern] = []
