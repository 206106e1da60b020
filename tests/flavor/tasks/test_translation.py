import pytest
import torch
from mlflow import MlflowClient
from transformers import Pipeline

import flavor
from flavor.inspection import local_reader, read_facts
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, find_task, get_task
from tests.flavor.conftest import folder_of
from tests.tiny_text_to_text import (
    READ_TOKENS,
    ending_tokenizer,
    marian,
    translation,
    translation_by_marian,
    translation_of_languages,
)

torch.set_num_threads(1)
TASK = get_task("translation")
PARAMS: dict = {"max_new_tokens": 6, "num_beams": 1, "do_sample": False}
NOTHING = {"text": ""}


def tiny_pipeline() -> Pipeline:
    return translation()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.fixture(scope="module")
def marian_model() -> PyfuncModel:
    return PyfuncModel(TASK, translation_by_marian())


def test_a_text_is_translated_as_the_pipeline_does(model: PyfuncModel) -> None:
    native = tiny_pipeline()("The house.", max_new_tokens=9)
    assert (
        model.run([{"text": "The house."}], {"max_new_tokens": 9})[0].records[0]["translation_text"]
        == native[0]["translation_text"]
    )


def test_marian_translates_as_the_pipeline_does_in_batches_too(marian_model: PyfuncModel) -> None:
    texts = ["The house.", "A much longer sentence about the house.", "a"]
    native = [each["translation_text"] for each in translation_by_marian()(texts, max_new_tokens=9)]
    results = marian_model.run([{"text": text} for text in texts], {"max_new_tokens": 9})
    assert [result.records[0]["translation_text"] for result in results] == native


def test_no_more_is_written_than_the_decoder_has_places_for(marian_model: PyfuncModel) -> None:
    result = marian_model.run([{"text": "a"}], {"max_new_tokens": 500, "num_beams": 1})[0]
    assert result.usage["output_tokens"] == READ_TOKENS - 1
    assert [each.code for each in result.warnings] == ["output_limited"]


def test_a_name_with_languages_is_a_task_of_its_own_that_says_them() -> None:
    task = get_task("translation_en_to_fr")
    assert (task.name, task.title) == ("translation_en_to_fr", "Translation, en to fr")
    assert get_task("translation_en_to_fr") is task
    assert find_task("translation_en_fr") is None
    result = PyfuncModel(task, translation(task="translation_en_to_fr")).run([{"text": "a"}], PARAMS)[0]
    assert result.parameters["tgt_lang"] == {"value": "fr", "source": "default"}


def test_components_are_logged_with_their_languages_and_answer_the_same(store: MlflowClient) -> None:
    tokenizer = ending_tokenizer()
    components = {"model": marian(tokenizer), "tokenizer": tokenizer}
    info = flavor.log_model(components, name="translator", task="translation_en_to_fr", input_example="The house.")
    facts = read_facts(*local_reader(folder_of(info)))
    assert (facts.task, facts.problem) == ("translation_en_to_fr", "")
    pipeline = flavor.load_model(info.model_uri, device="cpu")
    assert pipeline.task == "translation_en_to_fr"
    assert pipeline("The house.", max_new_tokens=5) == translation_by_marian()("The house.", max_new_tokens=5)


def test_stock_gets_texts() -> None:
    (text,) = PyfuncModel(TASK, tiny_pipeline(), output="stock").predict(["The house."], PARAMS)
    assert isinstance(text, str)


@pytest.fixture(scope="module")
def several() -> PyfuncModel:
    return PyfuncModel(TASK, translation_of_languages())


def test_a_model_of_several_languages_is_told_them_as_the_pipeline_is(several: PyfuncModel) -> None:
    languages = {"src_lang": "en_XX", "tgt_lang": "fr_XX"}
    native = translation_of_languages()("the house", max_new_tokens=5, num_beams=1, **languages)
    result = several.run([{"text": "the house"}, {"text": "a house"}], {**PARAMS, "max_new_tokens": 5, **languages})[0]
    assert result.records[0]["translation_text"] == native[0]["translation_text"]
    other = several.run([{"text": "the house"}], {**PARAMS, **languages, "tgt_lang": "de_DE"})[0]
    assert other.records != result.records


def test_a_language_may_be_said_without_its_country(several: PyfuncModel) -> None:
    short, long = (
        several.run([{"text": "the house"}], {**PARAMS, "src_lang": one, "tgt_lang": two})[0].records
        for one, two in (("en", "fr"), ("en_XX", "fr_XX"))
    )
    assert short == long


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "src_lang is missing"),
        ({"src_lang": "en_XX"}, "tgt_lang is missing"),
        ({"src_lang": "en_XX", "tgt_lang": "tlh"}, "'tlh' is no language of this model; it has ar_AR, cs_CZ"),
    ],
)
def test_a_language_that_is_missing_or_unknown_is_named_with_those_there_are(
    several: PyfuncModel, params: dict, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        several.run([{"text": "the house"}], {**PARAMS, **params})
