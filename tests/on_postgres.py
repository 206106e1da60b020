"""Run tests on PostgreSQL: `python -m tests.on_postgres tests/registry_ui/jobs`.

The server is started for this run, on a private Unix socket, and thrown away. Where PostgreSQL's programs are not
installed it says so and runs nothing.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROLE = "registry"
SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments on a new server; returns its exit code."""
    programs = find_programs()
    if programs is None:
        sys.stdout.write("PostgreSQL's programs are not installed here; these tests ran on SQLite only.\n")
        return 0
    with server(programs) as url:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


def find_programs() -> Path | None:
    """Return the folder that holds initdb and postgres: on the PATH, or where Debian keeps them, newest first."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]), reverse=True)
    found = [Path(on_path).resolve(), *debian] if on_path else debian
    return next((file.parent for file in found if (file.parent / "postgres").exists()), None)


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a private server on a Unix socket and yield its address."""
    with tempfile.TemporaryDirectory(prefix="registry-pg-") as name:
        folder = Path(name)
        account = _account(folder)
        _run([programs / "initdb", "-D", folder / "data", "-U", ROLE, "-A", "trust", "--no-sync", "-E", "UTF8"], account)
        options = " ".join(["-k", str(folder), "-c listen_addresses=''", *(f"-c {option}" for option in SPEED)])
        control = [programs / "pg_ctl", "-D", folder / "data", "-w"]
        _run([*control, "-l", folder / "log", "-o", options, "start"], account)
        try:
            yield f"postgres://{ROLE}@/postgres?host={name}"
        finally:
            _run([*control, "-m", "immediate", "stop"], account)


def _account(folder: Path) -> dict[str, str | int | list[int]]:
    """PostgreSQL refuses to run as root: then it is given to an account that can do nothing else."""
    if os.getuid() != 0:
        return {}
    name = next(name for name in ("postgres", "nobody") if _has_account(name))
    shutil.chown(folder, name)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _has_account(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _run(command: list[str | Path], account: dict[str, str | int | list[int]]) -> None:
    done = subprocess.run(
        command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        **account,  # type: ignore[call-overload]
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"PostgreSQL could not be started: {done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
