"""The site: pages, REST under /api/v1, probes."""

from django.urls import include, path

urlpatterns = [
    path("", include("registry_ui.web.urls")),
    path("", include("registry_ui.catalog.urls")),
    path("account/", include("registry_ui.accounts.urls")),
    path("assets/", include("registry_ui.assets.urls")),
    path("", include("registry_ui.jobs.urls")),
    path("", include("registry_ui.predictions.urls")),
    path("", include("registry_ui.playground.urls")),
    path("api/v1/", include("registry_ui.api.urls")),
]

handler400 = "registry_ui.web.views.bad_request"
handler403 = "registry_ui.web.views.forbidden"
handler404 = "registry_ui.web.views.not_found"
handler500 = "registry_ui.web.views.server_error"
