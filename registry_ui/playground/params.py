"""Form fields of call-time parameters: left as they are they say nothing, so that the model's own values count."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms

from flavor.tasks import Param, Task

from .fields.base import InputField, json_from, number_from, with_plain_line_ends

if TYPE_CHECKING:
    from ..catalog.models import ModelVersion

PREFIX = "params."
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\"}


@dataclass(frozen=True)
class Own:
    """The value that counts when the form says nothing, as far as it is known before the model is loaded."""

    value: Any
    said_by: str  # for people: "model config"

    @property
    def is_known(self) -> bool:
        return self.value is not None


def own_value(param: Param, task: Task, version: "ModelVersion | None") -> Own:
    """Return what the version's model config, else the task, says about a parameter."""
    config = version.model_config if version is not None and isinstance(version.model_config, dict) else {}
    if config.get(param.name) is not None:
        return Own(config[param.name], "model config")
    if param.default is not None:
        return Own(param.default, "default")
    if task.fallbacks.get(param.name) is not None:
        return Own(task.fallbacks[param.name], "fallback")
    return Own(None, "the model decides")


class ParamField(InputField):
    """One parameter. `clean` returns None where nothing is said."""

    template = "inputs/_param_text.html"

    def __init__(self, param: Param, own: Own) -> None:
        forms.Field.__init__(self, required=False, label=param.name, help_text=param.help)
        self.name = PREFIX + param.name
        self.is_needed = False
        self.param = param
        self.own = own

    @property
    def placeholder(self) -> str:
        """The value that counts when the field stays empty."""
        return as_text(self.own.value) if self.own.is_known else ""

    def clean(self, value: Any) -> Any:
        return with_plain_line_ends(value) if value else None


class NumberParam(ParamField):
    template = "inputs/_param_number.html"

    @property
    def step(self) -> str:
        return "1" if self.param.type is int else "any"

    @property
    def minimum(self) -> str:
        return f"{self.param.minimum:g}"

    @property
    def maximum(self) -> str:
        return f"{self.param.maximum:g}"

    def clean(self, value: Any) -> Any:
        return None if value in (None, "") else number_from(value, self.name, whole=self.param.type is int)


class ChoiceParam(ParamField):
    template = "inputs/_param_choice.html"

    @property
    def options(self) -> list[str]:
        return [str(choice) for choice in self.param.choices]

    def clean(self, value: Any) -> Any:
        """Return the choice of this name; a foreign one goes on to the task's rules, which name it."""
        return next((choice for choice in self.param.choices if str(choice) == value), value) if value else None

    def shown(self, value: Any) -> Any:
        return "" if value is None else str(value)


class SwitchParam(ChoiceParam):
    """On, off, or not said."""

    template = "inputs/_param_switch.html"

    def clean(self, value: Any) -> Any:
        return {"true": True, "false": False}.get(value, value) if value else None

    def shown(self, value: Any) -> Any:
        return {True: "true", False: "false", None: ""}.get(value, value)


class ListParam(ParamField):
    """Texts, one a line, in which \\n stands for a line end; a list of objects is JSON."""

    template = "inputs/_param_list.html"

    @property
    def is_json(self) -> bool:
        return self.param.items is not str

    def clean(self, value: Any) -> Any:
        if not value or not value.strip():
            return None
        if self.is_json:
            return json_from(value, self.name)
        return [_unescaped(line) for line in with_plain_line_ends(value).split("\n") if line]

    def shown(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return as_text(value) if self.is_json else "\n".join(_escaped(str(each)) for each in value)


class ObjectParam(ParamField):
    template = "inputs/_param_json.html"

    def clean(self, value: Any) -> Any:
        return json_from(value, self.name) if value and value.strip() else None

    def shown(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else as_text(value)


_FIELDS: dict[type, type[ParamField]] = {
    int: NumberParam,
    float: NumberParam,
    bool: SwitchParam,
    str: ParamField,
    list: ListParam,
    dict: ObjectParam,
}


def field_for(param: Param, own: Own) -> ParamField:
    """Return the form field of a parameter."""
    return (ChoiceParam if param.choices else _FIELDS[param.type])(param, own)


def as_text(value: Any) -> str:
    """Return a value as people and JSON write it; a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unescaped(line: str) -> str:
    found, rest = "", line
    while rest:
        sign = rest[:2] if rest[:2] in _ESCAPES else rest[0]
        found, rest = found + _ESCAPES.get(sign, sign), rest[len(sign) :]
    return found


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
