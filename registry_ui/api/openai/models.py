"""Names of models in OpenAI's requests, and which of our models may be asked for what."""

from flavor.tasks import Kind, Task, all_tasks
from flavor.tasks._pooling import POOLING
from flavor.tasks._protocols import PROTOCOL_TASKS

from ...catalog.models import ModelVersion
from ...catalog.selectors import LATEST
from ..resources.model_versions import find_alias, find_version

CHAT, COMPLETIONS, EMBEDDINGS = PROTOCOL_TASKS


def find(model: str) -> ModelVersion:
    """Return the version that `name` (its latest), `name/3`, or `name@alias` means. Raises ModelNotFound and its kin."""
    if "@" in model:
        name, _, alias = model.rpartition("@")
        return find_alias(name, alias)
    name, _, version = model.removeprefix("models:/").partition("/")
    return find_version(name, version or LATEST)


def id_of(version: ModelVersion) -> str:
    """Return the name that means this version for good."""
    return f"{version.model.name}/{version.version}"


def does(task: Task, protocol: str) -> bool:
    """Whether models of a task can be asked in a protocol: a chat wants messages, the others the protocol's own task."""
    if protocol == CHAT:
        return any(each.kind is Kind.MESSAGES for each in task.inputs)
    return task.name == PROTOCOL_TASKS[protocol]


def tasks_for(*protocols: str) -> list[str]:
    """Return the names of the tasks that can be asked in one of these protocols."""
    return [task.name for task in all_tasks() if any(does(task, each) for each in protocols)]


def is_pooled(version: ModelVersion) -> bool:
    """Whether the model says by itself how the vectors of tokens become one: in its files, its config or its signature."""
    params = (version.signature or {}).get("params") or []
    said = [version.model_config.get("pooling"), *(each.get("default") for each in params if each.get("name") == "pooling")]
    is_in_files = any(str(each.get("path", "")).endswith(POOLING) for each in version.files)
    return is_in_files or any(each not in (None, "none") for each in said)
