"""What of this process's environment its children see: threads limited, telemetry off, and no secret."""

import re
from collections.abc import Mapping

SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|AUTH|DSN|(DATABASE|REDIS|BROKER)_URL", re.IGNORECASE)
URL_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.\-]*://[^/\s@]*:[^/\s@]+@", re.IGNORECASE)

# A log job writes to MLflow and its object store, and may read a private repository of the Hub. It is handed these for its
# call only; a child that runs a model never has them.
FOR_JOBS = ("HF_", "HUGGING_FACE_HUB_", "MLFLOW_TRACKING_", "MLFLOW_S3_", "AWS_", "AZURE_", "GOOGLE_", "HTTP_", "HTTPS_", "ALL_")


def for_children(environment: Mapping[str, str], *, threads: int) -> dict[str, str]:
    """Return the environment of the zygote and of every child."""
    public = {name: value for name, value in environment.items() if not is_secret(name, value)}
    return {**_QUIET, **public, **_threads(threads), **_ALWAYS}


def for_jobs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that a job is handed beside it."""
    return {name: value for name, value in environment.items() if is_secret(name, value) and name.upper().startswith(FOR_JOBS)}


def is_secret(name: str, value: str) -> bool:
    """Whether the name speaks of a secret, or the value is an address with a password in it."""
    return bool(SECRET_NAME.search(name) or URL_WITH_PASSWORD.search(value))


_QUIET = {"TQDM_DISABLE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

_ALWAYS = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Asks the driver whether there is a GPU without opening it: a process that has opened it cannot fork.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}


def _threads(threads: int) -> dict[str, str]:
    return {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "RAYON_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
        # numpy's own threads start when it is imported, which here is before the fork.
        "OPENBLAS_NUM_THREADS": "1",
    }
