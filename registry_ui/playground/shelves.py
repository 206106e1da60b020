"""The models that can be tried, one shelf for each task."""

from dataclasses import dataclass

from django.urls import reverse

from flavor.tasks import find_task

from ..catalog.models import RegisteredModel
from ..catalog.selectors import list_models
from ..predictions import gateway
from ..predictions.outcomes import ModelPhase

MOST = 200  # models; more are found by searching


@dataclass(frozen=True)
class Choice:
    """A model's latest version."""

    name: str
    version: int
    url: str
    aliases: list[str]
    state: str


@dataclass(frozen=True)
class Shelf:
    """The models of one task."""

    title: str
    summary: str
    choices: list[Choice]


def list_shelves(q: str = "") -> list[Shelf]:
    """Return the shelves that are not empty, by the title of their task; models whose task is not known here stand on none."""
    states = {state.uri: state.state for state in gateway.model_states()}
    shelves: dict[str, Shelf] = {}
    for model in list_models(q=q)[:MOST]:
        task, choice = find_task(model.task), _choice(model, states)
        if task is not None and choice is not None:
            shelves.setdefault(task.name, Shelf(task.title, task.summary, [])).choices.append(choice)
    return sorted(shelves.values(), key=lambda shelf: shelf.title)


def _choice(model: RegisteredModel, states: dict[str, str]) -> Choice | None:
    if model.latest_version is None:
        return None
    uri = f"models:/{model.name}/{model.latest_version}"
    aliases = [alias.name for alias in model.aliases.all() if alias.version.version == model.latest_version]
    url = reverse("playground:playground", args=[model.name, model.latest_version])
    return Choice(model.name, model.latest_version, url, aliases, states.get(uri, ModelPhase.COLD))
