"""The Idempotency-Key header: a repeated request gets the job that the first one made."""

from rest_framework.request import Request

from ..jobs.services import LONGEST_KEY
from .problems import FieldError, ProblemError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"


def read_key(request: Request) -> str | None:
    """Return the key, quoted (as the IETF draft wants) or bare; None when there is none."""
    said = request.headers.get(HEADER)
    if said is None:
        return None
    key = said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        detail = f"{HEADER} has 1 to {LONGEST_KEY} printable characters; this one has {len(key)}."
        raise ProblemError("malformed-request", detail, FieldError(detail, header=HEADER))
    return key
