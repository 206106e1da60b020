"""URLs of predictions, of models on workers, and of the workers."""

from django.urls import path

from .views import models, predictions, streams, workers

app_name = "predictions"
urlpatterns = [
    path("predictions/<uuid:prediction_id>", predictions.detail, name="detail"),
    path("predictions/<uuid:prediction_id>/pending", predictions.pending, name="pending"),
    path("predictions/<uuid:prediction_id>/stream", streams.stream, name="stream"),
    path("predictions/<uuid:prediction_id>/cancel", predictions.cancel, name="cancel"),
    path("models/<str:name>/versions/<str:version>/predictions", predictions.recent, name="recent"),
    path("models/<str:name>/versions/<str:version>/state", models.model_state, name="model_state"),
    path("models/<str:name>/versions/<str:version>/load", models.load, name="load"),
    path("workers", workers.workers, name="workers"),
]
