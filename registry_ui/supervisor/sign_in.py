"""The one-time sign-in link, handed from `prepare` to the terminal by a file that only its owner reads."""

import os
from pathlib import Path


def link_file(var_dir: Path) -> Path:
    return var_dir / "up.link"


def write_link(var_dir: Path, link: str) -> None:
    """Leave the link to be read once; an empty one when nobody needs one."""
    path = link_file(var_dir)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(link)


def take_link(var_dir: Path) -> str | None:
    """Return the link and remove it; None when nobody needs one."""
    path = link_file(var_dir)
    try:
        link = path.read_text().strip()
    except FileNotFoundError:
        return None
    path.unlink()
    return link or None
