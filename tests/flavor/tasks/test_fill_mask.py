import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_text

torch.set_num_threads(1)
TASK = get_task("fill-mask")
PARAMS: dict = {"top_k": 3}
NOTHING = {"text": "[MASK]"}
ONE = "paris is the [MASK] of london"
TWO = "the [MASK] was [MASK]"


def tiny_pipeline() -> Pipeline:
    return tiny_text.fill_mask()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def as_native(records: list[dict]) -> list[dict]:
    return [{name: value for name, value in record.items() if name != "mask"} for record in records]


def close_to(native: list[dict]) -> list[dict]:
    return [{**token, "score": pytest.approx(token["score"], abs=1e-5)} for token in native]


def test_tokens_equal_the_pipelines_own_with_every_field(model: PyfuncModel) -> None:
    (records,) = model.predict(ONE)
    assert records == close_to(tiny_pipeline()(ONE))
    assert len(records) == 5


def test_each_mask_of_a_text_has_its_tokens_whatever_the_neighbours(model: PyfuncModel) -> None:
    first, second = tiny_pipeline()(TWO, top_k=2)
    for rows in ([TWO], [TWO, ONE], [ONE, TWO, TWO]):
        records = model.predict(rows, {"top_k": 2})[rows.index(TWO)]
        assert [record["mask"] for record in records] == [0, 0, 1, 1]
        assert as_native(records) == close_to([*first, *second])


def test_targets_are_the_only_tokens_scored_and_split_ones_are_named(model: PyfuncModel) -> None:
    result = model.run([{"text": ONE}], {"targets": ["soup", "paris", "good", "waitress"]})[0]
    native = tiny_pipeline()(ONE, targets=["soup", "paris", "good", "waitress"])
    assert result.records == close_to(native)
    assert [(each.code, each.detail) for each in result.warnings] == [
        ("target_replaced", "'waitress' is not one token of this model; 'w' is scored for it")
    ]


def test_the_mask_of_another_model_is_understood(model: PyfuncModel) -> None:
    assert model.predict(ONE.replace("[MASK]", "<mask>")) == model.predict(ONE)


def test_a_text_without_a_mask_is_told_which_one_to_write(model: PyfuncModel) -> None:
    good, bad = model.run([{"text": ONE}, {"text": "no mask"}], on_error="row")
    assert good.error is None
    assert bad.error == {
        "code": "invalid-input",
        "detail": "text has no mask; write [MASK] where a word is to be found.",
        "field": "text",
    }


def test_a_mask_behind_what_the_model_reads_is_named_and_one_before_it_is_answered(model: PyfuncModel) -> None:
    long = "the soup was cold " * 30
    with pytest.raises(InvalidInput, match="the model reads 64 tokens") as caught:
        model.run([{"text": f"{long} [MASK]"}])
    assert caught.value.field == "text"
    result = model.run([{"text": f"[MASK] {long}"}])[0]
    assert len(result.records) == 5
    assert [each.code for each in result.warnings] == ["input_truncated"]


def test_more_tokens_than_there_are_gives_all_there_are(model: PyfuncModel) -> None:
    (records,) = model.predict(ONE, {"top_k": 100_000})
    assert len(records) == len(model.pipeline.tokenizer)
    assert sum(record["score"] for record in records) == pytest.approx(1, abs=1e-4)


def test_a_prompt_template_may_bring_the_mask(model: PyfuncModel) -> None:
    params = {"prompt_template": "{prompt} so it was [MASK]", "top_k": 1}
    (records,) = model.predict("the soup was cold", params)
    assert records == close_to(tiny_pipeline()("the soup was cold so it was [MASK]", top_k=1))


def test_stock_gets_the_best_token_and_a_list_of_them_for_several_masks() -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    one, two = tiny_pipeline()(ONE), tiny_pipeline()(TWO)
    assert stock.predict([ONE, TWO]) == [one[0]["token_str"], [mask[0]["token_str"] for mask in two]]
