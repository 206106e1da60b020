"""The form "Log a model": what `submit_log` may be told by a person."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse

from flavor.tasks import all_tasks, find_task, get_task
from flavor.tasks._protocols import PROTOCOL_TASKS, task_behind

from ..catalog.models import RegisteredModel
from .payloads import hash_of
from .states import Kind

# What MLflow's own door then speaks; here such a model is one of its task.
_PROTOCOLS = [(name, f"{get_task(task).title}, as {name}") for name, task in PROTOCOL_TASKS.items()]
TEMPLATE_EXAMPLE = "Answer in one sentence: {prompt}"


class LogModelForm(forms.Form):
    """Checks nothing that `submit_log` checks: its InvalidInput names a field of this form."""

    source = forms.CharField(
        label="Source",
        max_length=500,
        widget=forms.TextInput(attrs={"list": "checkpoints", "placeholder": "/models/checkpoint, runs:/<run id>/model …"}),
        error_messages={"required": "Say what to log: a folder, a Hub id, runs:/<run id>/<path> or models:/<name>/<version>."},
    )
    registered_model = forms.CharField(
        label="Registered model",
        required=False,
        max_length=250,
        help_text="A new name makes a new model, a known one gets its next version. Without a name it is logged, not registered.",
        widget=forms.TextInput(attrs={"list": "registered-models", "placeholder": "sentiment"}),
    )
    alias = forms.CharField(
        label="Alias",
        required=False,
        max_length=255,
        help_text="Moves to the new version: champion, production.",
        widget=forms.TextInput(attrs={"placeholder": "champion"}),
    )
    task = forms.ChoiceField(label="Task", required=False, help_text="Needed only where the model does not say.")
    prompt_template = forms.CharField(
        label="Prompt template",
        required=False,
        help_text="Put around every prompt; {prompt} stands for it, exactly once. Or prompts:/name@alias, as MLflow has it.",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": TEMPLATE_EXAMPLE}),
    )
    description = forms.CharField(
        label="Description of this version",
        required=False,
        max_length=2000,
        help_text="One or two sentences: what is new.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    card = forms.CharField(
        label="Model card",
        required=False,
        help_text="Markdown. Without one, the README.md of the source is taken.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    validate = forms.BooleanField(
        label="Try it before it is registered",
        required=False,
        help_text="Loads it once and lets it answer an example; one that cannot is not registered.",
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["task"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            ("", "As the model says"),
            *((task.name, task.title) for task in all_tasks()),
            ("Through MLflow's door", _PROTOCOLS),
        ]
        choice.widget.attrs.update(
            {
                "hx-get": reverse("jobs:log_model"),
                "hx-target": "#prompt-template",
                "hx-swap": "outerHTML",
                "hx-include": "#prompt-template",
            }
        )
        self.initial.setdefault("key", uuid.uuid4().hex)

    def focus_first_error(self) -> None:
        """Put the cursor where something has to be mended."""
        first = next((name for name in self.fields if self.is_bound and name in self.errors), None)
        if first:
            self.fields[first].widget.attrs["autofocus"] = True

    @property
    def asked(self) -> dict[str, Any]:
        """The fields that were filled in, as `submit_log` takes them."""
        return {name: value for name, value in self.cleaned_data.items() if value and name != "key"}

    @property
    def idempotency_key(self) -> str | None:
        """One form sent twice is one job; sent again with another content it is another."""
        key = self.cleaned_data["key"]
        return f"form:{key}:{hash_of(Kind.LOG, self.asked)[:32]}" if key else None

    @property
    def takes_prompt_template(self) -> bool:
        """Whether the chosen task takes one; without a choice it may."""
        task = find_task(task_behind(self["task"].value() or ""))
        return task is None or task.accepts_prompt_template

    @property
    def prompt_remark(self) -> str:
        """For which tasks the template is meant, while none is chosen."""
        if find_task(task_behind(self["task"].value() or "")):
            return "optional"
        return f"optional, for {', '.join(task.title.lower() for task in all_tasks() if task.accepts_prompt_template)}"

    @property
    def registered_models(self) -> list[str]:
        """Names that are in use, to choose from."""
        return list(RegisteredModel.objects.order_by("name").values_list("name", flat=True)[:500])

    @property
    def roots(self) -> list[str]:
        """Folders that workers may read."""
        return [str(root) for root in settings.CHECKPOINT_ROOTS]

    @property
    def is_hub_offline(self) -> bool:
        return settings.HUB_OFFLINE
