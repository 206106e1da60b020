"""One contender of `benchmarks.logging`: logs once for each line it reads, and prints what that cost as JSON."""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.checkpoints import in_memory, write_tiny

Log = Callable[[Any], Any]


def main(name: str, checkpoint: str, size: str, store: str) -> None:
    folder = Path(store)
    folder.mkdir(parents=True)
    log = _contender(name, Path(checkpoint), size, folder)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(_cost(log)), flush=True)
        for each in (folder / "artifacts", folder / "copy"):
            shutil.rmtree(each, ignore_errors=True)


def _contender(name: str, checkpoint: Path, size: str, folder: Path) -> Callable[[], Any]:
    """Return what logs once, after everything that only the first log of a process pays for."""
    if name == "cp":
        return lambda: subprocess.run(["cp", "-r", str(checkpoint), str(folder / "copy")], check=True)
    _use_store(folder, "null://store" if name == "null" else (folder / "artifacts").as_uri())
    if "stock" in name:
        _let_stock_find_torchvision(folder / "site")
    log = _doors()[name]
    is_in_memory = name in ("memory", "stock", "fast stock")
    tiny = write_tiny(folder / "tiny")
    log(in_memory() if is_in_memory else str(tiny))
    given = in_memory(size) if is_in_memory else str(checkpoint)
    return lambda: log(given)


def _doors() -> dict[str, Log]:
    from mlflow.transformers import log_model as stock
    from transformers import pipeline

    from flavor import log_model as ours

    return {
        "path": lambda given: ours(given, name="model"),
        "null": lambda given: ours(given, name="model"),
        "link": lambda given: ours(given, name="model", link=True),
        "memory": lambda given: ours(given, name="model"),
        "stock": lambda given: stock(given, name="model"),
        "fast stock": lambda given: stock(given, name="model", pip_requirements=["mlflow"]),
        "stock from a folder": lambda given: stock(pipeline("text-generation", model=given, device="cpu"), name="model"),
    }


def _use_store(folder: Path, place: str) -> None:
    import mlflow

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    _register_null_store()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.create_experiment("benchmark", artifact_location=place)
    mlflow.set_experiment("benchmark")


def _let_stock_find_torchvision(site: Path) -> None:
    """Stock asks which version is installed, for every model, and refuses to log one where none is."""
    try:
        version("torchvision")
    except PackageNotFoundError:
        about = site / "torchvision-0.0.dist-info/METADATA"
        about.parent.mkdir(parents=True)
        about.write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.0\n")
        sys.path.append(str(site))


def _register_null_store() -> None:
    """Let `null:` be a store elsewhere that forgets what it gets."""
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry

    class Nowhere(ArtifactRepository):
        def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
            with Path(local_file).open("rb", buffering=0) as file:
                while file.read(2**23):
                    pass

        def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
            raise NotImplementedError

        def list_artifacts(self, path: str | None = None) -> list[Any]:
            return []

        def _download_file(self, remote_file_path: str, local_path: str) -> None:
            raise NotImplementedError

    _artifact_repository_registry.register("null", Nowhere)


def _cost(log: Callable[[], Any]) -> dict[str, float]:
    """Time until it returned and until all was on disk; bytes written, and memory above what there was before."""
    os.sync()
    Path("/proc/self/clear_refs").write_text("5")  # the highest memory from now on
    memory, written = _said("status", "VmRSS"), _said("io", "write_bytes")
    started = time.perf_counter()
    log()
    seconds = time.perf_counter() - started
    os.sync()
    on_disk = time.perf_counter() - started
    return {
        "seconds": seconds,
        "on_disk_seconds": on_disk,
        "written_bytes": _said("io", "write_bytes") - written,
        "memory_bytes": (_said("status", "VmHWM") - memory) * 1024,
    }


def _said(file: str, name: str) -> int:
    """One number of what the kernel says about this process."""
    for line in Path("/proc/self", file).read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
