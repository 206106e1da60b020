"""The rows of past predictions, for permalinks: written in the worker, after the answer, many at once."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from .models import Prediction
from .outcomes import Outcome
from .wire import Message, Request

logger = logging.getLogger(__name__)


def row_of(message: Message, request: Request, answer: dict[str, Any]) -> Prediction:
    """Return the unsaved row of one answered request."""
    outcome = Outcome.from_answer(answer)
    return Prediction(
        id=UUID(request.id),
        model_uri=message.uri,
        model_name=message.name,
        model_version=message.version,
        task=message.task,
        rows=request.rows,
        params=request.params,
        outcome=outcome.to_json(),
        error=outcome.error,
        timing_ms=outcome.timing_ms,
        created_by_id=request.caller_id,
    )


def write(rows: list[Prediction]) -> None:
    """Save the rows; one answered twice keeps its first row."""
    try:
        Prediction.objects.bulk_create(rows, ignore_conflicts=True)
    except IntegrityError:  # a caller was deleted meanwhile
        for row in rows:
            row.created_by_id = None
        Prediction.objects.bulk_create(rows, ignore_conflicts=True)


def find(request_id: str) -> Prediction | None:
    """Return the row of a request, None when there is none (yet)."""
    return Prediction.objects.filter(pk=request_id).first()


def outcome_of(row: Prediction) -> Outcome:
    """Return the stored outcome."""
    return Outcome(**(row.outcome or {"id": str(row.id), "error": row.error}))


def purge() -> int:
    """Forget predictions older than PREDICT_HISTORY_DAYS; return how many."""
    too_old = timezone.now() - timedelta(days=settings.PREDICT_HISTORY_DAYS)
    return Prediction.objects.filter(created_at__lt=too_old).delete()[0]
