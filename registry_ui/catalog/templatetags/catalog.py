"""What catalog's templates and the playground's page share: the tabs of a version, titles of tasks."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, reverse

from flavor.tasks import find_task

from ..models import ModelVersion
from ..search import NO_TASK
from ..tabs import Tab

register = template.Library()

TRY = "try"
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


@register.filter
def followed_alias(version: ModelVersion, alias: str) -> str:
    """Return the alias that led here, empty when it points elsewhere by now."""
    return alias if any(each.name == alias for each in version.aliases.all()) else ""


@register.simple_tag(takes_context=True)
def version_tabs(context: template.Context, version: ModelVersion, current: str) -> list[TabLink]:
    """Return the tabs that this version has; the followed alias stays in their addresses."""
    alias = followed_alias(version, _asked(context))
    query = f"?{urlencode({'alias': alias})}" if alias else ""
    links = [TabLink(*_LABELS[tab], _url(version, tab) + query, current == tab) for tab in _LABELS if _has(version, tab)]
    playground = playground_url(version)
    if playground:
        links.insert(1, TabLink("Try", "flask", playground + query, current == TRY))
    return links


@register.simple_tag
def playground_url(version: ModelVersion) -> str:
    """Return where this version can be tried, empty when it cannot."""
    if version.known_task is None:
        return ""
    try:
        return reverse("playground:playground", args=(version.model.name, version.version))
    except NoReverseMatch:
        return ""


def _asked(context: template.Context) -> str:
    request: Any = context.get("request")
    return request.GET.get("alias", "") if request else ""


def _url(version: ModelVersion, tab: Tab) -> str:
    address = version.model.name, version.version
    return reverse("catalog:version", args=address) if tab is Tab.CARD else reverse("catalog:version_tab", args=(*address, tab))


def _has(version: ModelVersion, tab: Tab) -> bool:
    """A version that reads no prompts has no such tab."""
    task = version.known_task
    return tab is not Tab.PROMPT or bool(
        version.prompt_template or version.chat_template or (task is not None and task.accepts_prompt_template)
    )
