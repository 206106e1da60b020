"""What a client asks a model, in any of the forms it may come in: JSON, multipart, or one medium as the body."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.request import Request

from flavor.tasks import InvalidInput, Row, Task
from flavor.tasks._checking import MEDIA, check_params, check_rows

from ..accounts.models import User
from ..predictions.outcomes import Code, PredictionFailed
from ..predictions.wire import pack_rows
from .bodies import AnyJson, Number, checked
from .parsers import RawMedium
from .problems import FieldError, ProblemError, invalid, pointer_to
from .task_schema import MAX_ROWS, takes_bare_value

LONGEST_TIMEOUT_S = 600
_MIB = 2**20


class PredictOptions(serializers.Serializer):
    timeout_s = Number(
        required=False,
        min_value=0.1,
        max_value=LONGEST_TIMEOUT_S,
        help_text="Seconds until the answer is of no use any more; the request is then dropped wherever it is.",
    )
    overlong = serializers.ChoiceField(
        choices=("truncate", "refuse"),
        required=False,
        help_text="What happens to a text over the model's length: cut, with a warning, or refused. Left out, as the model says.",
    )


class PredictRequest(serializers.Serializer):
    """What the model is asked."""

    inputs = serializers.JSONField(
        help_text="One row, the bare value of its first field (a text; base64 for media), or a list of these."
    )
    parameters = AnyJson(
        required=False,
        help_text="Parameters of the task by name; null means: not said. An input that all rows share may stand here too.",
    )
    options = PredictOptions(required=False, allow_null=True)


@dataclass(frozen=True)
class Question:
    """A checked request: rows and parameters of the task; `is_single` when the client did not send a list."""

    rows: list[Row]
    params: Row
    is_single: bool
    timeout_s: float | None = None
    overlong: str | None = None

    @contextmanager
    def naming_fields(self) -> Iterator[None]:
        """Let an error of the model point into the body as the client wrote it."""
        try:
            yield
        except InvalidInput as error:
            raise invalid(field_error(str(error), error.field, error.row, is_single=self.is_single)) from error
        except PredictionFailed as error:
            if error.code != Code.INVALID_INPUT or not error.field:
                raise
            raise invalid(field_error(error.detail, error.field, None, is_single=self.is_single)) from error


def read_predict_request(request: Request, task: Task, user: User) -> Question:
    """Return what is asked. Media are stored as assets, so that only their ids travel.

    Raises a 422 naming every value at fault, and its row.
    """
    data = _envelope(request, task)
    options = data.get("options") or {}
    shared, parameters = _shared_inputs(task, data.get("parameters"))
    params = _params(task, parameters)
    is_single = not isinstance(data["inputs"], list)
    values = [data["inputs"]] if is_single else data["inputs"]
    _check_count(len(values))
    rows = _rows(task, [_whole(task, value, shared) for value in values], user, is_single)
    return Question(rows, params, is_single, options.get("timeout_s"), options.get("overlong"))


def field_error(detail: str, field: str, row: int | None, *, is_single: bool) -> FieldError:
    """Point to the value that a check or a model complained about."""
    name, _, rest = field.partition(".")
    if name in {"params", "parameters"}:
        return FieldError(detail, pointer_to("parameters", *filter(None, [rest])))
    place = [] if is_single or row is None else [row]
    inner = [] if field == "inputs" or (row is None and not is_single) else [field]
    return FieldError(detail, pointer_to("inputs", *place, *inner))


def _envelope(request: Request, task: Task) -> dict[str, Any]:
    data = request.data
    if isinstance(data, RawMedium):
        return checked(PredictRequest, _of_medium(data, request.query_params, task)) | {"inputs": {_media_field(task): data.data}}
    if isinstance(data, QueryDict):
        return _of_parts(request, task)
    return checked(PredictRequest, data)


def _of_medium(medium: RawMedium, query: Mapping[str, str], task: Task) -> dict[str, Any]:
    """A body that is one medium has its parameters in the query; `timeout_s` there is the option."""
    _check_file_size(len(medium.data), "The body")
    own = {each.name: each.type for each in task.params}
    params = {name: text if own.get(name) is str else _json_or_text(text) for name, text in query.items()}
    options = {"timeout_s": params.pop("timeout_s")} if "timeout_s" in params and "timeout_s" not in own else {}
    return {"inputs": "", "parameters": params, "options": options}


def _of_parts(request: Request, task: Task) -> dict[str, Any]:
    """Multipart: `inputs` is one file or several, or JSON; `parameters` and `options` are JSON."""
    files = request.FILES.getlist("inputs")
    parts: dict[str, Any] = {name: _json_part(name, text) for name, text in request.POST.items()}
    unknown = [name for name in request.FILES if name != "inputs"]
    if unknown:
        raise invalid(*(FieldError(f"The file goes into the part inputs, not {name}.", pointer_to(name)) for name in unknown))
    if not files:
        return checked(PredictRequest, parts)
    data = checked(PredictRequest, {**parts, "inputs": ""})
    rows = [{_media_field(task): _bytes_of(file)} for file in files]
    return {**data, "inputs": rows[0] if len(rows) == 1 else rows}


def _json_part(name: str, text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        said = f"The part {name} must be JSON" + (", or a file." if name == "inputs" else ".")
        raise invalid(FieldError(said, pointer_to(name))) from error


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _bytes_of(file: UploadedFile) -> bytes:
    _check_file_size(file.size or 0, f"The file {file.name}")
    return file.read()


def _check_file_size(size: int, what: str) -> None:
    limit = settings.MAX_UPLOAD_BYTES
    if size > limit:
        raise ProblemError("body-too-large", f"{what} has {size / _MIB:.1f} MiB, at most {limit / _MIB:.0f} are taken.")


def _media_field(task: Task) -> str:
    name = next((each.name for each in task.inputs if each.kind in MEDIA), None)
    if name is None:
        kinds = ", ".join(f"{each.name} ({each.kind})" for each in task.inputs)
        raise ProblemError("media-type-not-supported", f"{task.name} takes no file; its inputs are: {kinds}. Send JSON.")
    return name


def _check_count(rows: int) -> None:
    if not rows:
        raise invalid(FieldError("inputs is an empty list; send one input or more.", "/inputs"))
    if rows > MAX_ROWS:
        detail = f"inputs has {rows} rows, at most {MAX_ROWS} are taken at once; send them in several requests."
        raise invalid(FieldError(detail, "/inputs"))


def _shared_inputs(task: Task, parameters: Any) -> tuple[Row, Any]:
    """Return the inputs among the parameters, and the rest: the Hub's clients send the candidate labels of all rows there."""
    if not isinstance(parameters, dict):
        return {}, parameters
    own = {each.name for each in task.params}
    names = {each.name for each in task.inputs[1:]} - own
    shared = {name: value for name, value in parameters.items() if name in names}
    return shared, {name: value for name, value in parameters.items() if name not in names}


def _whole(task: Task, value: Any, shared: Row) -> Any:
    """Return a row of what may be the bare value of its first field, with the inputs that all rows share."""
    row = {task.inputs[0].name: value} if isinstance(value, str) and takes_bare_value(task) else value
    return {**shared, **row} if isinstance(row, dict) else row


def _params(task: Task, given: Any) -> Row:
    try:
        return check_params(task, given, prefix="parameters")
    except InvalidInput as error:
        raise invalid(field_error(str(error), error.field, None, is_single=True)) from error


def _rows(task: Task, values: Iterable[Any], user: User, is_single: bool) -> list[Row]:
    """Check every row, so that the client learns of all that are wrong at once."""
    rows, errors = [], []
    for number, value in enumerate(values):
        try:
            rows.append(_row(task, value, user))
        except InvalidInput as error:
            errors.append(field_error(str(error), error.field, number, is_single=is_single))
    if errors:
        raise invalid(*errors)
    return rows


def _row(task: Task, value: Any, user: User) -> Row:
    if isinstance(value, dict):
        (value,) = pack_rows(task, [value], user)
    (checked_row,) = check_rows(task, [value])
    return checked_row
