"""Which of the workers that are alive could load a version, and why not the others."""

from dataclasses import dataclass

from packaging.utils import canonicalize_name

from flavor.verdicts import Package, Verdict, packages_in, verdict_of

from ..catalog import files
from ..catalog.models import ModelVersion
from .outcomes import WorkerView

REQUIREMENTS = "requirements.txt"
_TEXT = "utf-8"


@dataclass(frozen=True)
class Capability:
    """What one worker could do with a version. `reason` is empty when it loads there."""

    worker: str
    verdict: Verdict
    reason: str
    packages: list[Package]


def capabilities_of(version: ModelVersion, workers: list[WorkerView]) -> list[Capability]:
    """Return the verdict for each worker, in their order. Raises MlflowUnavailable when the requirements cannot be read."""
    asked = _requirements(version)
    return [_capability(version, asked, worker) for worker in workers]


def _capability(version: ModelVersion, requirements: str, worker: WorkerView) -> Capability:
    packages = packages_in(requirements, lambda name: worker.packages.get(canonicalize_name(name), ""))
    verdict, reason = verdict_of(version.task, version.problem, packages)
    return Capability(worker.name, verdict, reason, packages)


def _requirements(version: ModelVersion) -> str:
    """A version without such a file asks for nothing that it names."""
    if not any(each["path"] == REQUIREMENTS for each in version.files):
        return ""
    return (files.folder_of(version).read(REQUIREMENTS, files.LONGEST_TEXT) or b"").decode(_TEXT, errors="replace")
