"""What logging a model writes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from PIL import Image

import flavor
from flavor.errors import Cancelled
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of, mlmodel, saved

Checkpoints = Callable[..., Path]


def test_a_checkpoint_becomes_an_artifact_in_stocks_layout(checkpoint: Checkpoints, tmp_path: Path) -> None:
    folder = saved(tmp_path, checkpoint("text-generation"))
    assert files_of(folder) == {
        "LICENSE.txt",
        "MLmodel",
        "components/tokenizer/chat_template.jinja",
        "components/tokenizer/tokenizer.json",
        "components/tokenizer/tokenizer_config.json",
        "conda.yaml",
        "flavor_manifest.json",
        "model/config.json",
        "model/generation_config.json",
        "model/model.safetensors",
        "python_env.yaml",
        "requirements.txt",
    }
    assert mlmodel(folder)["flavors"]["transformers"] == {
        "code": None,
        "components": ["tokenizer"],
        "instance_type": "TextGenerationPipeline",
        "model_binary": "model",
        "pipeline_model_type": "LlamaForCausalLM",
        "source_model_name": "",
        "task": "text-generation",
        "tokenizer_type": "TokenizersBackend",
        "torch_dtype": "torch.float32",
        "transformers_version": Model.load(str(folder)).flavors["transformers"]["transformers_version"],
    }


def test_our_block_says_what_stock_has_no_key_for(checkpoint: Checkpoints, tmp_path: Path) -> None:
    block = mlmodel(saved(tmp_path, checkpoint()))["flavors"]["flavor"]
    assert block["format"] == 1
    assert (block["parameter_count"], block["dtype"], block["output"]) == (22221, "float32", "rich")
    assert block["content_hash"].startswith("sha256:")
    assert {"torch", "transformers", "mlflow"} <= set(block["versions"])


@pytest.mark.parametrize("kind", ["text-classification", "token-classification", "text-generation", "image-classification"])
def test_the_task_is_read_from_the_architecture(checkpoint: Checkpoints, tmp_path: Path, kind: str) -> None:
    assert mlmodel(saved(tmp_path, str(checkpoint(kind))))["flavors"]["transformers"]["task"] == kind


def test_the_weights_are_the_checkpoints_byte_for_byte_and_read_only(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    copied = saved(tmp_path, source) / "model/model.safetensors"
    assert copied.read_bytes() == (source / "model.safetensors").read_bytes()
    assert copied.stat().st_mode & 0o222 == 0
    assert copied.stat().st_ino != (source / "model.safetensors").stat().st_ino


def test_weights_are_linked_when_the_caller_promises_not_to_touch_them(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    linked = saved(tmp_path, source, link=True) / "model/model.safetensors"
    assert linked.stat().st_ino == (source / "model.safetensors").stat().st_ino


def test_what_trainers_leave_behind_stays_behind(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    for name in ("optimizer.pt", "scheduler.pt", "training_args.bin", "trainer_state.json", "pytorch_model.bin", "notes.txt"):
        (source / name).write_text("junk")
    (source / "runs").mkdir()
    (source / "runs/events").write_text("junk")
    assert {"model/config.json", "model/model.safetensors"} == {
        path for path in files_of(saved(tmp_path, source)) if path.startswith("model/")
    }


def test_a_sharded_checkpoint_keeps_its_shards(tmp_path: Path) -> None:
    source = tmp_path / "sharded"
    pipeline = tiny_models.text_classification()
    pipeline.model.save_pretrained(source, max_shard_size="50KB")
    pipeline.tokenizer.save_pretrained(source)
    shards = {path.name for path in source.glob("*.safetensors")}
    assert len(shards) > 1
    folder = saved(tmp_path, source)
    assert {path.name for path in (folder / "model").glob("*.safetensors")} == shards
    assert flavor.load_model(str(folder))("good") == pipeline("good")


def test_a_dict_of_components_a_pipeline_and_a_bare_model_are_the_same_model(tmp_path: Path) -> None:
    pipeline = tiny_models.text_classification()
    given = (
        pipeline,
        {"model": pipeline.model, "tokenizer": pipeline.tokenizer},
        pipeline.model,
    )
    hashes = set()
    for number, model in enumerate(given):
        options = {"processor": pipeline.tokenizer} if number == 2 else {}
        flavor.save_model(model, tmp_path / str(number), **options)
        block = mlmodel(tmp_path / str(number))["flavors"]["flavor"]
        hashes.add((block["weights_hash"], block["parameter_count"], block["dtype"]))
    assert len(hashes) == 1


def test_an_image_model_in_memory_keeps_its_processor(tmp_path: Path) -> None:
    folder = saved(tmp_path, tiny_models.image_classification())
    assert "components/image_processor/preprocessor_config.json" in files_of(folder)
    assert mlmodel(folder)["flavors"]["transformers"]["image_processor_type"] == "ViTImageProcessorPil"


def test_nothing_of_the_callers_is_changed(tmp_path: Path) -> None:
    pipeline = tiny_models.text_generation()
    padding, metadata, config = pipeline.tokenizer.padding_side, {"team": "a"}, {"top_k": 3}
    saved(tmp_path, pipeline, metadata=metadata, model_config=config, prompt_template="Q: {prompt}")
    assert (pipeline.tokenizer.padding_side, metadata, config) == (padding, {"team": "a"}, {"top_k": 3})


def test_template_config_metadata_and_dtype_are_kept(tmp_path: Path) -> None:
    folder = saved(
        tmp_path,
        tiny_models.text_generation(),
        prompt_template="Q: {prompt}",
        model_config={"max_new_tokens": 3},
        metadata={"team": "a"},
        torch_dtype="bfloat16",
        license="mit",
    )
    content = mlmodel(folder)
    assert content["metadata"] == {"team": "a", "prompt_template": "Q: {prompt}"}
    assert content["flavors"]["python_function"]["config"] == {"max_new_tokens": 3}
    assert content["flavors"]["python_function"]["streamable"] is True
    assert content["flavors"]["transformers"]["torch_dtype"] == "torch.bfloat16"
    assert content["flavors"]["flavor"]["license"] == "mit"


@pytest.mark.parametrize(
    ("example", "kept"),
    [
        ("good", "good"),
        (["good", "bad"], ["good", "bad"]),
        ({"text": "a", "text_pair": "b"}, {"text": "a", "text_pair": "b"}),
        (("good", {"top_k": 1}), {"inputs": "good", "params": {"top_k": 1}}),
    ],
)
def test_an_input_example_is_kept_as_given(tmp_path: Path, example: Any, kept: Any) -> None:
    folder = saved(tmp_path, tiny_models.text_classification(), input_example=example)
    assert json.loads((folder / "input_example.json").read_text()) == kept


def test_a_picture_as_example_becomes_a_data_uri(tmp_path: Path) -> None:
    folder = saved(tmp_path, tiny_models.image_classification(), input_example=Image.new("RGB", (2, 2)))
    assert json.loads((folder / "input_example.json").read_text()).startswith("data:image/png;base64,")


def test_requirements_come_from_a_table_and_name_no_vision_for_text(tmp_path: Path) -> None:
    lines = (saved(tmp_path, tiny_models.text_classification()) / "requirements.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines}
    assert {"mlflow", "torch", "transformers", "safetensors"} <= names
    assert not names & {"torchvision", "pillow", "peft"}


def test_requirements_given_stand_alone_and_extra_ones_are_added(tmp_path: Path) -> None:
    model = tiny_models.text_classification()
    flavor.save_model(model, tmp_path / "a", pip_requirements=["numpy"])
    flavor.save_model(model, tmp_path / "b", extra_pip_requirements=["numpy"])
    only = (tmp_path / "a/requirements.txt").read_text().split()
    more = (tmp_path / "b/requirements.txt").read_text().split()
    assert "numpy" in only
    assert not any(line.startswith("torch") for line in only)
    assert "numpy" in more
    assert any(line.startswith("torch==") for line in more)


def test_code_paths_are_copied_beside_our_own_copy(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text("WORD = 1\n")
    folder = saved(tmp_path, tiny_models.text_classification(), code_paths=[str(module)])
    assert (folder / "code/mine.py").is_file()
    assert mlmodel(folder)["flavors"]["transformers"]["code"] == "code"


def test_logging_a_path_loads_no_weights(checkpoint: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = checkpoint()

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
    monkeypatch.setattr("torch.nn.Module.__call__", refuse)
    assert (saved(tmp_path, source) / "MLmodel").is_file()


def test_progress_counts_bytes_up_to_all_of_them(checkpoint: Checkpoints, tmp_path: Path) -> None:
    told: list[tuple] = []
    saved(tmp_path, checkpoint(), progress=lambda *event: told.append(event))
    copying = [event for event in told if event[0] == "copying" and event[1] is not None]
    assert copying[-1][1] == copying[-1][2] > 90_000
    assert [event[1] for event in copying] == sorted(event[1] for event in copying)
    assert {event[3] for event in copying} == {"bytes"}


def test_stopping_leaves_no_folder(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    asked = iter([False, False, True])
    with pytest.raises(Cancelled, match="nothing of it is left") as caught:
        flavor.save_model(source, tmp_path / "saved", should_stop=lambda: next(asked, True))
    assert isinstance(caught.value, MlflowException)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_folder_with_something_in_it_is_not_overwritten(checkpoint: Checkpoints, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/mine.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not empty"):
        saved(tmp_path, checkpoint())
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(checkpoint: Checkpoints, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    assert (saved(tmp_path, checkpoint()) / "MLmodel").is_file()
