"""How a job's work may end without success; handlers raise these, `runner.py` writes them to the row."""


class JobFailed(Exception):
    """The job failed for a reason that its owner can understand: one sentence, a stable code, a field where one is to blame."""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field


class JobTimedOut(Exception):
    """The work passed its deadline and was stopped."""


class JobInterrupted(Exception):
    """The work stopped because it was told to: cancelled, lease lost, or worker stopping."""


class RetryLater(Exception):
    """Something outside was away for a moment; another attempt after `after_s` may succeed."""

    def __init__(self, detail: str, *, after_s: float = 5) -> None:
        super().__init__(detail)
        self.after_s = after_s


class IdempotencyConflict(Exception):
    """An idempotency key came back with another request."""
