"""The data sets of a training as MLflow keeps them: name, size, features, and a digest by which two are told apart."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .chance import put_back

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

TRAINING = "training"
EVALUATION = "evaluation"
SAMPLES = 8  # examples that go into the digest, evenly spaced: a whole data set may not be read for it


@dataclass(frozen=True)
class DataSet:
    """One data set; `size` is None when it is a stream."""

    name: str
    context: str
    digest: str
    kind: str
    size: int | None = None
    features: dict[str, str] = field(default_factory=dict)

    def as_input(self) -> "DatasetInput":
        """Return what MLflow keeps of it."""
        from mlflow.entities import Dataset, DatasetInput, InputTag  # heavy
        from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

        columns = [{"name": name, "type": kind, "required": True} for name, kind in self.features.items()]
        profile = {"num_rows": self.size, "features": self.features, "class": self.kind}
        dataset = Dataset(
            self.name,
            self.digest,
            source_type="code",  # MLflow's word for data that a program made
            source=json.dumps({"tags": {}}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps(profile),
        )
        return DatasetInput(dataset, tags=[InputTag(MLFLOW_DATASET_CONTEXT, self.context)])


@dataclass(frozen=True)
class DataSets:
    """Those of one training."""

    train: DataSet | None = None
    held_out: dict[str, DataSet] = field(default_factory=dict)  # by the name in `eval_dataset`, "" for the only one

    @property
    def all(self) -> list[DataSet]:
        return [*([self.train] if self.train else []), *self.held_out.values()]

    def measured(self, metric: str) -> tuple[str, str] | None:
        """Return name and digest of the data set that a metric of the Trainer was measured on."""
        found = self.train
        if metric.startswith("eval_"):
            names = [name for name in self.held_out if metric.startswith(f"eval_{name}_" if name else "eval_")]
            found = self.held_out[max(names, key=len)] if names else None
        return (found.name, found.digest) if found else None


def describe(train: Any, held_out: Any) -> DataSets:
    """Return what is known of the data sets of a Trainer. Reads a few examples, with the same chance each time."""
    named = held_out if isinstance(held_out, dict) else {"": held_out}
    with put_back(seed=0):
        return DataSets(
            train=_described(train, "train", TRAINING) if train is not None else None,
            held_out={
                str(name): _described(each, f"eval_{name}" if name else "eval", EVALUATION)
                for name, each in named.items()
                if each is not None
            },
        )


def _described(data: Any, name: str, context: str) -> DataSet:
    kind = f"{type(data).__module__}.{type(data).__qualname__}"
    size = _size(data)
    if known := getattr(data, "_fingerprint", None):  # of the datasets library: it changes with every step of a preparation
        features = {str(key): str(value) for key, value in (getattr(data, "features", None) or {}).items()}
        return DataSet(name, context, str(known)[:36], kind, size, features)
    picked = _picked(data, size)
    return DataSet(name, context, _digest(kind, size, picked), kind, size, _features(picked))


def _size(data: Any) -> int | None:
    try:
        return len(data)
    except TypeError:
        return None


def _picked(data: Any, size: int | None) -> list[Any]:
    if not size or not hasattr(data, "__getitem__"):
        return []
    return [data[number] for number in range(0, size, max(size // SAMPLES, 1))[:SAMPLES]]


def _features(picked: list[Any]) -> dict[str, str]:
    if not picked or not isinstance(picked[0], Mapping):
        return {}
    return {str(key): _kind(value) for key, value in picked[0].items()}


def _kind(value: Any) -> str:
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is not None and shape is not None:
        return f"{str(dtype).removeprefix('torch.')}{list(shape)}"
    if isinstance(value, list | tuple):
        return f"list[{_kind(value[0])}]" if value else "list"
    return type(value).__name__


def _digest(kind: str, size: int | None, picked: list[Any]) -> str:
    found = hashlib.sha256(f"{kind} {size}\n".encode())
    for example in picked:
        _feed(found, example)
    return found.hexdigest()[:16]


def _feed(found: "hashlib._Hash", value: Any) -> None:
    """Hash a value by its content; what has none that can be read counts by its class."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            found.update(str(key).encode())
            _feed(found, value[key])
    elif isinstance(value, list | tuple):
        for each in value:
            _feed(found, each)
    elif hasattr(value, "tobytes"):
        found.update(value.tobytes())
    elif hasattr(value, "numpy"):
        found.update(repr(value.detach().cpu().tolist()).encode())
    elif isinstance(value, str | bytes | int | float | bool | None):
        found.update(repr(value).encode())
    else:
        found.update(type(value).__qualname__.encode())
