"""Code that comes with an artifact: our own copy, which our doors never run, and that of strangers."""

from .artifact_files import ArtifactFiles
from .flavor_config import FlavorConfig

CODE = "code"


def foreign_code(files: ArtifactFiles, config: FlavorConfig) -> list[str]:
    """Return the Python files of the artifact that are not the copy of `flavor` that the flavor block names."""
    own = f"{CODE}/{config.loader_package}/" if config.loader_package else None
    return [path for path in files.named("*.py", "*.so", "*.pyc") if not (own and path.startswith(own))]


def code_problem(files: ArtifactFiles, config: FlavorConfig) -> str:
    """Say that the model brings code of its own, empty when it does not."""
    found = foreign_code(files, config)
    if not found:
        return ""
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"It brings code of its own ({found[0]}{others}), which is not run unless somebody trusts it by its content hash."
