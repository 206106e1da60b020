"""A model that needs no torch: it answers every row with the environment of its process."""

import os
from typing import Any

from flavor.results import RowResult
from flavor.tasks import get_task

LOADER = f"{__name__}:load"


class Teller:
    """Speaks as `PyfuncModel` does."""

    task = get_task("text-classification")

    def run(self, rows: list[dict], params: dict | None = None, **options: Any) -> list[RowResult]:
        with open("/proc/self/environ") as file:
            return [RowResult(records=[{"now": dict(os.environ), "at_start": file.read()}]) for _ in rows]


def load(path: str) -> Teller:
    return Teller()
