"""URLs of jobs."""

from django.urls import path

from . import log_views, views

app_name = "jobs"
urlpatterns = [
    path("jobs", views.job_list, name="list"),
    path("log-model", log_views.log_model, name="log_model"),
    path("jobs/running", views.running, name="running"),
    path("jobs/<uuid:job_id>", views.detail, name="detail"),
    path("jobs/<uuid:job_id>/log", views.log, name="log"),
    path("jobs/<uuid:job_id>/cancel", views.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/events", views.events, name="events"),
]
