"""`validate=True`: a model answers its example before it is READY, or is refused with the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry as repositories
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from safetensors.torch import load_file, save_file

import flavor
from flavor.errors import ModelNotLoadable
from tests import tiny_models

from .conftest import files_of

Checkpoints = Callable[..., Path]


def without_its_head(checkpoint: Path) -> Path:
    """Such as a base that was never tuned: its headers are fine, and loading it finds a classifier missing."""
    weights = load_file(checkpoint / "model.safetensors")
    save_file(
        {name: each for name, each in weights.items() if not name.startswith("classifier")},
        checkpoint / "model.safetensors",
        {"format": "pt"},
    )
    return checkpoint


def with_a_word_too_many() -> Any:
    """A pipeline whose tokenizer knows a word that its model does not."""
    pipeline = tiny_models.text_classification()
    pipeline.tokenizer.add_tokens(["wonderful"])
    return pipeline


@pytest.mark.parametrize("example", [None, "good", ("good", {"top_k": 1})], ids=["the task's example", "a text", "with params"])
def test_a_model_that_answers_is_saved_as_without(checkpoint: Checkpoints, tmp_path: Path, example: Any) -> None:
    told: list[str] = []
    source = checkpoint()
    flavor.save_model(
        source, tmp_path / "asked", input_example=example, validate=True, progress=lambda *each: told.append(each[0])
    )
    flavor.save_model(source, tmp_path / "not asked", input_example=example)
    assert told[-1] == "validating"
    assert files_of(tmp_path / "asked") == files_of(tmp_path / "not asked")


def test_a_pipeline_in_memory_and_a_chat_answer_too(tmp_path: Path) -> None:
    messages = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
    flavor.save_model(tiny_models.text_generation(), tmp_path / "a", task="llm/v1/chat", input_example=messages, validate=True)
    flavor.save_model(tiny_models.image_classification(), tmp_path / "b", validate=True)
    assert {"MLmodel"} <= files_of(tmp_path / "a") & files_of(tmp_path / "b")


def test_a_checkpoint_that_would_answer_at_random_is_not_saved(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = without_its_head(checkpoint())
    with pytest.raises(ModelNotLoadable, match=r"does not answer its example: The weights in model lack classifier\.bias"):
        flavor.save_model(source, tmp_path / "saved", validate=True)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_model_that_breaks_at_its_example_is_failed_and_not_registered(store: MlflowClient, tmp_path: Path) -> None:
    experiment = store.create_experiment("validated", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    options = {"run_id": run.info.run_id, "input_example": "wonderful", "registered_model_name": "validated"}
    with pytest.raises(ModelNotLoadable, match=r"does not answer its example: .*: IndexError: "):
        flavor.log_model(with_a_word_too_many(), **options, validate=True)
    (logged,) = store.search_logged_models([experiment])
    assert logged.status == "FAILED"
    assert "IndexError" in logged.tags["flavor.failure"]
    assert not store.search_registered_models("name = 'validated'")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert flavor.log_model(with_a_word_too_many(), **options).registered_model_version == 1


@pytest.fixture
def elsewhere(store: MlflowClient, tmp_path: Path) -> Iterator[Path]:
    """A store that is no folder to the flavor. Gives what it holds."""

    class Elsewhere(LocalArtifactRepository):
        def __init__(self, artifact_uri: str, *args: Any, **kwargs: Any) -> None:
            path = tmp_path / "elsewhere" / artifact_uri.removeprefix("elsewhere://")
            super().__init__(path.as_uri(), *args, **kwargs)

    repositories.register("elsewhere", Elsewhere)
    yield tmp_path / "elsewhere"
    del repositories._registry["elsewhere"]


def test_a_store_elsewhere_gets_nothing_of_a_model_that_does_not_answer(
    store: MlflowClient, elsewhere: Path, checkpoint: Checkpoints
) -> None:
    run = store.create_run(store.create_experiment("validated elsewhere", artifact_location="elsewhere://store"))
    options = {"run_id": run.info.run_id, "validate": True}
    good = checkpoint(name="good")
    flavor.log_model(good, **options)
    sent = {path for path in elsewhere.rglob("*") if path.is_file()}
    assert {"MLmodel", "model.safetensors"} <= {path.name for path in sent}
    with pytest.raises(ModelNotLoadable, match="lack classifier"):
        flavor.log_model(without_its_head(good), **options)
    assert {path for path in elsewhere.rglob("*") if path.is_file()} == sent
