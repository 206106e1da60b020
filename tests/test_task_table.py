"""docs/tasks.md is what the descriptions say today."""

import subprocess
import sys
import tomllib
from pathlib import Path

import docs.tasks as table
from flavor.chat import PROTOCOLS
from flavor.tasks import all_tasks

STOCK = tomllib.loads((table.FOLDER / "stock.toml").read_text(encoding="utf-8"))


def test_the_table_is_what_the_descriptions_say() -> None:
    stale = "docs/tasks.md is stale; run .venv/bin/python -m docs.tasks"
    assert table.TARGET.read_text(encoding="utf-8") == table.render(), stale


def test_every_task_has_a_line() -> None:
    lines = [line for line in table.TARGET.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    named = [line.split("`")[1] for line in lines]
    assert sorted(named) == sorted([*(task.name for task in all_tasks()), *PROTOCOLS])


def test_what_stock_does_is_known_for_every_task_and_nothing_else() -> None:
    assert set(STOCK["tasks"]) == {task.name for task in all_tasks()}
    assert all(set(each) == {"native", "pyfunc"} for each in STOCK["tasks"].values())
    assert set(STOCK["protocols"]) == set(PROTOCOLS)


def test_the_table_is_made_without_torch() -> None:
    code = "import sys, docs.tasks as table; table.render(); print('torch' in sys.modules)"
    root = Path(table.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "False"
