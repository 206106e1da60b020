"""What logging a model writes, and what it says when it cannot."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from PIL import Image
from safetensors.torch import load_file, save_file

import flavor
from flavor.errors import Cancelled, HubUnavailable, ModelNotLoadable, UnsupportedTask, UntrustedCode
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of

Checkpoints = Callable[..., Path]


def saved(tmp_path: Path, model: Any, **options: Any) -> Path:
    flavor.save_model(model, tmp_path / "saved", **options)
    return tmp_path / "saved"


def mlmodel(folder: Path) -> dict:
    return yaml.safe_load((folder / "MLmodel").read_text())


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


def drop(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def edit_config(**changes: Any) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(content | changes))

    return edit


@pytest.mark.parametrize(
    ("damage", "error", "said"),
    [
        (drop("config.json"), InvalidInput, "config.json is missing"),
        (lambda f: (f / "config.json").write_text("{"), ModelNotLoadable, "config.json is no valid JSON"),
        (lambda f: cut(f / "model.safetensors"), ModelNotLoadable, "model.safetensors is damaged"),
        (lambda f: (f / "model.safetensors").write_bytes(b""), ModelNotLoadable, "model.safetensors is damaged"),
        (drop("model.safetensors"), ModelNotLoadable, "There is no model.safetensors"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), UntrustedCode, "pytorch_model.bin is a pickle"),
        (lambda f: (f / "model.safetensors").rename(f / "other.safetensors"), ModelNotLoadable, "there is other.safetensors"),
        (drop("tokenizer.json"), InvalidInput, "has no tokenizer (tokenizer.json"),
        (edit_config(architectures=["BertForSorcery"]), UnsupportedTask, "BertForSorcery, which no task here knows"),
        (edit_config(architectures=None), UnsupportedTask, "names no architecture"),
        (
            edit_config(architectures=["MyOwnForSequenceClassification"]),
            ModelNotLoadable,
            "MyOwnForSequenceClassification, which",
        ),
    ],
)
def test_a_checkpoint_that_cannot_be_logged_is_refused_naming_the_file(
    checkpoint: Checkpoints, tmp_path: Path, damage: Callable[[Path], object], error: type[Exception], said: str
) -> None:
    source = checkpoint()
    damage(source)
    with pytest.raises(error) as caught:
        saved(tmp_path, source)
    assert said in str(caught.value)
    assert isinstance(caught.value, MlflowException)
    assert not (tmp_path / "saved").exists()


def test_an_index_that_names_a_missing_shard_is_refused(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (source / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelNotLoadable, match="model-00001-of-00002"):
        saved(tmp_path, source)


@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"task": "time-travel"}, "task", "not known here; use one of"),
        ({"task": "token-classification"}, "task", "does text-classification, not token-classification"),
        ({"prompt_template": "Say {prompt}"}, "prompt_template", "takes no prompt template"),
        ({"model_config": {"top_k": -5}}, "model_config.top_k", "top_k"),
        ({"input_example": {"texts": "a", "more": "b"}}, "input_example", "does not fit text-classification"),
        ({"input_example": ("a", {"top": 1})}, "input_example", "top"),
        ({"model_card": "---\na: [\n---\n"}, "model_card", "cannot be read"),
        ({"model_card": 5}, "model_card", "got int"),
        ({"pyfunc_output": "poor"}, "pyfunc_output", "'rich' or 'stock'"),
        ({"pip_requirements": ["a"], "conda_env": {}}, "pip_requirements", "only one"),
        ({"base_model": "org/base"}, "base_model", "is no adapter"),
        ({"base_model_path": "/base"}, "base_model_path", "is no adapter"),
        ({"metadata": {"task": "llm/v1/chat"}}, "metadata.task", "llm/v1/chat"),
    ],
)
def test_a_bad_argument_is_named_before_anything_is_written(
    checkpoint: Checkpoints, tmp_path: Path, options: dict, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        saved(tmp_path, checkpoint(), **options)
    assert caught.value.field == field
    assert said in str(caught.value)
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda p: {"tokenizer": p.tokenizer}, "no 'model'"),
        (lambda p: {"model": p.model, "image-processor": 1}, "'image-processor' is no component"),
        (lambda p: {"model": "bert"}, "must be a model"),
        (lambda p: {"model": p.model}, "needs a tokenizer"),
        (lambda p: 5, "got int"),
        (lambda p: "/no/such/folder", "There is no folder '/no/such/folder'"),
        (lambda p: "no/such/../folder", "There is no folder"),
    ],
)
def test_something_that_is_no_model_is_refused_saying_what_it_was(tmp_path: Path, given: Callable, said: str) -> None:
    with pytest.raises(InvalidInput, match=".*" + said.replace("(", "\\(")):
        saved(tmp_path, given(tiny_models.text_classification()))


def test_an_unknown_keyword_is_a_type_error(checkpoint: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="model_params"):
        saved(tmp_path, checkpoint(), model_params={})


def test_a_hub_id_without_the_hub_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnavailable, match=r"works offline .* give the folder of a checkpoint"):
        saved(tmp_path, "org/a-model-nobody-has")


def test_a_cached_snapshot_of_the_hub_is_logged_offline_with_its_commit(
    checkpoint: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "cache/models--org--tiny"
    shutil.copytree(checkpoint(), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    content = mlmodel(saved(tmp_path, "org/tiny"))
    assert content["flavors"]["transformers"]["source_model_name"] == "org/tiny"
    assert content["flavors"]["flavor"]["revision"] == commit


def test_a_checkpoint_that_changes_while_it_is_read_is_refused(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    weights = source / "model.safetensors"

    def train_on(stage: str, done: int | None, total: int | None, unit: str) -> None:
        if done is not None and weights.exists():
            tensors = load_file(weights)
            save_file(tensors, weights)

    with pytest.raises(ModelNotLoadable, match="changed while it was read"):
        saved(tmp_path, source, progress=train_on)


def test_errors_of_the_door_carry_mlflows_codes(tmp_path: Path) -> None:
    with pytest.raises(MlflowException) as caught:
        saved(tmp_path, tmp_path)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert isinstance(caught.value, InvalidInput)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
