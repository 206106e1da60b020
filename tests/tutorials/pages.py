"""The tutorials as programs: their blocks of Python run from top to bottom, each against the output that the page shows."""

import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))

_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\s*^```text\n(?P<output>.*?)^```\n)?", re.DOTALL | re.MULTILINE)
_ANYTHING = "…"


@dataclass(frozen=True)
class Block:
    """A block of Python, where it begins, and what the page says that it prints."""

    code: str
    place: str
    output: str

    def run(self, namespace: dict[str, Any]) -> str:
        """Run it as part of a program; return what it printed."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(self.code, self.place, "exec"), namespace)
        return printed.getvalue()

    def prints(self, printed: str) -> bool:
        """Whether the page shows this; an ellipsis in the page stands for anything."""
        pattern = ".*".join(re.escape(part) for part in self.output.strip().split(_ANYTHING))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def blocks_of(page: Path) -> list[Block]:
    """Return the program of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["code"], f"{page.name}:{text.count(chr(10), 0, found.start()) + 2}", found["output"] or "")
        for found in _BLOCK.finditer(text)
    ]


def run(page: Path) -> None:
    """Run a page in a namespace of its own. Raises AssertionError naming every block that prints something else than it says."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = [(block, block.run(namespace)) for block in blocks_of(page)]
    wrong = [f"{block.place} prints\n{text}" for block, text in printed if not block.prints(text)]
    assert not wrong, "\n".join(wrong)
