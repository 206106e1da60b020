"""Files on their way to a store that is not a folder here: several at once, told in bytes, stoppable between files."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from .weights import Progress

AT_ONCE = 4
LAST = "MLmodel"  # so that a model is there when all of it is


def upload(folder: Path, address: str, *, check: Callable[[], None], progress: Progress | None = None) -> None:
    """Send the files of a folder to an artifact address. `check` is called between files and may raise."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # heavy

    repository = get_artifact_repository(address)
    files = [path for path in folder.rglob("*") if path.is_file()]
    total_bytes, done_bytes = sum(path.stat().st_size for path in files), 0

    def send(path: Path) -> int:
        check()
        below = path.relative_to(folder).parent.as_posix()
        repository.log_artifact(str(path), None if below == "." else below)
        return path.stat().st_size

    for batch in ([path for path in files if path.name != LAST], [folder / LAST]):
        with ThreadPoolExecutor(AT_ONCE, "flavor-upload") as pool:
            for sent in as_completed([pool.submit(send, path) for path in batch]):
                done_bytes += sent.result()
                if progress:
                    progress("uploading", done_bytes, total_bytes, "bytes")
