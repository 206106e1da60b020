"""Nothing that comes with a model runs, unless somebody named exactly this content. Every kind of code leaves a marker file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
import torch
import yaml

import flavor
import flavor.errors
from flavor.errors import UntrustedCode
from flavor.inspection import local_reader, read_facts
from flavor.trust import hash_folder
from tests import tiny_models


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "code was run"


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A text classifier as stock writes it, which a test may make dangerous."""
    folder = tmp_path / "artifact"
    mlflow.transformers.save_model(tiny_models.text_classification(), folder, pip_requirements=["mlflow"])
    return folder


def mark(marker: Path) -> str:
    return f"import pathlib\npathlib.Path({str(marker)!r}).write_text('x')\n"


def with_auto_map(folder: Path, marker: Path) -> None:
    """A class that transformers does not have, defined by the artifact itself."""
    (folder / "model/own.py").write_text(
        mark(marker)
        + "from transformers import BertConfig, BertForSequenceClassification\n"
        + "class OwnConfig(BertConfig):\n    model_type = 'own'\n"
        + "class OwnForSequenceClassification(BertForSequenceClassification):\n    config_class = OwnConfig\n"
    )
    path = folder / "model/config.json"
    content = json.loads(path.read_text()) | {
        "model_type": "own",
        "architectures": ["OwnForSequenceClassification"],
        "auto_map": {
            "AutoConfig": "own.OwnConfig",
            "AutoModelForSequenceClassification": "own.OwnForSequenceClassification",
        },
    }
    path.write_text(json.dumps(content))
    change_block(folder, pipeline_model_type="OwnForSequenceClassification")


def with_code_folder(folder: Path, marker: Path) -> None:
    (folder / "code").mkdir()
    (folder / "code/sitecustom.py").write_text(mark(marker))
    change_block(folder, code="code")


def with_tokenizer_code(folder: Path, marker: Path) -> None:
    (folder / "components/tokenizer/own.py").write_text(
        mark(marker) + "from transformers import PreTrainedTokenizerFast\nclass Own(PreTrainedTokenizerFast):\n    pass\n"
    )
    path = folder / "components/tokenizer/tokenizer_config.json"
    content = json.loads(path.read_text()) | {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": [None, "own.Own"]}}
    path.write_text(json.dumps(content))
    change_block(folder, tokenizer_type="Own")


def with_custom_pipeline(folder: Path, marker: Path) -> None:
    """A pipeline of the model's own, as `pipeline(trust_remote_code=True)` would run it."""
    (folder / "model/own.py").write_text(
        mark(marker) + "from transformers import TextClassificationPipeline\nclass Own(TextClassificationPipeline):\n    pass\n"
    )
    path = folder / "model/config.json"
    own = {"text-classification": {"impl": "own.Own", "pt": ["AutoModelForSequenceClassification"], "type": "text"}}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"custom_pipelines": own}))


def with_pickle(folder: Path, marker: Path) -> None:
    """Weights whose unpickling writes the marker."""
    (folder / "model/model.safetensors").unlink()
    torch.save({"weights": Bomb(str(marker))}, folder / "model/pytorch_model.bin")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.write_text, (Path(self.path), "x")


def change_block(folder: Path, **changes: str) -> None:
    content = yaml.safe_load((folder / "MLmodel").read_text())
    content["flavors"]["transformers"] |= changes
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


DANGERS = [with_auto_map, with_code_folder, with_tokenizer_code, with_custom_pipeline, with_pickle]


@pytest.mark.parametrize("danger", DANGERS)
def test_nothing_runs_unasked_and_the_refusal_names_file_and_hash(
    artifact: Path, marker: Path, danger: Callable[[Path, Path], None]
) -> None:
    danger(artifact, marker)
    for load in (lambda: flavor.load_model(str(artifact)), lambda: flavor.load_pyfunc_model(str(artifact))):
        with pytest.raises(UntrustedCode) as caught:
            load()
        assert hash_folder(artifact) in str(caught.value)
    assert not marker.exists()
    assert read_facts(*local_reader(artifact)).problem
    assert not marker.exists()


@pytest.mark.parametrize("danger", DANGERS)
def test_a_hash_of_other_content_is_no_trust(artifact: Path, marker: Path, danger: Callable[[Path, Path], None]) -> None:
    danger(artifact, marker)
    trusted = hash_folder(artifact)
    (artifact / "model/more.py").write_text("1")
    with pytest.raises(UntrustedCode, match="trust named"):
        flavor.load_model(str(artifact), trust=trusted)
    assert not marker.exists()


def test_code_runs_for_who_names_its_hash(artifact: Path, marker: Path) -> None:
    expected = flavor.load_model(str(artifact), device="cpu")("good")
    with_auto_map(artifact, marker)
    loaded = flavor.load_model(str(artifact), trust=hash_folder(artifact), device="cpu")
    assert loaded("good") == expected
    assert marker.exists()


