"""URLs of REST, version 1. None ends in a slash; whatever is not listed is answered by a problem document."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from .docs import SchemaResource, docs_page
from .resources.assets import AssetContent, AssetDetail, AssetList
from .resources.capabilities import VersionCapabilities
from .resources.comparisons import ComparisonResource
from .resources.jobs import JobCancel, JobDetail, JobEvents, JobList, JobLog, JobRetry
from .resources.logged_models import LoggedModelList
from .resources.me import MeResource
from .resources.model_states import AliasLoad, AliasState, VersionLoad, VersionState
from .resources.model_versions import Alias, Version, VersionCard, VersionFileList, VersionList, VersionSignature
from .resources.openai import (
    OpenAiChat,
    OpenAiCompletions,
    OpenAiEmbeddings,
    OpenAiModelByName,
    OpenAiModels,
    OpenAiModelVersion,
)
from .resources.predictions import AliasPredict, PredictionCancel, PredictionDetail, PredictionEvents, VersionPredict
from .resources.problem_types import ProblemTypeDetail, ProblemTypeList
from .resources.registered_models import ModelDetail, ModelList
from .resources.tasks import TaskList, TaskResource
from .resources.workers import WorkerList
from .unknown import UnknownAddress


class SegmentConverter(StringConverter):
    """A part of a path; without NUL, which nothing is called and PostgreSQL cannot even look for."""

    regex = r"[^/\0]+"


register_converter(SegmentConverter, "segment")

app_name = "api"
urlpatterns = [
    path("models", ModelList.as_view(), name="models"),
    path("models/<segment:name>", ModelDetail.as_view(), name="model"),
    path("models/<segment:name>/versions", VersionList.as_view(), name="versions"),
    path("models/<segment:name>/versions/<segment:version>", Version.as_view(), name="version"),
    path("models/<segment:name>/versions/<segment:version>/card", VersionCard.as_view(), name="version-card"),
    path("models/<segment:name>/versions/<segment:version>/signature", VersionSignature.as_view(), name="version-signature"),
    path("models/<segment:name>/versions/<segment:version>/files", VersionFileList.as_view(), name="version-files"),
    path("models/<segment:name>/versions/<segment:version>/state", VersionState.as_view(), name="version-state"),
    path(
        "models/<segment:name>/versions/<segment:version>/capabilities",
        VersionCapabilities.as_view(),
        name="version-capabilities",
    ),
    path("models/<segment:name>/versions/<segment:version>/load", VersionLoad.as_view(), name="version-load"),
    path("models/<segment:name>/versions/<segment:version>/predict", VersionPredict.as_view(), name="version-predict"),
    path("models/<segment:name>/aliases/<segment:alias>", Alias.as_view(), name="alias"),
    path("models/<segment:name>/aliases/<segment:alias>/state", AliasState.as_view(), name="alias-state"),
    path("models/<segment:name>/aliases/<segment:alias>/load", AliasLoad.as_view(), name="alias-load"),
    path("models/<segment:name>/aliases/<segment:alias>/predict", AliasPredict.as_view(), name="alias-predict"),
    path("compare", ComparisonResource.as_view(), name="compare"),
    path("logged-models", LoggedModelList.as_view(), name="logged-models"),
    path("predictions/<segment:prediction_id>", PredictionDetail.as_view(), name="prediction"),
    path("predictions/<segment:prediction_id>/cancel", PredictionCancel.as_view(), name="prediction-cancel"),
    path("predictions/<segment:prediction_id>/events", PredictionEvents.as_view(), name="prediction-events"),
    path("jobs", JobList.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>", JobDetail.as_view(), name="job"),
    path("jobs/<uuid:job_id>/cancel", JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:job_id>/retry", JobRetry.as_view(), name="job-retry"),
    path("jobs/<uuid:job_id>/events", JobEvents.as_view(), name="job-events"),
    path("jobs/<uuid:job_id>/log", JobLog.as_view(), name="job-log"),
    path("tasks", TaskList.as_view(), name="tasks"),
    path("tasks/<segment:task>", TaskResource.as_view(), name="task"),
    path("assets", AssetList.as_view(), name="assets"),
    path("assets/<uuid:asset_id>", AssetDetail.as_view(), name="asset"),
    path("assets/<uuid:asset_id>/content", AssetContent.as_view(), name="asset-content"),
    path("workers", WorkerList.as_view(), name="workers"),
    path("openai/chat/completions", OpenAiChat.as_view(), name="openai-chat"),
    path("openai/completions", OpenAiCompletions.as_view(), name="openai-completions"),
    path("openai/embeddings", OpenAiEmbeddings.as_view(), name="openai-embeddings"),
    path("openai/models", OpenAiModels.as_view(), name="openai-models"),
    path("openai/models/<segment:name>", OpenAiModelByName.as_view(), name="openai-model"),
    path("openai/models/<segment:name>/<segment:version>", OpenAiModelVersion.as_view(), name="openai-model-version"),
    path("me", MeResource.as_view(), name="me"),
    path("problems", ProblemTypeList.as_view(), name="problem-types"),
    path("problems/<segment:code>", ProblemTypeDetail.as_view(), name="problem-type"),
    path("schema", SchemaResource.as_view(), name="schema"),
    path("docs", docs_page, name="docs"),
    re_path("", UnknownAddress.as_view(), name="unknown"),
]
