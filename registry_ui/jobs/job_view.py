"""A job as its pages show it to one person."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from ..accounts.models import User
from ..accounts.permissions import can_log, can_steer
from ..web.templatetags.format import format_bytes
from .models import Job
from .places import Place, place_of
from .progress import Progress
from .states import Kind, State
from .timeline import Step, steps_of

# A running job's page shows the end of its log; the whole is one click away.
LINES_SHOWN = 400
LONGEST_LINE = 120

_ICONS = {Kind.LOG: "upload", Kind.LOAD: "flame", Kind.TRAIN: "school"}


@dataclass(frozen=True)
class Said:
    """One thing that was asked for or came out: a line, a place, or a text to unfold."""

    name: str
    text: str
    url: str = ""
    is_code: bool = False  # an id or address, to be copied
    language: str = ""  # of a text to unfold: "json", "markdown"; empty for a line

    @property
    def summary(self) -> str:
        """What stands for a folded text: its first words."""
        first = next((line.strip("# ") for line in self.text.splitlines() if line.strip("#-{[ ")), self.text)
        return first if len(first) <= 60 else f"{first[:59]}…"


@dataclass(frozen=True)
class JobView:
    """Wraps the row; everything here is read from it, nothing is asked of the database."""

    job: Job
    user: User

    @property
    def url(self) -> str:
        return reverse("jobs:detail", args=[self.job.pk])

    @property
    def verb(self) -> str:
        """What is done: "Log", "Load", "Train"."""
        return Kind(self.job.kind).name.capitalize()

    @property
    def icon(self) -> str:
        return _ICONS[Kind(self.job.kind)]

    @cached_property
    def place(self) -> Place:
        return place_of(self.job.target)

    @property
    def title(self) -> str:
        return f"{self.verb} {self.place}"

    @property
    def state(self) -> str:
        """The state, or "cancelling" from the request to its fulfilment."""
        return "cancelling" if self.is_stopping else self.job.state

    @property
    def is_stopping(self) -> bool:
        return self.job.state == State.RUNNING and self.job.cancel_requested_at is not None

    @property
    def stage(self) -> str:
        """What is being done right now; empty when nothing is."""
        return self.job.stage if self.job.state == State.RUNNING else ""

    @property
    def progress(self) -> Progress | None:
        if self.job.state != State.RUNNING:
            return None
        return Progress.of(self.job.progress_done, self.job.progress_total, self.job.progress_unit)

    @property
    def took(self) -> timedelta | None:
        """How long it works, or worked; None while it waits."""
        if self.job.started_at is None or self.job.state == State.QUEUED:
            return None
        return max((self.job.finished_at or timezone.now()) - self.job.started_at, timedelta())

    @property
    def steps(self) -> list[Step]:
        return steps_of(self.job)

    @property
    def attempts(self) -> str:
        """Said only of a job that was tried more than once."""
        return f"attempt {self.job.attempt} of {self.job.max_attempts}" if self.job.attempt > 1 else ""

    @property
    def can_cancel(self) -> bool:
        return self.job.is_active and not self.is_stopping and can_steer(self.user, self.job)

    @property
    def can_retry(self) -> bool:
        return self.job.is_terminal and self.job.state != State.SUCCEEDED and can_steer(self.user, self.job)

    @property
    def mend_url(self) -> str:
        """The form filled with what was asked, where another answer to it may help."""
        if self.job.kind != Kind.LOG or not self.can_retry or not can_log(self.user):
            return ""
        return f"{reverse('jobs:log_model')}?like={self.job.pk}"

    @property
    def error(self) -> dict[str, Any] | None:
        """Code, detail and field of why it ended; an attempt that comes again has none."""
        return self.job.error if self.job.is_terminal else None

    @cached_property
    def made(self) -> Place | None:
        """The model that came out, when a page shows it."""
        place = place_of(str((self.job.result or {}).get("model_uri") or ""))
        return place if place.url else None

    @property
    def result(self) -> list[Said]:
        return _said(self.job.result or {})

    @property
    def asked(self) -> list[Said]:
        return _said(self.job.payload)

    @property
    def log_tail(self) -> str:
        return "\n".join(self.job.log.splitlines()[-LINES_SHOWN:])

    @property
    def is_log_cut(self) -> bool:
        return self.job.log.count("\n") > LINES_SHOWN


def _said(values: dict[str, Any]) -> list[Said]:
    return [_say(name, value) for name, value in values.items() if value not in (None, "", {}, [])]


def _say(name: str, value: Any) -> Said:
    label = name.removesuffix("_bytes").replace("_", " ").capitalize().replace("uri", "URI")
    if name.endswith("job_id"):
        return Said(label.removesuffix(" id"), str(value), url=reverse("jobs:detail", args=[value]))
    if name.endswith("_bytes"):
        return Said(label, format_bytes(value))
    if not isinstance(value, str):
        return _say_json(label, value)
    if "\n" in value or len(value) > LONGEST_LINE:
        return Said(label, value, language="markdown")
    return Said(label, value, url=place_of(value).url, is_code=name == "source" or name.endswith(("_id", "_uri")))


def _say_json(label: str, value: Any) -> Said:
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= LONGEST_LINE:
        return Said(label, line)
    return Said(label, json.dumps(value, indent=2, ensure_ascii=False), language="json")
