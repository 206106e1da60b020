"""Ports that must be free before anything starts, and who holds one that is not."""

import errno
import socket

import psutil

from .errors import CannotStart

HIGHEST_RESERVED = 1023


def check_free(host: str, port: int, *, purpose: str, way_out: str) -> None:
    """Return when `port` can be listened to. Raises CannotStart naming the process that holds it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise CannotStart(f"{_reason(host, port, purpose, error)} {way_out}") from error


def holder_of(port: int) -> psutil.Process | None:
    """Return the process that listens on `port`; None when there is none, or none that this user may see."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows them to root only
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    return None


def _reason(host: str, port: int, purpose: str, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"Port {port}, wanted for {purpose}, is held by {_describe(holder_of(port))}."
    if code == errno.EACCES:
        return f"Port {port}, wanted for {purpose}, is reserved for root (1 to {HIGHEST_RESERVED} are)."
    if isinstance(error, OverflowError):
        return f"{port} is not a port; ports are 1 to 65535."
    return f"Cannot listen on {host}, port {port}, for {purpose}: {getattr(error, 'strerror', None) or error}."


def _describe(process: psutil.Process | None) -> str:
    if process is None:
        return "a process that this user cannot see"
    try:
        command = " ".join(process.cmdline()) or process.name()
    except psutil.Error:
        return f"pid {process.pid}"
    return f"pid {process.pid} ({command if len(command) <= 120 else command[:117] + '...'})"
