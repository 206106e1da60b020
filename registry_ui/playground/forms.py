"""The form of a task: its inputs and parameters as fields, its rules as the only validator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.datastructures import MultiValueDict

from flavor.tasks import InvalidInput, Kind, Row, Task
from flavor.tasks._checking import check_params, check_rows

from ..accounts.models import User
from .examples import Example, list_examples
from .fields import InputBound, field_for
from .params import PREFIX, own_value
from .params import field_for as param_field_for

if TYPE_CHECKING:
    from ..catalog.models import ModelVersion

CHOICE = "choose."
STREAM = "stream"


@dataclass(frozen=True)
class Alternative:
    """One way to give what a choice asks for."""

    bound: InputBound
    is_chosen: bool


@dataclass(frozen=True)
class Group:
    """Inputs that belong together: one field, or a choice of which one is given."""

    alternatives: list[Alternative]
    name: str = ""  # of the choice in the request; empty where there is none

    @property
    def template(self) -> str:
        return "inputs/_choice.html" if self.name else "inputs/_field.html"

    @property
    def bound(self) -> InputBound:
        """The field, where there is no choice."""
        return self.alternatives[0].bound


class PredictForm(forms.Form):
    """Asks for one row of a task and its parameters.

    `rows` and `params` are there when `is_valid()`; errors are kept by field name, a parameter's as `params.<name>`.
    """

    use_required_attribute = False

    def __init__(
        self,
        task: Task,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict | None = None,
        *,
        version: "ModelVersion | None" = None,
        row: Row | None = None,
        params: Row | None = None,
        user: User | None = None,
    ) -> None:
        given = {**(row or {}), **{PREFIX + name: value for name, value in (params or {}).items()}}
        super().__init__(data, files, initial=given)
        self.task = task
        self.version = version
        self.examples: list[Example] = list_examples(task, version)
        for each in task.inputs:
            self.fields[each.name] = field_for(each, examples=self.examples, message_media=task.message_media, user=user)
        for param in task.params:
            self.fields[PREFIX + param.name] = param_field_for(param, own_value(param, task, version))
        if task.streams:
            self.fields[STREAM] = forms.BooleanField(required=False)
        self._choices = [_alternatives(task, group, version) for group in task.one_of]
        for names in self._choices:
            if len(names) == 1:
                self._bound(names[0]).field.is_needed = True
        self.rows: list[Row] = []
        self.params: Row = {}

    @property
    def groups(self) -> list[Group]:
        """The inputs in the task's order, a choice in the place of its first alternative."""
        found: list[Group] = []
        for each in self.task.inputs:
            number = next((number for number, group in enumerate(self.task.one_of) if each.name in group), None)
            if number is None:
                found.append(Group([Alternative(self._bound(each.name), True)]))
            elif each.name == self.task.one_of[number][0]:
                found.append(self._group(number))
        return found

    @property
    def parameters(self) -> list[InputBound]:
        """The parameters that most people look for."""
        return [self._bound(PREFIX + each.name) for each in self.task.params if not each.advanced]

    @property
    def advanced_parameters(self) -> list[InputBound]:
        """The parameters that are folded away."""
        return [self._bound(PREFIX + each.name) for each in self.task.params if each.advanced]

    @property
    def not_offered(self) -> list[InputBound]:
        """The inputs that this version cannot take; an error of theirs still has its place."""
        offered = {name for names in self._choices for name in names}
        return [self._bound(name) for group in self.task.one_of for name in group if name not in offered]

    @property
    def is_multipart(self) -> bool:  # type: ignore[override]
        """Whether a file may be sent."""
        return any(getattr(field.widget, "needs_multipart_form", False) for field in self.fields.values())

    @property
    def has_said_params(self) -> bool:
        """Whether any parameter has a value of its own, so that the fold stands open."""
        return any(each.value() not in (None, "") for each in (*self.parameters, *self.advanced_parameters))

    @property
    def first_errors(self) -> dict[str, str]:
        """One sentence for each field at fault; those of the form as a whole have an empty name."""
        return {name if name in self.fields else "": str(errors[0]) for name, errors in self.errors.items()}

    @property
    def wants_stream(self) -> bool:
        """Whether the answer shall come token by token."""
        return bool(self.cleaned_data.get(STREAM)) and self.task.streams_with(self._known_params())

    @property
    def has_switched_streaming_off(self) -> bool:
        return self.is_bound and not self.data.get(STREAM)

    def mark(self, name: str | None, message: str) -> None:
        """Mark the field to blame; a name that the form does not have marks the form as a whole."""
        self.add_error(name if name in self.fields else None, message)

    def clean(self) -> Row:
        """Ask the task's rules about what the fields could read."""
        cleaned = super().clean() or self.cleaned_data
        self._check_row(cleaned)
        for param in self.task.params:
            self._check_param(param.name, cleaned.get(PREFIX + param.name))
        for name in self.data:
            if name.startswith(PREFIX) and name not in self.fields:
                self._check_param(name.removeprefix(PREFIX), self.data[name])
        return cleaned

    def _check_row(self, cleaned: Row) -> None:
        row = {each.name: cleaned.get(each.name) for each in self.task.inputs}
        for number, group in enumerate(self.task.one_of):
            chosen = self._chosen(number)
            row.update({name: None for name in group if name != chosen})
            if row.get(chosen) is None and chosen not in self.errors:
                described = next(each for each in self.task.inputs if each.name == chosen)
                self.add_error(chosen, f"{chosen} is missing: {described.help}")
        if any(each.name in self.errors for each in self.task.inputs):
            return
        try:
            self.rows = check_rows(self.task, [row])
        except InvalidInput as error:
            self.mark(error.field, str(error))

    def _check_param(self, name: str, value: Any) -> None:
        if PREFIX + name in self.errors:
            return
        try:
            self.params.update(check_params(self.task, {name: value}))
        except InvalidInput as error:
            self.mark(error.field, str(error))

    def _known_params(self) -> Row:
        config = self.version.model_config if self.version is not None else {}
        return {**(config or {}), **self.params}

    def _group(self, number: int) -> Group:
        names, chosen = self._choices[number], self._chosen(number)
        alternatives = [Alternative(self._bound(name), name == chosen) for name in names]
        return Group(alternatives, f"{CHOICE}{number}" if len(names) > 1 else "")

    def _chosen(self, number: int) -> str:
        """Return the alternative that was chosen, else the one that is filled, else the first."""
        names = self._choices[number]
        asked = self.data.get(f"{CHOICE}{number}") if self.is_bound else None
        filled = next((name for name in names if self.initial.get(name) is not None), names[0])
        return asked if asked in names else filled

    def _bound(self, name: str) -> InputBound:
        return self[name]  # type: ignore[return-value]


def _alternatives(task: Task, group: tuple[str, ...], version: "ModelVersion | None") -> list[str]:
    """Return the alternatives, chat first where the version can chat, and not at all where it is known that it cannot."""
    chats = {each.name for each in task.inputs if each.kind is Kind.MESSAGES}
    if version is not None and version.chat_template:
        return sorted(group, key=lambda name: name not in chats)
    is_known = version is not None and version.facts_read_at is not None
    return [name for name in group if not (is_known and name in chats)] or list(group)
