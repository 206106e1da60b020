"""The parts written in Python: MLflow's server, the worker, the web server."""

import os
import socket
import sys
from pathlib import Path

from .options import Options
from .parts import Part
from .probes import answers_http, pid_of_worker

WORKER_THREADS = 8
# Each ring of a job's bell, MLflow's courtesies, and what is said in passing at start and end.
WORKER_NOISE = r"strategy.* received|trace.* succeeded|Waiting up to|urllib3\.connectionpool|Connected to redis|Warm shutdown"
WEB_THREADS = 96  # each open page with live events holds one


def mlflow_part(options: Options) -> Part:
    """An MLflow server for this machine only: SQLite, and artifacts as plain files that workers use in place."""
    folder = options.var_dir / "mlflow"
    (folder / "artifacts").mkdir(mode=0o700, parents=True, exist_ok=True)
    port = options.mlflow_port
    return Part(
        name="mlflow",
        command=(
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.sqlite3'}"),
            *("--default-artifact-root", (folder / "artifacts").as_uri(), "--no-serve-artifacts"),
            *("--allowed-hosts", f"127.0.0.1:{port},localhost:{port}"),
            *("--cors-allowed-origins", f"http://127.0.0.1:{port},http://localhost:{port}"),
            *("--uvicorn-opts", "--no-access-log --log-level warning --timeout-graceful-shutdown 3"),
        ),
        folder=folder,
        address=f"http://127.0.0.1:{port}",
        is_ready=lambda pid: answers_http(f"http://127.0.0.1:{port}/health"),
        # Its own job runner would be four more processes for features we do not use.
        environ={"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"},
        noise="Registry store URI not provided|Security middleware enabled",
    )


def worker_part(options: Options) -> Part:
    """One Celery worker; it keeps a zygote and a child for each model and job."""
    # Where Redis is shared, several registries of one machine may meet in it.
    name = "worker" if options.embeds_redis else f"worker-{options.port}"
    full_name = f"{name}@{socket.gethostname()}"
    return Part(
        name="worker",
        command=(
            *(sys.executable, "-m", "celery", "--quiet", "-A", "registry_ui", "worker", "--hostname", full_name),
            *("--pool", "threads", "--concurrency", str(WORKER_THREADS), "--queues", "jobs,predict"),
            *("--without-gossip", "--without-mingle", "--loglevel", options.environ.get("LOG_LEVEL", "INFO")),
        ),
        folder=options.project_dir,
        address="queues jobs, predict",
        is_ready=lambda pid: pid_of_worker(options.redis_url, full_name) == pid,
        after=("redis", "prepare"),
        # In a container everything is root's; messages are JSON, so Celery's warning about pickles does not apply.
        environ={"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"},
        stop_within_s=20,
        noise=WORKER_NOISE,
    )


def web_part(options: Options) -> Part:
    """The pages and REST, by threads of one process: predictions of one model meet there and leave as one batch."""
    return Part(
        name="web",
        command=(
            *(sys.executable, "-m", "gunicorn", "registry_ui.wsgi:application", "--bind", options.bind),
            *("--worker-class", "gthread", "--workers", "1", "--threads", str(WEB_THREADS), "--timeout", "120"),
            *("--graceful-timeout", "4", "--keep-alive", "30", "--no-control-socket", "--log-level", "warning"),
            *(("--worker-tmp-dir", "/dev/shm") if _can_write(Path("/dev/shm")) else ()),
        ),
        folder=options.project_dir,
        address=options.url,
        is_ready=lambda pid: answers_http(f"{options.url}/healthz"),
        after=("redis", "prepare"),
    )


def _can_write(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)
