"""URLs of playground."""

from django.urls import path

from . import views

app_name = "playground"
urlpatterns = [
    path("playground", views.index, name="index"),
    path("models/<str:name>/versions/<str:version>/playground", views.playground, name="playground"),
]