def test_a_custom_pipeline_loads_for_who_names_its_hash_and_the_tasks_own_answers(artifact: Path, marker: Path) -> None:
    expected = flavor.load_model(str(artifact), device="cpu")("good")
    with_custom_pipeline(artifact, marker)
    assert flavor.load_model(str(artifact), trust=hash_folder(artifact), device="cpu")("good") == expected
    assert not marker.exists()


@pytest.mark.parametrize(
    ("danger", "key"), [(with_auto_map, "auto_map"), (with_custom_pipeline, "custom_pipelines")], ids=["auto_map", "pipeline"]
)
def test_a_hash_is_no_trust_in_code_that_it_does_not_cover(
    artifact: Path, marker: Path, danger: Callable[[Path, Path], None], key: str
) -> None:
    danger(artifact, marker)
    path = artifact / "model/config.json"
    path.write_text(path.read_text().replace('"own.', '"org/other--own.'))
    assert "org/other--own." in json.dumps(json.loads(path.read_text())[key])
    with pytest.raises(UntrustedCode, match=r"config\.json names code of another repository"):
        flavor.load_model(str(artifact), trust=hash_folder(artifact))
    assert not marker.exists()


def test_a_known_class_loads_whatever_code_its_configuration_names(artifact: Path) -> None:
    path = artifact / "model/config.json"
    named = {"auto_map": {"AutoConfig": "org/other--own.OwnConfig"}}
    path.write_text(json.dumps(json.loads(path.read_text()) | named))
    assert flavor.load_model(str(artifact), device="cpu")("good")


def test_pickled_weights_of_tensors_load_for_who_names_their_hash(artifact: Path) -> None:
    from safetensors.torch import load_file

    expected = flavor.load_model(str(artifact), device="cpu")("good")
    torch.save(load_file(artifact / "model/model.safetensors"), artifact / "model/pytorch_model.bin")
    (artifact / "model/model.safetensors").unlink()
    with pytest.raises(UntrustedCode, match="pytorch_model"):
        flavor.load_model(str(artifact))
    assert flavor.load_model(str(artifact), trust=hash_folder(artifact), device="cpu")("good") == expected


def test_a_pickle_beside_safetensors_is_left_alone(artifact: Path, marker: Path) -> None:
    torch.save({"weights": Bomb(str(marker))}, artifact / "model/pytorch_model.bin")
    assert flavor.load_model(str(artifact), device="cpu")("good")
    assert not marker.exists()


def test_a_changed_copy_of_our_package_in_an_artifact_is_never_run_by_our_door(tmp_path: Path, marker: Path) -> None:
    folder = tmp_path / "ours"
    flavor.save_model(tiny_models.text_classification(), folder)
    (copy,) = (folder / "code").iterdir()
    for path in copy.rglob("*.py"):
        path.chmod(0o644)
        path.write_text(mark(marker))
    assert flavor.load_pyfunc_model(str(folder), device="cpu").predict("good")
    assert not marker.exists()


def test_logging_a_checkpoint_with_code_runs_none_of_it(tmp_path: Path, marker: Path) -> None:
    source = tiny_models.save_checkpoint("text-classification", tmp_path / "checkpoint")
    shutil.copytree(source, tmp_path / "staged/model")
    (tmp_path / "staged/MLmodel").write_text("flavors: {transformers: {}}")
    with_auto_map(tmp_path / "staged", marker)
    for name in ("own.py", "config.json"):
        shutil.copy(tmp_path / "staged/model" / name, source / name)
    flavor.save_model(source, tmp_path / "saved")
    assert not marker.exists()
    assert (tmp_path / "saved/model/own.py").is_file()
    with pytest.raises(UntrustedCode, match="own"):
        flavor.load_model(str(tmp_path / "saved"))
    assert not marker.exists()


def test_trust_in_an_artifact_is_no_trust_in_a_base_elsewhere(tmp_path: Path, marker: Path) -> None:
    from .test_peft import adapter_on

    base = tiny_models.save_checkpoint("text-classification", tmp_path / "base")
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    folder = tmp_path / "saved"
    flavor.save_model(adapter, folder, base_model_path=str(base))
    (folder / "code/mine.py").write_text("1")
    (base / "model.safetensors").unlink()
    torch.save({"weights": Bomb(str(marker))}, base / "pytorch_model.bin")
    with pytest.raises(flavor.errors.ModelNotLoadable):
        flavor.load_model(str(folder), trust=hash_folder(folder))
    assert not marker.exists()


def test_a_pickled_adapter_beside_a_safe_one_is_not_opened(tmp_path: Path, marker: Path) -> None:
    from .test_peft import adapter_on

    base = tiny_models.save_checkpoint("text-classification", tmp_path / "base")
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    folder = tmp_path / "saved"
    flavor.save_model(adapter, folder, base_model_path=str(base))
    shutil.copytree(folder / "peft", folder / "peft/second")
    (folder / "peft/second/adapter_model.safetensors").unlink()
    torch.save({"weights": Bomb(str(marker))}, folder / "peft/second/adapter_model.bin")
    with pytest.raises(UntrustedCode, match="peft/second"):
        flavor.load_model(str(folder))
    assert not marker.exists()
