"""Adapters merged into their base: standalone, with the same logits, and saying what they were made of."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
import yaml
from mlflow import MlflowClient
from peft import LoraConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

import flavor
from flavor.inspection import local_reader, read_facts
from flavor.tasks import InvalidInput

from .conftest import files_of, folder_of
from .test_peft import lora, model_tokenizer, peft_model_on

Checkpoints = Callable[..., Path]
WORDS = "the soup was cold and the waiter kind"


@pytest.fixture
def base(checkpoint: Checkpoints) -> Path:
    return checkpoint(seed=77)


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.cpu()(**model_tokenizer()(WORDS, return_tensors="pt")).logits


def merged_logits(info: Any) -> torch.Tensor:
    return logits_of(flavor.load_model(info.model_uri, return_type="model", device="cpu"))


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-4, rtol=0)


def metadata_of(info: Any) -> dict:
    return yaml.safe_load((folder_of(info) / "MLmodel").read_text())["metadata"]


def test_a_logged_adapter_becomes_a_model_of_its_own_that_says_what_it_was_made_of(store: MlflowClient, base: Path) -> None:
    model = peft_model_on(base)
    expected = logits_of(model)
    first = flavor.log_model(str(base), name="base", registered_model_name="merge-base")
    adapter = flavor.log_model(
        {"model": model, "tokenizer": model_tokenizer()},
        name="adapter",
        base_model="models:/merge-base/1",
        model_card="---\nlicense: mit\nlibrary_name: peft\n---\n\n# Tuned\n",
        model_config={"top_k": 2},
        metadata={"team": "words"},
    )
    info = flavor.merge_and_log(adapter.model_uri, "merged", registered_model_name="merged")
    shutil.rmtree(folder_of(first))
    shutil.rmtree(base)
    files = files_of(folder_of(info))
    assert "model/model.safetensors" in files
    assert not [path for path in files if path.startswith("peft/")]
    assert same(merged_logits(info), expected)
    assert metadata_of(info) == {
        "team": "words",
        "merged_from": {"uri": adapter.model_uri, "base": "models:/merge-base/1", "adapters": ["default"]},
    }
    assert info.registered_model_version == 1
    block = info.flavors["flavor"]
    assert (block["license"], info.flavors["python_function"]["config"]) == ("mit", {"top_k": 2})
    assert (folder_of(info) / "model_card.md").read_text() == "# Tuned\n"


def test_a_model_in_memory_is_merged_from_a_copy_and_stays_as_it_was(store: MlflowClient, base: Path) -> None:
    model = peft_model_on(base)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    expected = logits_of(model)
    info = flavor.merge_and_log(model, "from memory", processor=model_tokenizer())
    assert same(merged_logits(info), expected)
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert list(model.peft_config) == ["default"]


def test_adapters_in_place_are_merged_too(store: MlflowClient, base: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(base)
    model.add_adapter(lora(), adapter_name="own")
    model.eval()
    expected = logits_of(model)
    info = flavor.merge_and_log({"model": model, "tokenizer": model_tokenizer()}, "in place")
    assert same(merged_logits(info), expected)
    assert same(logits_of(model), expected)
    assert metadata_of(info)["merged_from"]["adapters"] == ["own"]


def test_several_adapters_that_were_active_together_are_merged_together(store: MlflowClient, checkpoint: Checkpoints) -> None:
    model, base = writer_with_adapter(checkpoint, ["q_proj", "v_proj"])
    model.add_adapter("second", LoraConfig(task_type=TaskType.CAUSAL_LM, target_modules=["q_proj"], init_lora_weights=False))
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(WORDS, return_tensors="pt")
    logged = flavor.log_model({"model": model, "tokenizer": tokenizer}, name="two", base_model_path=str(base))
    for names in (["second"], ["default", "second"]):
        model.base_model.set_adapter(names)
        info = flavor.merge_and_log(logged.model_uri, "-".join(names), adapters=names)
        merged = flavor.load_model(info.model_uri, return_type="model", device="cpu")
        assert same(merged(**ids).logits, model.eval()(**ids).logits), names
        assert metadata_of(info)["merged_from"]["adapters"] == names


@pytest.mark.filterwarnings("ignore:Already found a `peft_config` attribute:UserWarning")  # peft, when a second one is added
def test_adapters_active_together_are_merged_unasked_and_are_no_one_adapter_to_log(
    store: MlflowClient, checkpoint: Checkpoints, tmp_path: Path
) -> None:
    base = checkpoint("text-generation")
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(WORDS, return_tensors="pt")
    model = AutoModelForCausalLM.from_pretrained(base).eval()
    for name, modules in (("one", ["q_proj"]), ("two", ["q_proj", "v_proj"])):
        model.add_adapter(LoraConfig(target_modules=modules, init_lora_weights=False), adapter_name=name)
    model.set_adapter(["one", "two"])
    info = flavor.merge_and_log({"model": model, "tokenizer": tokenizer}, "both in place")
    merged = flavor.load_model(info.model_uri, return_type="model", device="cpu")
    assert same(merged(**ids).logits, model(**ids).logits)
    assert metadata_of(info)["merged_from"]["adapters"] == ["one", "two"]
    with pytest.raises(InvalidInput, match="one, two are active together"):
        flavor.save_model({"model": model, "tokenizer": tokenizer}, tmp_path / "saved")


def test_template_config_task_and_example_come_along_and_may_be_said_anew(
    store: MlflowClient, checkpoint: Checkpoints, tmp_path: Path
) -> None:
    model, base = writer_with_adapter(checkpoint, ["q_proj", "v_proj"])
    said = {"prompt_template": "Q: {prompt}", "model_config": {"max_new_tokens": 4}, "task": "llm/v1/completions"}
    (tmp_path / "LICENSE").write_text("Do as you like.")
    logged = flavor.log_model(
        {"model": model, "tokenizer": AutoTokenizer.from_pretrained(base)},
        base_model_path=str(base),
        license_file=tmp_path / "LICENSE",
        input_example={"prompt": "good"},
        **said,
    )
    info = flavor.merge_and_log(logged.model_uri, "carried")
    facts = read_facts(*local_reader(folder_of(info)))
    assert (facts.prompt_template, facts.model_config) == ("Q: {prompt}", {"max_new_tokens": 4})
    assert facts.input_example == {"prompt": "good"}
    assert info.flavors["transformers"]["inference_task"] == "llm/v1/completions"
    assert (folder_of(info) / "LICENSE").read_text() == "Do as you like."
    again = flavor.merge_and_log(logged.model_uri, "said anew", prompt_template="A: {prompt}", model_card="# Anew")
    facts = read_facts(*local_reader(folder_of(again)))
    assert (facts.prompt_template, facts.card) == ("A: {prompt}", "# Anew")


@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`:UserWarning")  # peft, when such an adapter is made
@pytest.mark.parametrize("trained", [["lm_head"], ["embed_tokens", "q_proj"]], ids=["output", "input"])
def test_tied_embeddings_of_which_an_adapter_changed_one_go_apart(
    store: MlflowClient, checkpoint: Checkpoints, trained: list[str]
) -> None:
    model, base = writer_with_adapter(checkpoint, trained, tied=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = tokenizer(WORDS, return_tensors="pt")
    expected = model(**ids).logits
    info = flavor.merge_and_log({"model": model, "tokenizer": tokenizer}, "untied")
    merged = flavor.load_model(info.model_uri, return_type="model", device="cpu")
    assert same(merged(**ids).logits, expected)
    assert merged.config.tie_word_embeddings is False


def test_the_run_says_that_the_adapter_went_into_the_merged_model(store: MlflowClient, base: Path) -> None:
    adapter = flavor.log_model({"model": peft_model_on(base), "tokenizer": model_tokenizer()}, base_model_path=str(base))
    with mlflow.start_run() as run:
        info = flavor.merge_and_log(adapter.model_uri, "merged in a run")
    found = store.get_run(run.info.run_id)
    assert [each.model_id for each in found.inputs.model_inputs] == [adapter.model_id]
    assert [each.model_id for each in found.outputs.model_outputs] == [info.model_id]


def test_the_base_of_a_merged_model_is_among_its_facts(store: MlflowClient, checkpoint: Checkpoints) -> None:
    base = checkpoint(seed=78)
    flavor.log_model(str(base), registered_model_name="fact-base")
    adapter = flavor.log_model({"model": peft_model_on(base), "tokenizer": model_tokenizer()})
    info = flavor.merge_and_log(adapter.model_uri, "with facts")
    assert read_facts(*local_reader(folder_of(info))).base_model == "models:/fact-base/1"


@pytest.mark.filterwarnings("ignore:Position ids are not supported:UserWarning")  # peft about its own call of the model
def test_prompt_tuning_is_refused_by_name(checkpoint: Checkpoints) -> None:
    base = checkpoint("text-generation")
    settings = PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=4)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), settings)
    with pytest.raises(InvalidInput, match="'default' is PROMPT_TUNING, which puts tokens before the input"):
        flavor.merge_and_log({"model": model, "tokenizer": AutoTokenizer.from_pretrained(base)})


def test_what_has_no_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    flavor.save_model(base, tmp_path / "saved")
    for given in (str(tmp_path / "saved"), AutoModelForSequenceClassification.from_pretrained(base)):
        with pytest.raises(InvalidInput, match="no adapter, so there is nothing to merge"):
            flavor.merge_and_log(given, processor=model_tokenizer())


def test_an_adapter_that_is_not_there_is_refused_by_name(base: Path) -> None:
    with pytest.raises(InvalidInput, match="no adapter 'other'; it has default"):
        flavor.merge_and_log(peft_model_on(base), processor=model_tokenizer(), adapters="other")


def test_what_peft_cannot_merge_is_refused_with_its_reason(base: Path) -> None:
    model = peft_model_on(base)
    model.add_adapter("second", lora(seed=2))
    with pytest.raises(InvalidInput, match=r"'default', 'second' \(LORA\) cannot be merged: Only one adapter can be set"):
        flavor.merge_and_log(model, processor=model_tokenizer(), adapters=["default", "second"])


def test_an_option_that_log_model_does_not_know_is_a_type_error(base: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        flavor.merge_and_log(peft_model_on(base), processor=model_tokenizer(), colour="red")


def writer_with_adapter(checkpoint: Checkpoints, trained: list[str], *, tied: bool = False) -> tuple[Any, Path]:
    """A text generator with an adapter on the modules that are `trained`."""
    base = checkpoint("text-generation")
    model = AutoModelForCausalLM.from_pretrained(base)
    if tied:
        model.config.tie_word_embeddings = True
        model.tie_weights()
    torch.manual_seed(9)
    settings = LoraConfig(task_type=TaskType.CAUSAL_LM, target_modules=trained, init_lora_weights=False)
    return get_peft_model(model, settings).eval(), base
