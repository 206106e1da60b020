"""The Prefer header (RFC 7240): how long a client is willing to wait, and whether it rather fetches the answer later."""

from dataclasses import dataclass

from rest_framework.request import Request
from rest_framework.response import Response

LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Preferences:
    """What the client prefers; None when it did not say."""

    is_async: bool = False
    wait_s: float | None = None

    @property
    def patience_s(self) -> float | None:
        """Seconds to wait before a promise is answered; None: as long as it takes."""
        if self.is_async and self.wait_s is None:
            return 0.0
        return self.wait_s

    def applied_to(self, response: Response) -> Response:
        """Say in the response which preferences counted."""
        said = [*(["respond-async"] if self.is_async else []), *([f"wait={self.wait_s:g}"] if self.wait_s is not None else [])]
        if said:
            response["Preference-Applied"] = ", ".join(said)
        return response


def read_preferences(request: Request) -> Preferences:
    """Return the preferences of a request; as the RFC wants, what cannot be read is ignored."""
    said = [part.strip().lower() for part in request.headers.get("Prefer", "").split(",")]
    waits = [part.partition("=")[2].strip(' "') for part in said if part.partition("=")[0].strip() == "wait"]
    wait_s = next((min(float(wait), LONGEST_WAIT_S) for wait in waits if wait.isdecimal()), None)
    return Preferences("respond-async" in said, wait_s)
