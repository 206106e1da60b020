"""Loading: what comes back, from where, and what is said when it cannot."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import flavor
import flavor.errors
from flavor.errors import HubUnavailable, ModelNotLoadable
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import folder_of

Checkpoints = Callable[..., Path]


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return tiny_models.text_classification()


@pytest.fixture(scope="module")
def original(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original") / "model"
    flavor.save_model(pipeline, folder, model_config={"top_k": 2}, input_example="good")
    return folder


@pytest.fixture
def artifact(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    copy = tmp_path / "artifact"
    shutil.copytree(original, copy)
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def change_mlmodel(folder: Path, change: Callable[[dict], object]) -> None:
    content = yaml.safe_load((folder / "MLmodel").read_text())
    change(content)
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


def test_every_way_to_name_a_model_loads_it(store: MlflowClient, pipeline: Any) -> None:
    with mlflow.start_run() as run:
        info = flavor.log_model(pipeline, name="named", registered_model_name="named")
    store.set_registered_model_alias("named", "champion", "1")
    uris = (info.model_uri, "models:/named/1", "models:/named@champion", f"runs:/{run.info.run_id}/named", str(folder_of(info)))
    for uri in uris:
        assert flavor.load_model(uri, device="cpu")("good") == pipeline("good")


def test_a_model_can_be_logged_to_refuse_what_it_cannot_read_whole(pipeline: Any, tmp_path: Path) -> None:
    flavor.save_model(pipeline, tmp_path / "model", model_config={"overlong": "refuse"})
    with pytest.raises(MlflowException, match="tokens and the model reads 64"):
        mlflow.pyfunc.load_model(str(tmp_path / "model")).predict("good " * 500)


def test_components_and_the_bare_model_can_be_had(original: Path, pipeline: Any) -> None:
    components = flavor.load_model(str(original), return_type="components", device="cpu")
    assert set(components) == {"task", "model", "tokenizer"}
    model = flavor.load_model(str(original), return_type="model", device="cpu")
    assert type(model) is type(pipeline.model)
    assert not model.training


def test_weights_come_back_bit_for_bit_with_one_from_pretrained(
    original: Path, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = type(pipeline.model).from_pretrained.__func__

    def counted(cls: type, *args: Any, **kwargs: Any) -> Any:
        calls.append(kwargs)
        return real(cls, *args, **kwargs)

    monkeypatch.setattr(type(pipeline.model), "from_pretrained", classmethod(counted))
    model = flavor.load_model(str(original), return_type="model", device="cpu")
    assert len(calls) == 1
    expected = pipeline.model.state_dict()
    assert all(torch.equal(tensor, expected[name]) for name, tensor in model.state_dict().items())


def test_the_asked_type_reaches_the_weights(original: Path) -> None:
    for options in ({"dtype": "bfloat16"}, {"torch_dtype": torch.bfloat16}, {"dtype": "torch.bfloat16"}):
        assert flavor.load_model(str(original), return_type="model", device="cpu", **options).dtype == torch.bfloat16


def test_attention_of_choice_reaches_the_model(original: Path) -> None:
    model = flavor.load_model(str(original), return_type="model", device="cpu", attn_implementation="eager")
    assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"return_type": "dict"}, "return_type", "pipeline, components, model"),
        ({"device": "cpu", "device_map": "auto"}, "device", "give one of them"),
        ({"device": "toaster"}, "device", "'toaster'"),
        ({"device": "cuda:99"}, "device", "is not here"),
        ({"dtype": "float99"}, "dtype", "'float99'"),
        ({"task": "time-travel"}, "task", "not known here"),
        ({"base_model_path": "/base"}, "base_model_path", "is no adapter"),
    ],
)
def test_a_bad_option_is_named(original: Path, options: dict, field: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        flavor.load_model(str(original), **options)
    assert isinstance(caught.value, MlflowException)
    assert caught.value.field == field
    assert said in str(caught.value)


def lose(name: str) -> Callable[[Path], object]:
    return lambda folder: shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def drop_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model/model.safetensors")
    del tensors["classifier.weight"]
    save_file(tensors, folder / "model/model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose("MLmodel"), "There is no MLmodel file"),
        (lambda f: (f / "MLmodel").write_text("a: ["), "MLmodel cannot be read"),
        (lambda f: change_mlmodel(f, lambda m: m["flavors"].pop("transformers")), "holds no Transformers model"),
        (lose("model/config.json"), "config.json is missing"),
        (lose("model/model.safetensors"), "The model in"),
        (lambda f: (f / "model/model.safetensors").write_bytes(b"no weights"), "model.safetensors is damaged"),
        (lose("components/tokenizer"), "components/tokenizer is missing"),
        (lose("components/tokenizer/tokenizer.json"), "The tokenizer in"),
        (drop_a_tensor, "lack classifier.weight"),
        (lambda f: (f / "model/config.json").write_text("{}"), "The model in"),
    ],
)
def test_an_artifact_that_cannot_be_loaded_says_which_part(artifact: Path, damage: Callable[[Path], object], said: str) -> None:
    damage(artifact)
    with pytest.raises(ModelNotLoadable) as caught:
        flavor.load_model(str(artifact))
    assert said in str(caught.value)
    assert isinstance(caught.value, MlflowException)


def test_one_flipped_bit_anywhere_is_found_by_verify(artifact: Path) -> None:
    assert flavor.load_model(str(artifact), verify=True, device="cpu")
    for path in ("model/model.safetensors", "model/config.json", "components/tokenizer/tokenizer.json"):
        kept = (artifact / path).read_bytes()
        flip(artifact / path)
        with pytest.raises(ModelNotLoadable, match=f"{path} is not what was logged"):
            flavor.load_model(str(artifact), verify=True)
        (artifact / path).write_bytes(kept)


def test_a_kernel_named_by_the_configuration_is_not_fetched(artifact: Path) -> None:
    path = artifact / "model/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"attn_implementation": "stranger/kernel"}))
    assert flavor.load_model(str(artifact), device="cpu")("good")


def test_the_saved_model_config_holds_and_the_callers_is_laid_over_it(original: Path) -> None:
    assert len(flavor.load_pyfunc_model(str(original), device="cpu").predict("good")[0]) == 2
    loaded = flavor.load_pyfunc_model(str(original), model_config={"top_k": 1}, device="cpu")
    assert len(loaded.predict("good")[0]) == 1


def test_a_prompt_template_and_the_signatures_defaults_come_back(tmp_path: Path) -> None:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    signature = ModelSignature(
        inputs=Schema([ColSpec("string")]),
        outputs=Schema([ColSpec("string")]),
        params=ParamSchema([ParamSpec("max_new_tokens", "long", 4)]),
    )
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", prompt_template="Q: {prompt}", signature=signature)
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    assert model.prompt_template == "Q: {prompt}"
    assert model.effective().values["max_new_tokens"] == 4


def test_stock_output_is_answered_where_it_was_asked_for(tmp_path: Path, pipeline: Any) -> None:
    flavor.save_model(pipeline, tmp_path / "m", pyfunc_output="stock")
    frame = mlflow.pyfunc.load_model(str(tmp_path / "m")).predict(["good", "bad"])
    assert list(frame.columns) == ["label", "score"]
    assert len(frame) == 2
    assert isinstance(flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu").predict("good"), list)


def test_stock_streams_where_the_task_streams(tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m")
    model = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    options = {"max_new_tokens": 5, "do_sample": False, "return_full_text": False}
    assert "".join(model.predict_stream("good", params=options)) == model.predict("good", params=options)[0][0]["generated_text"]


def test_a_reference_to_the_hub_without_the_hub_says_so(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refer(content: dict) -> None:
        block = content["flavors"]["transformers"]
        del block["model_binary"]
        block |= {"source_model_name": "org/nobody-has-it", "source_model_revision": "a" * 40}

    change_mlmodel(artifact, refer)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnavailable, match="org/nobody-has-it"):
        flavor.load_model(str(artifact))


def test_nothing_at_the_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        flavor.load_model(str(tmp_path / "nothing"))


def test_a_version_that_is_not_there_is_mlflows_error(store: MlflowClient) -> None:
    with pytest.raises(MlflowException, match="nobody"):
        flavor.load_model("models:/nobody/1")


def test_a_saved_config_may_say_type_and_what_to_do_with_long_texts(tmp_path: Path, pipeline: Any) -> None:
    flavor.save_model(pipeline, tmp_path / "m", model_config={"dtype": "bfloat16", "overlong": "refuse"})
    model = flavor.load_pyfunc_model(str(tmp_path / "m"), device="cpu")
    assert model.pipeline.model.dtype == torch.bfloat16
    with pytest.raises(InvalidInput, match="tokens and the model reads"):
        model.run([{"text": "soup " * 500}])


def test_a_saved_config_cannot_name_a_strangers_kernel(artifact: Path) -> None:
    change_mlmodel(artifact, lambda m: m["flavors"]["python_function"]["config"].update(attn_implementation="stranger/kernel"))
    with pytest.raises(InvalidInput, match="stranger/kernel"):
        flavor.load_pyfunc_model(str(artifact))


def test_packed_weights_name_the_package_they_need(artifact: Path) -> None:
    path = artifact / "model/config.json"
    quantized = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}
    path.write_text(json.dumps(json.loads(path.read_text()) | quantized))
    with pytest.raises(flavor.errors.MissingDependency, match="bitsandbytes"):
        flavor.load_model(str(artifact))
