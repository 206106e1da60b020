"""What catalog's templates and the playground's page share: the tabs of a version, titles of tasks."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from flavor.artifact_files import Unreadable, parsed_yaml
from flavor.flavor_config import FlavorConfig, Prompt
from flavor.plain_data import as_dict
from flavor.tasks import find_task

from ...web.markdown import to_safe_html
from .. import mlflow_client
from ..models import ModelVersion
from ..search import NO_TASK, ModelQuery
from ..tabs import Tab

register = template.Library()

TRY = "try"
_LOG_CODE = """\
import mlflow

mlflow.set_tracking_uri("{uri}")
mlflow.transformers.log_model(
    pipeline, name="model",
    registered_model_name="sentiment",
)
"""
_LABELS = {
    Tab.CARD: ("Card", "file-text"),
    Tab.SIGNATURE: ("Signature", "braces"),
    Tab.PROMPT: ("Prompt", "message"),
    Tab.METRICS: ("Metrics", "chart-bar"),
    Tab.FILES: ("Files", "files"),
}


@dataclass(frozen=True)
class TabLink:
    """One tab of a version's page."""

    label: str
    icon: str
    url: str
    is_current: bool


@register.filter
def task_title(name: str) -> str:
    """Return a task's name for people: "Text classification"."""
    task = find_task(name)
    return task.title if task else name or "Task unknown"


@register.filter
def task_value(name: str) -> str:
    """Return what the list's `task` parameter calls a task."""
    return name or NO_TASK


@register.simple_tag(takes_context=True)
def followed_alias(context: template.Context, version: ModelVersion) -> str:
    """Return the alias that led to this page, empty when none did or it points elsewhere by now."""
    request: Any = context.get("request")
    asked = request.GET.get("alias", "") if request else ""
    return asked if asked and any(each.name == asked for each in version.aliases.all()) else ""


@register.simple_tag(takes_context=True)
def version_tabs(context: template.Context, version: ModelVersion, current: str) -> list[TabLink]:
    """Return the tabs that this version has; the followed alias stays in their addresses."""
    alias = followed_alias(context, version)
    query = f"?{urlencode({'alias': alias})}" if alias else ""
    links = [TabLink(*_LABELS[tab], _url(version, tab) + query, current == tab) for tab in _LABELS if _has(version, tab)]
    playground = playground_url(version)
    if playground:
        links.insert(1, TabLink("Try", "flask", playground + query, current == TRY))
    return links


@register.simple_tag
def playground_url(version: ModelVersion) -> str:
    """Return where this version can be tried, empty when it cannot."""
    return _url_of_triable(version, "playground:playground")


@register.simple_tag
def version_state_url(version: ModelVersion) -> str:
    """Return where the version's state on the workers is shown, empty when no worker could load it."""
    return _url_of_triable(version, "predictions:model_state")


@register.simple_tag
def card_html(card: str, files_url: str) -> SafeString:
    """Return a card as safe HTML; its pictures are files of the version."""
    return to_safe_html(card, files_url=files_url)


@register.inclusion_tag("catalog/_sorted_head.html", takes_context=True)
def sorted_head(context: template.Context, label: str, key: str, query: ModelQuery, number: bool = False) -> dict[str, Any]:
    """Show the head of a column that sorts the list: first in its natural direction, then the other way round."""
    is_current = query.sort.removeprefix("-") == key
    is_descending = query.sort.startswith("-")
    natural = key if key == "name" else f"-{key}"
    opposite = key if is_descending else f"-{key}"
    return {
        "request": context["request"],
        "label": label,
        "is_number": number,
        "direction": ("descending" if is_descending else "ascending") if is_current else "",
        "next_sort": opposite if is_current else natural,
    }


@register.inclusion_tag("catalog/_how_to_log.html")
def how_to_log() -> dict[str, str]:
    """Show the ways to the first model."""
    return {"log_code": _LOG_CODE.format(uri=mlflow_client.address())}


@register.filter
def registered_prompt(version: ModelVersion) -> Prompt | None:
    """The prompt of MLflow's registry that the version's template came from, None when it came from none."""
    try:
        prompt = FlavorConfig.read(as_dict(parsed_yaml(version.mlmodel, "MLmodel"))).prompt
    except Unreadable:
        return None
    return prompt if prompt and prompt.uri else None


def _url(version: ModelVersion, tab: Tab) -> str:
    address = version.model.name, version.version
    return reverse("catalog:version", args=address) if tab is Tab.CARD else reverse("catalog:version_tab", args=(*address, tab))


def _url_of_triable(version: ModelVersion, name: str) -> str:
    is_triable = version.known_task is not None and not version.problem
    return reverse(name, args=(version.model.name, version.version)) if is_triable else ""


def _has(version: ModelVersion, tab: Tab) -> bool:
    """A version that reads no prompts has no such tab."""
    task = version.known_task
    return tab is not Tab.PROMPT or bool(
        version.prompt_template or version.chat_template or (task is not None and task.accepts_prompt_template)
    )
