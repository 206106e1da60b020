"""Adapters: logged without their base, loaded on it wherever it is by then."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
from mlflow import MlflowClient
from peft import LoraConfig, PeftModel, PromptTuningConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    TextClassificationPipeline,
    TextGenerationPipeline,
)

import flavor
from flavor.errors import ModelNotLoadable, UntrustedCode
from flavor.inspection import local_reader, read_facts
from flavor.tasks import InvalidInput

from .conftest import files_of, folder_of

Checkpoints = Callable[..., Path]


def lora(*, seed: int = 1) -> LoraConfig:
    torch.manual_seed(seed)
    return LoraConfig(
        task_type=TaskType.SEQ_CLS, target_modules=["query"], init_lora_weights=False, modules_to_save=["classifier"]
    )


def peft_model_on(base: Path) -> PeftModel:
    model = AutoModelForSequenceClassification.from_pretrained(base)
    return get_peft_model(model, lora()).eval()


def answer_of(model: Any, base: Path) -> list:
    return TextClassificationPipeline(model=model, tokenizer=AutoTokenizer.from_pretrained(base), device="cpu")("good")


def adapter_on(base: Path, folder: Path) -> tuple[Path, list]:
    """The folder of an adapter on `base`, as a training writes it, and what it answers."""
    model = peft_model_on(base)
    answer = answer_of(model, base)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder, answer


@pytest.fixture
def base(checkpoint: Checkpoints, tmp_path: Path) -> Path:
    """A base whose weights no other test has logged."""
    return checkpoint(seed=hash(tmp_path.name) % 10_000)


def test_an_adapter_on_a_logged_base_is_logged_alone_and_survives_its_folder(
    store: MlflowClient, base: Path, tmp_path: Path
) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    first = flavor.log_model(str(base), name="base", registered_model_name="mood")
    second = flavor.log_model(str(adapter), name="adapter")
    shutil.rmtree(base)
    shutil.rmtree(adapter)
    files = files_of(folder_of(second))
    assert {"peft/adapter_config.json", "peft/adapter_model.safetensors", "components/tokenizer/tokenizer.json"} <= files
    assert not [path for path in files if path.startswith("model/")]
    block = second.flavors["flavor"]
    assert (block["base"]["uri"], block["base"]["version"]) == (first.model_uri, "models:/mood/1")
    assert flavor.load_model(second.model_uri, device="cpu")("good") == expected
    assert mlflow.pyfunc.load_model(second.model_uri).predict("good")[0][0]["score"] == pytest.approx(expected[0]["score"])
    assert mlflow.transformers.load_model(second.model_uri, device="cpu")("good") == expected


def test_facts_of_an_adapter_name_its_base_and_count_its_own_weights(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    flavor.log_model(str(base), name="base", registered_model_name="counted")
    facts = read_facts(*local_reader(folder_of(flavor.log_model(str(adapter)))))
    assert (facts.problem, facts.task, facts.architecture) == ("", "text-classification", "BertForSequenceClassification")
    assert facts.base_model == "models:/counted/1"
    assert 0 < (facts.parameter_count or 0) < 5000


def test_an_adapter_on_a_base_that_is_nowhere_else_takes_it_along(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    info = flavor.log_model(str(adapter))
    shutil.rmtree(base)
    assert {"model/config.json", "model/model.safetensors", "peft/adapter_config.json"} <= files_of(folder_of(info))
    assert flavor.load_model(info.model_uri, device="cpu")("good") == expected
    assert mlflow.transformers.load_model(info.model_uri, device="cpu")("good") == expected


def test_the_base_may_be_named_as_a_model_version(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    first = flavor.log_model(str(base), registered_model_name="named-base")
    shutil.rmtree(base)
    info = flavor.log_model(str(adapter), base_model="models:/named-base/1")
    assert info.flavors["flavor"]["base"]["uri"] == first.model_uri
    assert info.flavors["flavor"]["base"]["version"] == "models:/named-base/1"
    assert flavor.load_model(info.model_uri, device="cpu")("good") == expected


def test_a_base_path_is_stocks_promise_and_nothing_of_it_is_copied(base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    flavor.save_model(adapter, tmp_path / "saved", base_model_path=str(base))
    assert not [path for path in files_of(tmp_path / "saved") if path.startswith("model/")]
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good") == expected
    moved = base.rename(tmp_path / "moved")
    with pytest.raises(ModelNotLoadable, match=r"is not to be had: .*checkpoint.* base_model_path="):
        flavor.load_model(str(tmp_path / "saved"))
    assert flavor.load_model(str(tmp_path / "saved"), base_model_path=str(moved), device="cpu")("good") == expected


def test_other_weights_in_the_bases_place_are_found_when_verified(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    flavor.log_model(str(base))
    info = flavor.log_model(str(adapter))
    copy = tmp_path / "copy"
    shutil.copytree(base, copy)
    assert flavor.load_model(info.model_uri, base_model_path=str(copy), verify=True, device="cpu")("good") == expected
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    with pytest.raises(ModelNotLoadable, match="are not those of the adapter's base"):
        flavor.load_model(info.model_uri, base_model_path=str(copy), verify=True)


def test_an_adapter_without_tokenizer_takes_its_bases(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    for path in adapter.glob("tokenizer*"):
        path.unlink()
    flavor.log_model(str(base), registered_model_name="with-tokenizer")
    for name in ("models:/with-tokenizer/1", None):
        info = flavor.log_model(str(adapter), base_model=name)
        assert flavor.load_model(info.model_uri, device="cpu")("good") == expected


def test_a_peft_model_in_memory_is_logged_like_its_folder(store: MlflowClient, base: Path) -> None:
    model = peft_model_on(base)
    expected = answer_of(model, base)
    parts = {"model": model, "tokenizer": AutoTokenizer.from_pretrained(base)}
    alone = flavor.log_model(parts, name="takes its base along")
    first = flavor.log_model(str(base))
    on_logged = flavor.log_model(parts, name="on a logged base")
    shutil.rmtree(base)
    assert on_logged.flavors["flavor"]["base"]["uri"] == first.model_uri
    assert not (folder_of(on_logged) / "model").exists()
    assert flavor.load_model(on_logged.model_uri, device="cpu")("good") == expected
    assert flavor.load_model(alone.model_uri, device="cpu")("good") == expected


def test_adapters_put_into_the_model_itself_are_adapters_too(base: Path, tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(base)
    model.add_adapter(lora(), adapter_name="own")
    expected = answer_of(model.eval(), base)
    shutil.rmtree(base)
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    assert {"model/config.json", "peft/own/adapter_config.json"} <= files_of(tmp_path / "saved")
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good") == expected


def test_several_named_adapters_come_back_with_the_active_one_active(base: Path, tmp_path: Path) -> None:
    model = peft_model_on(base)
    model.add_adapter("second", lora(seed=2))
    model.set_adapter("second")
    expected = {name: answer_with(model, name, base) for name in ("default", "second")}
    assert expected["default"] != expected["second"]
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    loaded = flavor.load_model(str(tmp_path / "saved"), device="cpu")
    assert loaded("good") == expected["second"]
    loaded.model.set_adapter("default")
    assert loaded("good") == expected["default"]


@pytest.mark.filterwarnings("ignore:Position ids are not supported:UserWarning")  # peft about its own call of the model
def test_prompt_tuning_round_trips(checkpoint: Checkpoints, tmp_path: Path) -> None:
    base = checkpoint("text-generation")
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(3)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base), PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=4)
    ).eval()
    pipeline = TextGenerationPipeline(model=model, tokenizer=tokenizer, device="cpu")
    model.save_pretrained(tmp_path / "adapter")
    tokenizer.save_pretrained(tmp_path / "adapter")
    flavor.save_model(tmp_path / "adapter", tmp_path / "saved", base_model_path=str(base))
    options = {"max_new_tokens": 5, "do_sample": False}
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good", **options) == pipeline("good", **options)


def test_a_merged_adapter_is_refused_since_its_base_is_gone(base: Path, tmp_path: Path) -> None:
    model = peft_model_on(base)
    model.merge_adapter()
    shutil.rmtree(base)
    with pytest.raises(InvalidInput, match="merged into the model"):
        flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def drop_weights(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").unlink()


def make_pickle(adapter: Path) -> None:
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")


def name_base(name: str) -> Callable[[Path], None]:
    def change(adapter: Path) -> None:
        content = json.loads((adapter / "adapter_config.json").read_text())
        (adapter / "adapter_config.json").write_text(json.dumps(content | {"base_model_name_or_path": name}))

    return change


@pytest.mark.parametrize(
    ("damage", "error", "said"),
    [
        (drop_weights, ModelNotLoadable, "There is no adapter_model.safetensors"),
        (make_pickle, UntrustedCode, "adapter_model.bin is a pickle"),
        (name_base("/gone/base"), InvalidInput, "base '/gone/base' is no folder"),
        (name_base(""), InvalidInput, "base ''"),
    ],
)
def test_an_adapter_that_cannot_be_logged_is_refused(
    base: Path, tmp_path: Path, damage: Callable[[Path], None], error: type[Exception], said: str
) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    damage(adapter)
    with pytest.raises(error) as caught:
        flavor.save_model(adapter, tmp_path / "saved")
    assert said in str(caught.value)


def model_tokenizer() -> Any:
    from tests.tiny_models import word_tokenizer

    return word_tokenizer()


def answer_with(model: PeftModel, name: str, base: Path) -> list:
    active = model.active_adapter
    model.set_adapter(name)
    try:
        return answer_of(model, base)
    finally:
        model.set_adapter(active)


def test_a_base_that_was_changed_in_memory_is_saved_with_its_adapter(store: MlflowClient, base: Path) -> None:
    flavor.log_model(str(base), registered_model_name="unchanged")
    model = AutoModelForSequenceClassification.from_pretrained(base)
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight.add_(0.5)
    model = get_peft_model(model, lora()).eval()
    expected = answer_of(model, base)
    parts = {"model": model, "tokenizer": model_tokenizer()}
    info = flavor.log_model(parts)
    assert (folder_of(info) / "model/model.safetensors").is_file()
    assert flavor.load_model(info.model_uri, device="cpu")("good") == expected
    with pytest.raises(InvalidInput, match=r"models:/unchanged/1 is not the base in memory: .*dense\.weight"):
        flavor.log_model(parts, base_model="models:/unchanged/1")


def test_tokens_added_for_the_adapter_come_back_with_it(checkpoint: Checkpoints, tmp_path: Path) -> None:
    base = checkpoint("text-generation")
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(["<mood>"])
    torch.manual_seed(6)
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(len(tokenizer))
    settings = LoraConfig(task_type=TaskType.CAUSAL_LM, target_modules=["q_proj"], init_lora_weights=False)
    pipeline = TextGenerationPipeline(model=get_peft_model(model, settings).eval(), tokenizer=tokenizer, device="cpu")
    flavor.save_model(pipeline, tmp_path / "saved", base_model_path=str(base))
    options = {"max_new_tokens": 5, "do_sample": False}
    loaded = flavor.load_model(str(tmp_path / "saved"), device="cpu")
    assert loaded("<mood> good", **options) == pipeline("<mood> good", **options)


def test_the_adapters_of_a_folder_are_logged_and_those_of_earlier_steps_are_not(base: Path, tmp_path: Path) -> None:
    model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base), lora(), adapter_name="formal").eval()
    model.add_adapter("loose", lora(seed=2))
    expected = {name: answer_with(model, name, base) for name in ("formal", "loose")}
    model.save_pretrained(tmp_path / "adapters")
    model_tokenizer().save_pretrained(tmp_path / "adapters")
    shutil.copytree(tmp_path / "adapters/loose", tmp_path / "adapters/checkpoint-10")
    flavor.save_model(tmp_path / "adapters", tmp_path / "saved", base_model_path=str(base))
    found = flavor.inspect(str(tmp_path / "saved"))
    assert (found.config.adapters, found.config.active_adapter) == (("formal", "loose"), "formal")
    loaded = flavor.load_model(str(tmp_path / "saved"), device="cpu")
    assert loaded("good") == expected["formal"]
    loaded.model.set_adapter("loose")
    assert loaded("good") == expected["loose"]


def test_adapters_on_several_bases_are_no_one_model(base: Path, tmp_path: Path) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    shutil.copytree(adapter, tmp_path / "adapter/other")
    name_base("org/other")(tmp_path / "adapter/other")
    with pytest.raises(InvalidInput, match="are on several bases"):
        flavor.save_model(adapter, tmp_path / "saved")


def test_a_base_that_is_gone_is_found_by_its_weights_in_another_model(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    first = flavor.log_model(str(base), name="first")
    info = flavor.log_model(str(adapter))
    flavor.log_model(str(base), name="the same again")
    shutil.rmtree(folder_of(first))
    store.delete_logged_model(first.model_id)
    assert flavor.load_model(info.model_uri, device="cpu")("good") == expected


def test_a_base_that_is_gone_from_everywhere_is_missed_by_all_its_names(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    first = flavor.log_model(str(base), registered_model_name="gone")
    info = flavor.log_model(str(adapter))
    shutil.rmtree(folder_of(first))
    with pytest.raises(ModelNotLoadable, match=rf"is not to be had: .*{first.model_id}.*Give its folder as base_model_path="):
        flavor.load_model(info.model_uri)
