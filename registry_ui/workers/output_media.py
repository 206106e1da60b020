"""Media that a model made: kept as assets before its answer leaves, so that no bytes travel through Redis or into history."""

import base64
import logging
from typing import Any

from django.db import DatabaseError

from flavor.tasks import InvalidInput

from ..accounts.models import User
from ..assets import services as assets
from ..predictions.outcomes import Code
from ..predictions.wire import ASSET

logger = logging.getLogger(__name__)

_ENDINGS = {"image/png": "png", "audio/wav": "wav", "application/x-npy": "npy"}


def holds_files(answer: dict[str, Any]) -> bool:
    """Whether the records of an answer hold a file as base64."""
    return any(_holds_file(result.get("records")) for result in answer.get("results") or [])


def kept(answer: dict[str, Any], caller_id: int | None) -> dict[str, Any]:
    """Return the answer with `{"asset": id, "media_type": …}` for every file in its records.

    What cannot be kept makes the row it belongs to an error.
    """
    user = User.objects.filter(pk=caller_id).first() if caller_id else None
    return {**answer, "results": [_kept_result(result, user) for result in answer["results"]]}


def _kept_result(result: dict[str, Any], user: User | None) -> dict[str, Any]:
    try:
        return {**result, "records": _kept(result["records"], "answer", user)}
    except InvalidInput as error:
        return {**result, "records": [], "error": _problem(f"The model's answer cannot be kept: {error}")}
    except (DatabaseError, OSError) as error:
        logger.exception("The media of an answer were not kept")
        said = f"The model's answer could not be stored ({type(error).__name__}); the worker's log has the details."
        return {**result, "records": [], "error": _problem(said)}


def _kept(value: Any, name: str, user: User | None) -> Any:
    if isinstance(value, list):
        return [_kept(each, name, user) for each in value] if _holds_file(value) else value
    if not isinstance(value, dict):
        return value
    if not _is_file(value):
        return {key: _kept(each, key, user) for key, each in value.items()}
    media_type = value["media_type"]
    named = f"{name}.{_ENDINGS.get(media_type, 'bin')}"
    asset = assets.store(base64.b64decode(value["base64"]), media_type, named, user, field=name)
    return {ASSET: str(asset.id), **{key: each for key, each in value.items() if key != "base64"}}


def _holds_file(value: Any) -> bool:
    """Whether there is a file anywhere in a value; long lists of numbers are not walked."""
    if isinstance(value, dict):
        return _is_file(value) or any(_holds_file(each) for each in value.values())
    if not isinstance(value, list) or not value or isinstance(value[0], int | float):
        return False
    return any(_holds_file(each) for each in value)


def _is_file(value: dict[str, Any]) -> bool:
    return isinstance(value.get("base64"), str) and isinstance(value.get("media_type"), str)


def _problem(detail: str) -> dict[str, Any]:
    return {"code": Code.INTERNAL_ERROR, "detail": detail, "field": None}
