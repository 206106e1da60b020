"""Which jobs a list shows, as its URL says."""

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from .models import Job
from .services import list_jobs
from .states import ACTIVE, Kind, State

ANY_ACTIVE = "active"


@dataclass(frozen=True)
class Choice:
    """One value to filter by, with the list that it leads to."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class JobFilter:
    """State, kind and target; empty means any. `problem` names a value that nothing has."""

    state: str = ""
    kind: str = ""
    target: str = ""
    problem: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the filter from a URL."""
        asked = cls(query.get("state", ""), query.get("kind", ""), query.get("target", ""))
        if asked.state and asked.state not in {ANY_ACTIVE, *State}:
            return replace(asked, problem=f"No job has the state {asked.state!r}; there are: {ANY_ACTIVE}, {', '.join(State)}.")
        if asked.kind and asked.kind not in Kind:
            return replace(asked, problem=f"There is no kind of job {asked.kind!r}; there are: {', '.join(Kind)}.")
        return asked

    def jobs(self) -> QuerySet[Job]:
        """Return the jobs, newest first; the large columns that no list shows stay in the database."""
        if self.problem:
            return Job.objects.none()
        states = sorted(ACTIVE) if self.state == ANY_ACTIVE else self.state
        return list_jobs(state=states, kind=self.kind, target=self.target).defer("payload", "log", "stages")

    @property
    def url(self) -> str:
        """Where this list lives."""
        said = {name: value for name in ("state", "kind", "target") if (value := getattr(self, name))}
        return reverse("jobs:list") + (f"?{urlencode(said)}" if said else "")

    @property
    def heading(self) -> str:
        """What the jobs are called where few of them stand beside something else."""
        return "Running now" if self.state == ANY_ACTIVE else "Jobs"

    @property
    def any_state_url(self) -> str:
        """The same list in whatever state."""
        return replace(self, state="").url

    @property
    def any_url(self) -> str:
        return reverse("jobs:list")

    @property
    def is_narrow(self) -> bool:
        return bool(self.state or self.kind or self.target)

    @property
    def states(self) -> list[Choice]:
        """All, active, and each state."""
        named = [("", "All"), (ANY_ACTIVE, "Active"), *((str(state), state.label.capitalize()) for state in _SHOWN)]
        return [Choice(label, replace(self, state=value, problem="").url, value == self.state) for value, label in named]

    @property
    def kinds(self) -> list[Choice]:
        """Any, and each kind."""
        named = [("", "Every kind"), *((str(kind), kind.name.capitalize()) for kind in Kind)]
        return [Choice(label, replace(self, kind=value, problem="").url, value == self.kind) for value, label in named]

    @property
    def without_target(self) -> str:
        """The same list about everything."""
        return replace(self, target="").url


# Queued and running are what "active" is for.
_SHOWN = (State.SUCCEEDED, State.FAILED, State.TIMED_OUT, State.CANCELLED)
