"""Task to MLflow's ModelSignature, without running the model.

Params have null defaults, which say nothing: MLflow hands every default of a signature to every call, over the model config.

How inputs are named decides what MLflow's own door lets through (mlflow/models/utils.py, `_enforce_schema`):

* one input, or several of which a row has one: an unnamed column, so a text, a list, a dict and a frame all pass;
* several required inputs: named columns;
* optional inputs beside others: named columns, marked as taken from type hints. MLflow then passes the data on as it
  is and we check it. Unmarked, it would refuse `predict("a text")`; unnamed, it would drop all columns but the first in silence.
"""

from typing import TYPE_CHECKING, Any

from .tasks._base import Field, Kind, Param, Task

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_COLUMN_TYPES = {
    Kind.TEXT: "string",
    Kind.NUMBER: "double",
    Kind.INTEGER: "long",
    Kind.BOOLEAN: "boolean",
    Kind.IMAGE: "binary",
    Kind.AUDIO: "binary",
    Kind.VIDEO: "binary",
}
_PARAM_TYPES = {int: "long", float: "double", str: "string", bool: "boolean", dict: "string"}


def signature_of(task: Task) -> "ModelSignature":
    """Return the signature of a task: its inputs, its outputs, and every parameter that MLflow can carry."""
    from mlflow.models import ModelSignature  # heavy
    from mlflow.types import ParamSchema, Schema

    params = [_param(each) for each in task.params if _is_carried(each)]
    signature = ModelSignature(
        inputs=_inputs(task),
        outputs=Schema([_column(each) for each in task.outputs]),
        params=ParamSchema(params) if params else None,  # type: ignore[arg-type]
    )
    signature._is_signature_from_type_hint = _has_optional_inputs(task)
    return signature


def signature_defaults(params: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return the defaults that say something of a params schema in its JSON form: null and an empty list say nothing."""
    return {each["name"]: each["default"] for each in params or [] if each.get("default") not in (None, [])}


def _inputs(task: Task) -> Any:
    from mlflow.types import ColSpec, Schema  # heavy
    from mlflow.types.schema import AnyType

    if len(task.inputs) == 1:
        return Schema([_column(task.inputs[0], is_named=False)])
    if _is_one_of_several(task):
        return Schema([ColSpec(AnyType())])
    return Schema([_column(each) for each in task.inputs])


def _has_optional_inputs(task: Task) -> bool:
    return not all(each.required for each in task.inputs) and not _is_one_of_several(task)


def _is_one_of_several(task: Task) -> bool:
    """Whether a row is one value, whichever of the inputs that is."""
    return any(set(group) == {each.name for each in task.inputs} for group in task.one_of)


def _column(field: Field, *, is_named: bool = True) -> Any:
    from mlflow.types import ColSpec  # heavy
    from mlflow.types.schema import AnyType, Array, DataType

    if field.kind is Kind.LABELS:
        type_: Any = Array(DataType.string)
    else:
        type_ = _COLUMN_TYPES.get(field.kind) or AnyType()
    return ColSpec(type_, name=field.name, required=field.required) if is_named else ColSpec(type_)


def _is_carried(param: Param) -> bool:
    """MLflow's params are scalars and lists of scalars."""
    return param.type is not list or param.items in _PARAM_TYPES


def _param(param: Param) -> Any:
    from mlflow.types import ParamSpec  # heavy

    if param.type is list:
        return ParamSpec(param.name, _PARAM_TYPES[param.items], default=[], shape=(-1,))
    return ParamSpec(param.name, _PARAM_TYPES[param.type], default=None)
