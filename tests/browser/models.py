"""One tiny model for each task, logged by jobs as a REST client asks for them."""

import json
import urllib.request
from typing import Any

from flavor.tasks import all_tasks
from tests import tiny_models
from tests.stack import Stack


def log_models(registry: Stack) -> None:
    """Log and register a tiny model for each task that there is a tiny pipeline for; its name is `tiny-<task>`."""
    token = registry.manage("api_token", "--name", "browser tests")
    jobs = []
    for task in all_tasks():
        if not hasattr(tiny_models, task.name.replace("-", "_")):
            continue
        folder = tiny_models.save_checkpoint(task.name, registry.var_dir / "checkpoints" / task.name)
        asked = {"source": str(folder), "task": task.name, "registered_model": f"tiny-{task.name}", "alias": "champion"}
        jobs.append(ask(registry, token, "logged-models", asked)["id"])
    for job in jobs:
        ended = ask(registry, token, f"jobs/{job}", prefer="wait=25")
        assert ended["state"] == "succeeded", ended


def ask(registry: Stack, token: str, path: str, body: dict | None = None, *, prefer: str = "") -> Any:
    """Return what REST answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Prefer": prefer}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{registry.url}/api/v1/{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
