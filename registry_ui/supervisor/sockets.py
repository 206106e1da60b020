"""Where the embedded Redis listens: a private Unix socket under var, or under a short folder when var's path is too long."""

import hashlib
import os
import tempfile
from pathlib import Path

# The kernel keeps 108 bytes for a socket's path on Linux, 104 elsewhere, one of them for the end.
LONGEST_PATH_BYTES = 100


def redis_socket(var_dir: Path) -> Path:
    """Return the path of the socket of this var folder, always the same one; its folder may not exist yet."""
    own = var_dir / "redis" / "redis.sock"
    if len(os.fsencode(own)) <= LONGEST_PATH_BYTES:
        return own
    mark = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return _short_folder() / f"registry-{os.getuid()}-{mark}" / "redis.sock"


def _short_folder() -> Path:
    """The session's run folder, private to the user; else the machine's folder for temporary files."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) if runtime and len(os.fsencode(runtime)) < 50 else Path(tempfile.gettempdir())
