"""A copy of this package inside an artifact, under a name of its own, so that stock MLflow predicts where we are not installed.

Our own doors never run that copy. Its name comes from its content: two artifacts of one build share one module.
"""

import hashlib
from functools import cache
from pathlib import Path

from .artifact_code import CODE
from .weights import Writer

PACKAGE = Path(__file__).parent
# Not needed to load and predict: what serves many models, what shows them, and what writes artifacts.
LEFT_OUT = frozenset(
    {
        "abandoned.py",
        "artifact_writing.py",
        "card_drafts.py",
        "card_sources.py",
        "cards.py",
        "checkpoints.py",
        "evidence.py",
        "examination.py",
        "input_examples.py",
        "inspection.py",
        "licenses.py",
        "logged_models.py",
        "memory.py",
        "merging.py",
        "mlmodel_schema.py",
        "peft.py",
        "persisting.py",
        "pickle_imports.py",
        "references.py",
        "requirements.py",
        "runtime",
        "saving.py",
        "self_copy.py",
        "sources.py",
        "staging.py",
        "tensor_files.py",
        "training",
        "uploads.py",
        "validation.py",
    }
)


def copy_into(writer: Writer) -> str:
    """Write this package below the artifact's `code/` and return the name that the copy is imported by."""
    name = package_name()
    for path, content in _modules().items():
        writer.write(f"{CODE}/{name}/{path}", content)
    return name


@cache
def package_name() -> str:
    """Return `flavor_` and a hash of the package's source."""
    found = hashlib.sha256()
    for path, content in _modules().items():
        found.update(f"{path}\n".encode())
        found.update(content)
    return f"flavor_{found.hexdigest()[:12]}"


@cache
def _modules() -> dict[str, bytes]:
    """The source that goes with a model, by its path in the package; about a megabyte."""
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    kept = sorted(path.as_posix() for path in paths if path.parts[0] not in LEFT_OUT)
    return {path: (PACKAGE / path).read_bytes() for path in kept}
