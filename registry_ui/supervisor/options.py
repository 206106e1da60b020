"""What a start was asked for, and which parts it runs itself: those whose address the environment does not name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .sockets import redis_socket

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True, kw_only=True)
class Options:
    """`environ` is the environment that `up` was called in; an address in it replaces the embedded part."""

    host: str
    port: int
    mlflow_port: int
    demo: bool
    var_dir: Path
    project_dir: Path
    environ: Mapping[str, str]

    @classmethod
    def from_environment(
        cls, *, host: str, port: int, mlflow_port: int, demo: bool | None, var_dir: Path, project_dir: Path
    ) -> "Options":
        """Return what was asked for; unless `demo` is said, an MLflow that is not ours is not filled with demo models."""
        environ = dict(os.environ)
        return cls(
            host=host,
            port=port,
            mlflow_port=mlflow_port,
            demo=not environ.get("MLFLOW_TRACKING_URI") if demo is None else demo,
            var_dir=var_dir.absolute(),
            project_dir=project_dir,
            environ=environ,
        )

    @property
    def embeds_redis(self) -> bool:
        return not self.environ.get("REDIS_URL")

    @property
    def embeds_mlflow(self) -> bool:
        return not self.environ.get("MLFLOW_TRACKING_URI")

    @property
    def redis_url(self) -> str:
        return self.environ.get("REDIS_URL") or f"unix://{redis_socket(self.var_dir)}"

    @property
    def mlflow_url(self) -> str:
        return self.environ.get("MLFLOW_TRACKING_URI") or f"http://127.0.0.1:{self.mlflow_port}"

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the pages."""
        return f"http://{'127.0.0.1' if self.host in EVERYWHERE else _bracketed(self.host)}:{self.port}"

    @property
    def bind(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"

    def child_environ(self) -> dict[str, str]:
        """Return the environment of every child: the caller's, the addresses, and nothing that asks the network unasked."""
        return {
            **self.environ,
            "REGISTRY_VAR_DIR": str(self.var_dir),
            "REDIS_URL": self.redis_url,
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "ALLOWED_HOSTS": self.environ.get("ALLOWED_HOSTS") or ",".join(self._own_hosts()),
            "PYTHONUNBUFFERED": "1",
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    def _own_hosts(self) -> list[str]:
        own = [] if self.host in (*EVERYWHERE, *LOOPBACK) else [_bracketed(self.host)]
        return [*LOOPBACK, *own]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def without_password(url: str) -> str:
    """Return the address as it may be shown."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@", 1) if password else url
