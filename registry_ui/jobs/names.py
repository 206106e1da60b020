"""The rules for what a log job may be asked, checked before anything is written."""

import re

from flavor import prompt_templates
from flavor.tasks import InvalidInput, all_tasks, find_task
from flavor.tasks._protocols import task_behind

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"[vV]\d+")


def check_source(source: str) -> None:
    """Refuse an empty source."""
    if not source.strip():
        raise InvalidInput(
            "source", "source is empty; give a checkpoint folder, a Hub id, runs:/<run id>/<path> or models:/<name>/<version>."
        )


def check_model_name(name: str | None) -> None:
    """Refuse a registered model's name that MLflow or a URL cannot carry."""
    if name is None:
        return
    if not name.strip() or len(name) > 250:
        raise InvalidInput("registered_model", f"A registered model's name has 1 to 250 characters, this one {len(name)}.")
    if any(sign in name for sign in "/:") or name in {".", ".."}:
        raise InvalidInput("registered_model", f"The registered model's name {name!r} may not contain '/' or ':'.")


def check_alias(alias: str | None, *, registered_model: str | None) -> None:
    """Refuse an alias without a model, and one that MLflow keeps for itself."""
    if alias is None:
        return
    if registered_model is None:
        raise InvalidInput("alias", "An alias points to a version, so give registered_model too.")
    if not _ALIAS.fullmatch(alias) or len(alias) > 255:
        raise InvalidInput("alias", f"The alias {alias!r} may hold letters, digits, '-' and '_' only, at most 255.")
    if alias.lower() == "latest" or _VERSION_LIKE.fullmatch(alias):
        raise InvalidInput("alias", f"The alias {alias!r} is kept by MLflow; choose another, such as 'production'.")


def check_prompt_template(template: str | None, *, task: str | None) -> None:
    """Refuse a template without its one {prompt}, and one for a task whose input is no prompt.

    A prompt of MLflow's registry is named by its address; what is there, the job finds out.
    """
    if template is None:
        return
    if not prompt_templates.is_address(template):
        prompt_templates.check(template)
    known = find_task(task_behind(task)) if task else None
    if known is not None and not known.accepts_prompt_template:
        names = ", ".join(each.name for each in all_tasks() if each.accepts_prompt_template)
        raise InvalidInput("prompt_template", f"{known.name} takes no prompt template; leave it out. These do: {names}.")
