"""Commands that run once beside the parts: preparing the database, filling an empty registry."""

import sys

from .children import Children
from .errors import CannotStart
from .options import Options
from .process import Process


class OneShot:
    """One `manage.py` command, started when the parts it needs are ready."""

    def __init__(self, name: str, *arguments: str, after: tuple[str, ...], options: Options, children: Children) -> None:
        self.name = name
        self._command = (sys.executable, "manage.py", *arguments)
        self._after = after
        self._options = options
        self._children = children
        self._process: Process | None = None

    @property
    def has_succeeded(self) -> bool:
        return self._process is not None and self._process.exit_code == 0

    def tick(self, ready: set[str]) -> None:
        """Start it when it can start. Raises CannotStart with its last lines when it has failed."""
        if self._process is None:
            if ready.issuperset(self._after):
                self._process = self._children.launch(self.name, self._command, folder=self._options.project_dir, environ={})
        elif self._process.exit_code:
            self._process.kill()
            lines = "\n".join(f"    {line}" for line in self._process.last_lines)
            raise CannotStart(f"{self.name} {self._process.ending}. Its last lines:\n{lines or '    (it said nothing)'}")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
