import pytest

from flavor.parameters import Source, resolve
from flavor.tasks import InvalidInput, get_task

CLASSIFY = get_task("text-classification")
WRITE = get_task("text-generation")


@pytest.mark.parametrize(
    ("levels", "value", "source"),
    [
        ({}, 5, Source.DEFAULT),
        ({"defaults": {"top_k": 1}}, 1, Source.DEFAULT),
        ({"model": {"top_k": 2}}, 2, Source.MODEL),
        ({"model": {"top_k": 2}, "model_config": {"top_k": 3}}, 3, Source.MODEL_CONFIG),
        ({"model_config": {"top_k": 3}, "signature": {"top_k": 4}}, 4, Source.SIGNATURE),
        ({"model_config": {"top_k": 3}, "signature": {"top_k": None}}, 3, Source.MODEL_CONFIG),
        ({"signature": {"top_k": 4}, "request": {"top_k": 6}}, 6, Source.REQUEST),
        ({"model_config": {"top_k": 3}, "request": {"top_k": 6}}, 6, Source.REQUEST),
        ({"model_config": {"top_k": 3}, "request": {"top_k": None}}, 3, Source.MODEL_CONFIG),
        # MLflow fills a call in with the signature's defaults: nobody asked.
        ({"model_config": {"top_k": 3}, "signature": {"top_k": 4}, "request": {"top_k": 4}}, 4, Source.SIGNATURE),
    ],
)
def test_the_stronger_level_counts_and_is_named(levels: dict, value: int, source: Source) -> None:
    effective = resolve(CLASSIFY, **levels)
    assert effective.report()["top_k"] == {"value": value, "source": source.value}


def test_a_bad_value_is_named_with_its_level() -> None:
    for level, field in (("model_config", "model_config.top_k"), ("request", "params.top_k"), ("signature", "signature.top_k")):
        with pytest.raises(InvalidInput) as caught:
            resolve(CLASSIFY, **{level: {"top_k": -1}})
        assert caught.value.field == field


def test_an_unknown_name_of_a_request_is_refused() -> None:
    with pytest.raises(InvalidInput, match="it takes top_k, function_to_apply"):
        resolve(CLASSIFY, request={"top_p": 1})


def test_keys_about_loading_are_no_parameters_and_no_mistake() -> None:
    effective = resolve(CLASSIFY, model_config={"batch_size": 8, "device": "cpu", "torch_dtype": "float16"})
    assert effective.warnings == ()
    assert effective.passed_on == {}


def test_what_only_the_pipeline_knows_is_passed_on_and_the_rest_reported() -> None:
    effective = resolve(WRITE, model_config={"penalty_alpha": 0.6, "pennalty": 1}, accepted=frozenset({"penalty_alpha"}))
    assert effective.passed_on == {"penalty_alpha": 0.6}
    assert [each.detail for each in effective.warnings] == ["the model config says pennalty, which text-generation does not take"]


def test_stop_strings_of_a_stock_config_are_our_stop() -> None:
    assert resolve(WRITE, model_config={"stop_strings": "END"}).values["stop"] == ["END"]


def test_levels_are_not_changed() -> None:
    config, request = {"stop_strings": ["x"]}, {"top_k": 2}
    resolve(WRITE, model_config=config, request=request)
    assert (config, request) == ({"stop_strings": ["x"]}, {"top_k": 2})
