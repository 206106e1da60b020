"""URLs of catalog: what MLflow holds."""

from django.urls import path, register_converter

from .converters import ModelNameConverter, TabConverter
from .views import comparison, files, lists, models, versions

register_converter(ModelNameConverter, "model_name")
register_converter(TabConverter, "version_tab")

app_name = "catalog"
urlpatterns = [
    path("", lists.home, name="home"),
    path("freshness", lists.freshness, name="freshness"),
    path("models", lists.model_list, name="model_list"),
    path("logged-models", lists.logged_model_list, name="logged_model_list"),
    path("compare", comparison.comparison, name="compare"),
    path("models/<model_name:name>", models.model, name="model"),
    path("models/<model_name:name>/aliases/<str:alias>", models.alias, name="alias"),
    path("models/<model_name:name>/versions/<str:version>", versions.version, name="version"),
    path("models/<model_name:name>/versions/<str:version>/<version_tab:tab>", versions.version, name="version_tab"),
    path("models/<model_name:name>/versions/<str:version>/files/<path:path>", files.file, name="file"),
]
