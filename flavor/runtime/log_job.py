"""What a child does for a log job: `flavor.log_model` with everything it needs handed in."""

from collections.abc import Callable
from typing import Any


def log_job(
    report: Callable[[dict[str, Any]], None],
    should_stop: Callable[[], bool],
    *,
    source: str,
    tracking_uri: str,
    experiment_id: str,
    run_id: str | None,
    tags: dict[str, str],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Log `source` to the MLflow at `tracking_uri`; `options` go to `log_model` by name. Returns model_id and model_uri.

    With the option `as_components` the checkpoint is loaded, and its parts are logged rather than its files.
    """
    import mlflow  # heavy

    from ..checkpoint_parts import read_components
    from ..saving import log_model

    def progress(stage: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        report({"stage": stage, "done": done, "total": total, "unit": unit})

    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)
    mlflow.set_experiment(experiment_id=experiment_id)
    said = dict(options)
    given = read_components(source, said.get("task")) if said.pop("as_components", False) else source
    info = log_model(given, run_id=run_id, tags=tags, progress=progress, should_stop=should_stop, **said)
    return {"model_id": info.model_id, "model_uri": info.model_uri}
