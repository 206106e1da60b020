import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests import tiny_models

torch.set_num_threads(1)
TASK = get_task("token-classification")
PARAMS: dict = {"aggregation_strategy": "first"}
NOTHING = {"text": ""}
SENTENCE = "Sarah is in London and the waiter was kind"


def tiny_pipeline() -> Pipeline:
    return tiny_models.token_classification()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("strategy", ["none", "simple", "first", "average", "max"])
def test_entities_equal_the_pipelines_own(model: PyfuncModel, strategy: str) -> None:
    native = tiny_pipeline()(SENTENCE, aggregation_strategy=strategy)
    ours = model.run([{"text": SENTENCE}], {"aggregation_strategy": strategy})[0].records
    assert len(ours) > 0
    assert ours == [{**entity, "score": pytest.approx(float(entity["score"]))} for entity in native]


def test_offsets_point_into_the_text_in_code_points(model: PyfuncModel) -> None:
    text = "é😀 sarah london"
    entities = model.run([{"text": text}], {"aggregation_strategy": "none", "ignore_labels": []})[0].records
    assert [text[each["start"] : each["end"]] for each in entities][-2:] == ["sarah", "london"]


def test_a_text_without_entities_gives_an_empty_list_between_others(model: PyfuncModel) -> None:
    everything = ["O", "PER", "LOC"]
    results = model.run([{"text": SENTENCE}, {"text": ""}, {"text": SENTENCE}])
    assert [bool(result.records) for result in results] == [True, False, True]
    assert model.run([{"text": SENTENCE}], {"ignore_labels": everything})[0].records == []


def test_words_that_are_already_split_keep_their_places(model: PyfuncModel) -> None:
    params = {"is_split_into_words": True, "delimiter": "|", "aggregation_strategy": "none", "ignore_labels": []}
    text = "sarah|london|paris"
    results = model.run([{"text": text}, {"text": "paris"}], params)
    assert [text[each["start"] : each["end"]] for each in results[0].records] == ["sarah", "london", "paris"]
    assert [each["word"] for each in results[1].records] == ["paris"]


def test_a_long_text_is_cut_and_says_so_or_read_in_windows(model: PyfuncModel) -> None:
    text = "sarah london " * 60
    cut = model.run([{"text": text}], {"ignore_labels": []})[0]
    windows = model.run([{"text": text}], {"ignore_labels": [], "stride": 10})[0]
    assert [(each.code, each.detail) for each in cut.warnings] == [("input_truncated", "64 of 122 tokens used")]
    assert windows.warnings == []
    assert windows.records[-1]["end"] == len(text.strip())
    assert cut.records[-1]["end"] < len(text) / 2 + 20


def test_stock_gets_labels_joined_by_commas(model: PyfuncModel) -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    native = tiny_pipeline()(SENTENCE)
    assert stock.predict([SENTENCE, ""]) == [",".join(each["entity"] for each in native), ""]
