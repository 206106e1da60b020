"""What logging costs beside stock MLflow and `cp`: seconds, bytes written, memory; see README.md.

The parent makes the checkpoints and takes turns; each contender is a child process that does one log for each line it reads.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.checkpoints import SIZES, write_checkpoint, write_sparse

CONTENDERS = {
    "cp": "`cp -r` of the checkpoint",
    "path": "ours, from the folder",
    "link": "ours, from the folder, `link=True`",
    "memory": "ours, from memory",
    "stock": "stock, from memory",
    "fast stock": "stock, from memory, `pip_requirements` given",
    "stock from a folder": "stock, from the folder, which it has to load first",
}
GOALS = (  # what, of which, against which, in which figure, at most
    ("bytes written, from the folder", "path", None, "written", 1.02),
    ("bytes written, from memory", "memory", None, "written", 1.02),
    ("time from the folder / cp", "path", "cp", "on disk", 1.2),
    ("time from memory / stock", "memory", "stock", "on disk", 0.4),
    ("memory above baseline from the folder, MB", "path", None, "memory", 300),
    ("memory above baseline from memory, MB", "memory", None, "memory", 300),
)
GOALS_ARE_FOR = "1 GB"
SPARSE_BYTES = 10 * 10**9
SPARSE = {"path": "copied", "link": "linked", "null": "streamed to a store elsewhere"}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="flavor-benchmark-", dir=options.dir) as name:
        missed = []
        for size in options.sizes:
            missed += _report(size, _measured(Path(name), size, options.rounds))
        if options.sparse:
            missed += _report_sparse(Path(name))
    print("All goals are met." if not missed else f"Missed: {'; '.join(missed)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sparse", action="store_true", help="also log a file of 10 GB without content")
    parser.add_argument("--dir", help="where to work; source and store must be on one file system")
    return parser.parse_args()


def _measured(folder: Path, size: str, rounds: int) -> dict[str, dict[str, float]]:
    """Every contender's figures: medians of seconds over rounds in which all take their turn, the most of the others."""
    checkpoint = write_checkpoint(size, folder / f"checkpoint-{size}")
    weight = sum(path.stat().st_size for path in checkpoint.iterdir())
    with _children(list(CONTENDERS), checkpoint, size, folder) as ask:
        turns = [{name: ask(name) for name in CONTENDERS} for _ in range(rounds)]
    shutil.rmtree(checkpoint)
    return {
        name: {
            "returned": statistics.median(turn[name]["seconds"] for turn in turns),
            "on disk": statistics.median(turn[name]["on_disk_seconds"] for turn in turns),
            "written": max(turn[name]["written_bytes"] for turn in turns) / weight,
            "memory": max(turn[name]["memory_bytes"] for turn in turns) / 10**6,
        }
        for name in CONTENDERS
    }


def _report(size: str, figures: dict[str, dict[str, float]]) -> list[str]:
    """Print a table and, for the larger size, what is met of the goals; return what is missed."""
    print(f"\n{size}\n\n| | time / cp | returned / cp | time / stock | bytes written / checkpoint | memory, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    cp, stock = figures["cp"], figures["stock"]
    for name, each in figures.items():
        ratios = (each["on disk"] / cp["on disk"], each["returned"] / cp["returned"], each["on disk"] / stock["on disk"])
        cells = [CONTENDERS[name], *(f"{ratio:.2f}" for ratio in ratios), f"{each['written']:.4f}", f"{each['memory']:.0f}"]
        print(f"| {' | '.join(cells)} |")
    if size != GOALS_ARE_FOR:
        return []
    print("\n| Goal | at most | is | |\n| --- | --- | --- | --- |")
    missed = []
    for what, name, other, figure, most in GOALS:
        found = figures[name][figure] / (figures[other][figure] if other else 1)
        missed += [what] if found > most else []
        print(f"| {what} | {most} | {found:.4g} | {'missed' if found > most else 'met'} |")
    return missed


def _report_sparse(folder: Path) -> list[str]:
    """Log a checkpoint of 10 GB that takes no room, in every way for which there is room; return what is missed."""
    checkpoint = write_sparse(folder / "sparse", SPARSE_BYTES)
    has_room = shutil.disk_usage(folder).free > 2.5 * SPARSE_BYTES  # a copy has no holes
    names = [name for name in SPARSE if has_room or name != "path"]
    print("\n10 GB, a file without content\n\n| | memory above baseline, MB | |\n| --- | --- | --- |")
    missed = []
    with _children(names, checkpoint, "", folder) as ask:
        for name in names:
            found = ask(name)["memory_bytes"] / 10**6
            missed += [f"10 GB {SPARSE[name]}: memory"] if found > 300 else []
            print(f"| {SPARSE[name]} | {found:.0f} | {'missed' if found > 300 else 'met'} |")
    return missed


@contextmanager
def _children(names: Sequence[str], checkpoint: Path, size: str, folder: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Give a function that lets one contender take its turn and returns its figures."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "TMPDIR": str(folder)}
    with ExitStack() as stack:
        errors = stack.enter_context((folder / "errors.txt").open("w"))
        children = {}
        for name in names:
            store = folder / "stores" / f"{size} {name}"
            command = [sys.executable, "-m", "benchmarks.log_child", name, str(checkpoint), size, str(store)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors, "text": True, "env": environment}
            children[name] = stack.enter_context(subprocess.Popen(command, **pipes))
            stack.callback(children[name].stdin.close)

        def line_of(name: str) -> str:
            return children[name].stdout.readline() or sys.exit((folder / "errors.txt").read_text())

        def ask(name: str) -> dict[str, Any]:
            children[name].stdin.write("go\n")
            children[name].stdin.flush()
            return dict(json.loads(line_of(name)))

        for name in names:
            line_of(name)
        yield ask


if __name__ == "__main__":
    main()
