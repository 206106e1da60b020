"""Whether a model would load in some environment, from what it asks for and what is installed there; nothing is loaded."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from packaging.utils import canonicalize_name

from .requirements import OF_MODALITY, WHERE_INSTALLED
from .tasks import find_task

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.\-]*)\s*(?:\[[^\]]*\])?\s*(?:==\s*([^\s;,]+))?")
# Stock and we write these down where they happen to be installed; models load without them.
_COMPANIONS = frozenset(name for names in WHERE_INSTALLED.values() for name in names)


class Verdict(StrEnum):
    LOADS = "loads here"
    NEEDS = "needs packages"
    REFUSED = "refused"


@dataclass(frozen=True)
class Package:
    """A package that the model asks for; empty versions mean: any, and not installed."""

    name: str
    needed: str
    here: str


def packages_in(requirements: str, here: Callable[[str], str]) -> list[Package]:
    """Return what a requirements.txt asks for; `here` says which version of a package is installed, empty for none."""
    found = []
    for line in requirements.splitlines():
        match = _REQUIREMENT.match(line)
        if match and not line.lstrip().startswith(("-", "#")):
            found.append(Package(match[1], match[2] or "", here(match[1])))
    return found


def verdict_of(task: str, problem: str, packages: Iterable[Package]) -> tuple[Verdict, str]:
    """Return the verdict and its reason, empty when the model loads. `problem` is that of the model's facts."""
    if problem:
        return Verdict.REFUSED, problem
    missing = [each.name for each in packages if not each.here and not _is_companion(each.name, task)]
    if missing:
        return Verdict.NEEDS, f"It needs {', '.join(missing)}; install what is missing."
    return Verdict.LOADS, ""


def _is_companion(name: str, task_name: str) -> bool:
    task = find_task(task_name)
    needed = {*OF_MODALITY.get(task.modality, ()), *task.packages} if task else set()
    return canonicalize_name(name) in _COMPANIONS - needed
