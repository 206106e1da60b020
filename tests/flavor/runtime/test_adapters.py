"""A model with several adapters in its child: requests at once, each answered by its own."""

from typing import Any

import pytest

import flavor
from tests import tiny_models
from tests.flavor.test_peft import lora, model_tokenizer, peft_model_on

from .conftest import SECONDS


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("adapters")
    base = tiny_models.save_checkpoint("text-classification", folder / "base", seed=7)
    model = peft_model_on(base)
    model.add_adapter("second", lora(seed=2))
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, folder / "saved")
    return str(folder / "saved")


def test_requests_at_once_are_answered_each_by_its_adapter(make_pool: Any, saved: str) -> None:
    pool = make_pool(loader="flavor.loading:load_pyfunc_model")
    loaded = flavor.load_pyfunc_model(saved, device="cpu")
    names = ["default", "second", "none"] * 2
    asked = [pool.ask(saved, params={"adapter": name}) for name in names]
    answers = [each.result(SECONDS)["results"][0] for each in asked]
    expected = [loaded.predict("good", {"adapter": name})[0][0]["score"] for name in names]
    assert len(set(expected)) == 3
    assert [each["records"][0]["score"] for each in answers] == pytest.approx(expected)
    assert [each["parameters"]["adapter"]["value"] for each in answers] == names
