"""Several adapters on one warm base: each call says which answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pytest
import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

import flavor
from flavor.inspection import local_reader, read_facts
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of
from .test_peft import answer_of, lora, model_tokenizer, peft_model_on

Checkpoints = Callable[..., Path]
NAMES = ("default", "second", "none")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A classifier with two adapters, the second active, and the score that each adapter and the base give a text."""
    folder = tmp_path_factory.mktemp("choice")
    base = tiny_models.save_checkpoint("text-classification", folder / "base", seed=5)
    model = peft_model_on(base)
    model.add_adapter("second", lora(seed=2))
    expected = {}
    for name in ("default", "second"):
        model.set_adapter(name)
        expected[name] = answer_of(model, base)[0]["score"]
    with model.disable_adapter():
        expected["none"] = answer_of(model, base)[0]["score"]
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, folder / "saved")
    return folder / "saved", expected


@pytest.fixture(scope="module")
def loaded(saved: tuple[Path, dict[str, float]]) -> PyfuncModel:
    return flavor.load_pyfunc_model(str(saved[0]), device="cpu")


def score(model: PyfuncModel, params: dict | None = None) -> float:
    return model.predict("good", params)[0][0]["score"]


def test_each_call_chooses_its_adapter_and_the_logged_one_answers_unasked(
    loaded: PyfuncModel, saved: tuple[Path, dict[str, float]]
) -> None:
    expected = saved[1]
    assert len(set(expected.values())) == 3
    for name in (*NAMES, *reversed(NAMES)):
        assert score(loaded, {"adapter": name}) == pytest.approx(expected[name])
    assert score(loaded) == pytest.approx(expected["second"])


def test_the_answer_says_which_adapter_gave_it(loaded: PyfuncModel) -> None:
    (asked,) = loaded.run([{"text": "good"}], {"adapter": "default"})
    (unasked,) = loaded.run([{"text": "good"}])
    assert asked.parameters["adapter"] == {"value": "default", "source": "request"}
    assert unasked.parameters["adapter"] == {"value": "second", "source": "default"}


def test_an_adapter_that_the_model_does_not_have_is_refused_by_name(loaded: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match=r"params\.adapter must be one of default, second, none") as caught:
        loaded.predict("good", {"adapter": "third"})
    assert caught.value.field == "params.adapter"


def test_parallel_calls_get_each_its_own_adapter(loaded: PyfuncModel, saved: tuple[Path, dict[str, float]]) -> None:
    asked = [NAMES[number % 3] for number in range(30)]
    with ThreadPoolExecutor(6) as pool:
        scores = list(pool.map(lambda name: score(loaded, {"adapter": name}), asked))
    assert scores == pytest.approx([saved[1][name] for name in asked])


def test_the_model_config_may_choose_for_all_calls(saved: tuple[Path, dict[str, float]]) -> None:
    model = flavor.load_pyfunc_model(str(saved[0]), device="cpu", model_config={"adapter": "none"})
    assert score(model) == pytest.approx(saved[1]["none"])
    assert score(model, {"adapter": "default"}) == pytest.approx(saved[1]["default"])


def test_the_signature_publishes_the_choice_and_mlflows_door_takes_it(saved: tuple[Path, dict[str, float]]) -> None:
    folder, expected = saved
    signature = read_facts(*local_reader(folder)).signature or {}
    assert "adapter" in [each["name"] for each in signature["params"]]
    model = mlflow.pyfunc.load_model(str(folder))
    assert model.predict("good", params={"adapter": "default"})[0][0]["score"] == pytest.approx(expected["default"])


def test_a_model_of_one_adapter_has_nothing_to_choose(checkpoint: Checkpoints, tmp_path: Path) -> None:
    flavor.save_model({"model": peft_model_on(checkpoint()), "tokenizer": model_tokenizer()}, tmp_path / "saved")
    with pytest.raises(InvalidInput, match="adapter is not a parameter"):
        flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu").predict("good", {"adapter": "default"})


def test_a_stream_is_written_by_the_adapter_that_was_asked_for(checkpoint: Checkpoints, tmp_path: Path) -> None:
    base = checkpoint("text-generation")
    torch.manual_seed(4)
    settings = LoraConfig(task_type=TaskType.CAUSAL_LM, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), settings).eval()
    model.add_adapter("terse", settings)
    model.save_pretrained(tmp_path / "adapters")
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path / "adapters")
    flavor.save_model(tmp_path / "adapters", tmp_path / "saved", base_model_path=str(base))
    assert "peft/terse/adapter_model.safetensors" in files_of(tmp_path / "saved")
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    texts = {}
    for name in ("default", "terse", "none"):
        params = {"adapter": name, "max_new_tokens": 12, "do_sample": False}
        texts[name] = "".join(loaded.predict_stream("good", params))
        assert texts[name] == loaded.predict("good", params)[0][0]["generated_text"]
    assert len(set(texts.values())) == 3
