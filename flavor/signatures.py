"""Task to MLflow's ModelSignature, without running the model: what comes out, and what may be set.

What goes in is checked by us alone. MLflow checks it by making a frame of whatever it is given (mlflow/models/utils.py,
`_enforce_schema`): that refuses an empty list, pictures in arrays, and a bare text where there are further inputs, and it
drops columns in silence. Inputs that are marked as taken from type hints are spared that, but then MLflow's server
takes one of its four forms of requests only. A signature without inputs lets all of them through as they are. What the inputs
are is written into our own block of the MLmodel file, for whoever describes the model.

Params have null defaults, which say nothing: MLflow hands every default of a signature to every call, over the model config.
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


def signature_of(task: Task, *, with_inputs: bool = False, output: str = "rich") -> "ModelSignature":
    """Return the signature of a task: its outputs, and every parameter that MLflow can carry.

    `with_inputs` is for registries that demand typed inputs, such as Unity Catalog: give it to `log_model` as `signature`.
    `output` is the `pyfunc_output` of the model.
    """
    from mlflow.models import ModelSignature  # heavy
    from mlflow.types import ParamSchema

    params = [_param(each) for each in task.params if _is_carried(each)]
    signature = ModelSignature(
        inputs=_inputs(task) if with_inputs else None,
        outputs=_stock_outputs(task) if output == "stock" and task.is_done_by_stock else _outputs(task),
        params=ParamSchema(params) if params else None,  # type: ignore[arg-type]
    )
    signature._is_signature_from_type_hint = with_inputs
    return signature


def inputs_of(task: Task) -> list[dict[str, Any]]:
    """Return the inputs of a task as MLflow writes columns, to be kept beside a signature that names none."""
    return list(_inputs(task).to_dict())


def signature_defaults(params: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return the defaults that say something of a params schema in its JSON form: null and an empty list say nothing."""
    return {each["name"]: each["default"] for each in params or [] if each.get("default") not in (None, [])}


def _inputs(task: Task) -> Any:
    from mlflow.types import Schema  # heavy

    return Schema([_column(each) for each in task.inputs])


def _outputs(task: Task) -> Any:
    from mlflow.types import Schema  # heavy

    return Schema([_column(each) for each in task.outputs])


def _stock_outputs(task: Task) -> Any:
    """What stock's signatures say, but for its vectors, which they have in one dimension too few."""
    from mlflow.types import Schema, TensorSpec  # heavy
    from numpy import dtype

    if task.stock_outputs[0].kind is Kind.TENSOR:
        return Schema([TensorSpec(dtype("float64"), (-1, -1))])
    return Schema([_column(each) for each in task.stock_outputs])


def _column(field: Field) -> Any:
    from mlflow.types import ColSpec  # heavy
    from mlflow.types.schema import AnyType, Array, DataType

    if field.kind is Kind.LABELS:
        type_: Any = Array(DataType.string)
    else:
        type_ = _COLUMN_TYPES.get(field.kind) or AnyType()
    return ColSpec(type_, name=field.name or None, required=field.required)


def _is_carried(param: Param) -> bool:
    """MLflow's params are scalars and lists of scalars."""
    return param.type is not list or param.items in _PARAM_TYPES


def _param(param: Param) -> Any:
    from mlflow.types import ParamSpec  # heavy

    if param.type is list:
        return ParamSpec(param.name, _PARAM_TYPES[param.items], default=[], shape=(-1,))
    return ParamSpec(param.name, _PARAM_TYPES[param.type], default=None)
