"""Which parts this start runs itself, and what must be true before the first of them starts."""

from collections.abc import Callable
from dataclasses import replace

from .options import Options, without_password
from .parts import Part
from .ports import check_free
from .probes import http_status, redis_problem
from .python_parts import mlflow_part, web_part, worker_part
from .redis_part import redis_part


def check_ports(options: Options) -> None:
    """Raise CannotStart when a port that we need is taken."""
    check_free(
        options.host,
        options.port,
        purpose="the pages",
        way_out=f"Stop it, or start on another: `--port {options.port + 1}` (`make run PORT={options.port + 1}`).",
    )
    if options.embeds_mlflow:
        other = options.mlflow_port + 1
        check_free(
            "127.0.0.1",
            options.mlflow_port,
            purpose="MLflow",
            way_out=f"Stop it, start on another: `--mlflow-port {other}` (`make run MLFLOW_PORT={other}`), "
            f"or use the MLflow that runs there: MLFLOW_TRACKING_URI=http://127.0.0.1:{options.mlflow_port}.",
        )


def find_parts(options: Options) -> list[Part]:
    """Return the parts to start, in order."""
    makers: list[Callable[[Options], Part]] = [worker_part, web_part]
    if options.embeds_mlflow:
        makers.insert(0, mlflow_part)
    if options.embeds_redis:
        makers.insert(0, redis_part)
    parts = [make(options) for make in makers]
    started = {"prepare", *(part.name for part in parts)}
    return [replace(part, after=tuple(name for name in part.after if name in started)) for part in parts]


def external_problem(options: Options) -> str | None:
    """Return in one sentence which replaced part cannot be reached and why; None when all can."""
    if not options.embeds_redis and (reason := redis_problem(options.redis_url)):
        return f"REDIS_URL={without_password(options.redis_url)} cannot be used: {reason.rstrip('.')}."
    url = options.mlflow_url
    if not options.embeds_mlflow and url.startswith(("http://", "https://")) and http_status(url) is None:
        return f"MLFLOW_TRACKING_URI={without_password(url)} does not answer."
    return None
