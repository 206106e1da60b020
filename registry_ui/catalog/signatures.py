"""The signature tab: what goes in, what comes out, what may be set; MLflow's types in the words of people."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flavor.mlmodel_schema import shown_type
from flavor.tasks import Field, Param

from .models import ModelVersion

_NO_DEFAULT = "not set"
_LONGEST_VALUE = 500
_MOST_ITEMS = 50


@dataclass(frozen=True)
class Column:
    """One input, output or param. `help` comes from the description of the task."""

    name: str
    type: str
    help: str = ""
    is_required: bool = True
    default: str = ""

    @property
    def has_default(self) -> bool:
        return self.default not in ("", _NO_DEFAULT)


@dataclass(frozen=True)
class SignatureView:
    """The three tables; `is_of_task` when the model says nothing and the task's own description is shown."""

    inputs: list[Column]
    outputs: list[Column]
    params: list[Column]
    is_of_task: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.inputs or self.outputs or self.params)


def signature_of(version: ModelVersion) -> SignatureView:
    """Return the version's signature, or what its task takes when it has none."""
    task = version.known_task
    signature = version.signature or {}
    if not any(signature.get(part) for part in ("inputs", "outputs", "params")) and task is not None:
        fields = [_of_field(each) for each in task.inputs], [_of_field(each) for each in task.outputs]
        return SignatureView(*fields, [_of_param(each) for each in task.params], is_of_task=True)
    return SignatureView(
        inputs=_columns(signature.get("inputs"), task.inputs if task else ()),
        outputs=_columns(signature.get("outputs"), task.outputs if task else ()),
        params=_columns(signature.get("params"), task.params if task else ()),
    )


def example_of(version: ModelVersion) -> str:
    """Return the input example as indented JSON, long values cut; empty when there is none."""
    if version.input_example is None:
        return ""
    return json.dumps(_shortened(version.input_example), indent=2, ensure_ascii=False)


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return f"{value[:_LONGEST_VALUE]}… ({len(value):,} characters)"
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list):
        cut = [_shortened(each) for each in value[:_MOST_ITEMS]]
        return cut if len(value) <= _MOST_ITEMS else [*cut, f"… ({len(value):,} in all)"]
    return value


def _columns(entries: Any, described: Iterable[Field | Param]) -> list[Column]:
    help_of = {each.name: each.help for each in described}
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if len(found) == 1 and help_of:
        # Stock leaves a single text without a name.
        help_of.setdefault("", next(iter(help_of.values())))
    return [_column(entry, help_of) for entry in found]


def _column(entry: dict[str, Any], help_of: dict[str, str]) -> Column:
    name = str(entry.get("name") or "")
    return Column(
        name=name,
        type=shown_type(entry),
        help=help_of.get(name, ""),
        is_required=bool(entry.get("required", True)),
        default=_default(entry.get("default")),
    )


def _default(value: Any) -> str:
    return _NO_DEFAULT if value is None else str(value)


def _of_field(field: Field) -> Column:
    return Column(field.name, field.kind.value, field.help, field.required)


def _of_param(param: Param) -> Column:
    return Column(param.name, param.type.__name__, param.help, False, _default(param.default))
