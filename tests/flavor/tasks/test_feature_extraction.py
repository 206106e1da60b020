import json
from pathlib import Path

import numpy
import pytest
import torch
from mlflow import MlflowClient
from transformers import Pipeline

import flavor
from flavor.architectures import tasks_of
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_text
from tests.flavor.conftest import folder_of, forward_calls

torch.set_num_threads(1)
TASK = get_task("feature-extraction")
PARAMS: dict = {"pooling": "mean", "normalize": True}
NOTHING = {"text": ""}
TEXTS = ["the soup was cold", "kind", "", "sarah lives in london and the waiter was bad"]


def tiny_pipeline() -> Pipeline:
    return tiny_text.feature_extraction()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def native(text: str) -> numpy.ndarray:
    return numpy.array(tiny_pipeline()(text)[0])


def vectors(model: PyfuncModel, texts: list[str], **params: object) -> list[numpy.ndarray]:
    return [numpy.array(result.records[0]["embedding"]) for result in model.run([{"text": text} for text in texts], params)]


def test_each_text_has_the_pipelines_own_vectors_one_per_token(model: PyfuncModel) -> None:
    """Stock returns the vectors of the first text only; the pipeline itself returns those of the padding too."""
    for found, text in zip(vectors(model, TEXTS), TEXTS, strict=True):
        assert numpy.allclose(found, native(text), atol=1e-5)
    tokens = model.run([{"text": "the soup"}])[0].records[0]["tokens"]
    assert tokens == ["[CLS]", "the", "soup", "[SEP]"]


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean", lambda states: states.mean(axis=0)),
        ("cls", lambda states: states[0]),
        ("last", lambda states: states[-1]),
        ("max", lambda states: states.max(axis=0)),
    ],
)
def test_pooling_makes_one_vector_whatever_the_neighbours(model: PyfuncModel, pooling: str, expected) -> None:
    found = vectors(model, TEXTS, pooling=pooling)
    assert all(numpy.allclose(each, expected(native(text)), atol=1e-5) for each, text in zip(found, TEXTS, strict=True))
    assert "tokens" not in model.run([{"text": "the soup"}], {"pooling": pooling})[0].records[0]


@pytest.mark.parametrize("pads", [True, False])
def test_a_decoder_is_read_from_the_left_with_or_without_a_padding_token(pads: bool) -> None:
    pipeline = tiny_text.decoder_features(pads=pads)
    alone = [numpy.array(tiny_text.decoder_features(pads=pads)(text)[0])[-1] for text in TEXTS]
    found = vectors(PyfuncModel(TASK, pipeline), TEXTS, pooling="last")
    assert all(numpy.allclose(each, other, atol=1e-4) for each, other in zip(found, alone, strict=True))


def test_vectors_are_cut_first_and_then_scaled_to_one(model: PyfuncModel) -> None:
    (found,) = vectors(model, ["the soup"], pooling="mean", dimensions=5, normalize=True)
    expected = native("the soup").mean(axis=0)[:5]
    assert numpy.allclose(found, expected / numpy.linalg.norm(expected), atol=1e-5)
    (found,) = vectors(model, ["the soup"], normalize=True, dimensions=5)
    assert found.shape == (4, 5)
    assert numpy.allclose(numpy.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_sixty_four_short_texts_take_few_forward_passes(model: PyfuncModel) -> None:
    with forward_calls(model.pipeline.model) as calls:
        assert len(model.run([{"text": "soup " * (1 + number % 9)} for number in range(64)])) == 64
    assert len(calls) <= 8


def test_a_long_text_is_cut_where_asked_and_says_so(model: PyfuncModel) -> None:
    text = "soup " * 80 + "london"
    right, left = (model.run([{"text": text}], {"truncation_direction": each})[0] for each in ("right", "left"))
    assert [(each.code, each.detail) for each in left.warnings] == [("input_truncated", "64 of 83 tokens used")]
    assert right.records[0]["tokens"][-3:] == ["soup", "soup", "[SEP]"]
    assert left.records[0]["tokens"][-3:] == ["soup", "london", "[SEP]"]
    assert model.pipeline.tokenizer.truncation_side == "right"


def test_a_text_of_no_token_is_refused_by_name() -> None:
    pipeline = tiny_text.decoder_features()
    pipeline.tokenizer.backend_tokenizer.post_processor = None
    with pytest.raises(InvalidInput, match="text is empty"):
        PyfuncModel(TASK, pipeline).run([{"text": ""}])


@pytest.fixture
def sentence_folder(tmp_path: Path) -> Path:
    """A checkpoint as Sentence Transformers leave it: mean pooling, vectors of length 1, words for queries."""
    folder = tmp_path / "sentences"
    tiny_pipeline().save_pretrained(folder)
    modules = ["Transformer", "Pooling", "Normalize"]
    write(folder / "modules.json", [{"type": f"sentence_transformers.models.{name}"} for name in modules])
    write(folder / "1_Pooling/config.json", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False})
    write(folder / "config_sentence_transformers.json", {"prompts": {"query": "the soup "}, "default_prompt_name": None})
    return folder


def write(path: Path, content: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def test_a_logged_checkpoint_pools_as_its_own_files_say(store: MlflowClient, sentence_folder: Path) -> None:
    loaded = flavor.load_pyfunc_model(str(folder_of(flavor.log_model(str(sentence_folder), name="sentences"))), device="cpu")
    result = loaded.run([{"text": "was cold"}])[0]
    expected = native("was cold").mean(axis=0)
    assert numpy.allclose(result.records[0]["embedding"], expected / numpy.linalg.norm(expected), atol=1e-5)
    assert result.parameters["pooling"] == {"value": "mean", "source": "model"}
    assert result.parameters["normalize"] == {"value": True, "source": "model"}


def test_a_request_may_always_pool_otherwise(store: MlflowClient, sentence_folder: Path) -> None:
    loaded = flavor.load_pyfunc_model(str(folder_of(flavor.log_model(str(sentence_folder), name="sentences"))), device="cpu")
    (found,) = vectors(loaded, ["was cold"], pooling="none", normalize=False)
    assert numpy.allclose(found, native("was cold"), atol=1e-5)


def test_the_models_own_words_go_in_front_and_unknown_ones_are_named(sentence_folder: Path) -> None:
    pipeline = tiny_pipeline()
    pipeline.model.name_or_path = str(sentence_folder)
    model = PyfuncModel(TASK, pipeline)
    params = {"prompt_name": "query", "pooling": "none", "normalize": False}
    assert numpy.allclose(vectors(model, ["was cold"], **params)[0], native("the soup was cold"), atol=1e-5)
    with pytest.raises(InvalidInput, match="'document' is no prompt of this model; it has query"):
        model.run([{"text": "was cold"}], {"prompt_name": "document"})


def test_a_module_that_is_not_computed_is_said(sentence_folder: Path) -> None:
    modules = ["Transformer", "Pooling", "Dense"]
    write(sentence_folder / "modules.json", [{"type": f"sentence_transformers.models.{name}"} for name in modules])
    pipeline = tiny_pipeline()
    pipeline.model.name_or_path = str(sentence_folder)
    result = PyfuncModel(TASK, pipeline).run([{"text": "was cold"}])[0]
    assert [each.code for each in result.warnings] == ["module_left_out"]


def test_a_masked_language_model_gives_features_without_the_head_it_never_had(store: MlflowClient, tmp_path: Path) -> None:
    tiny_text.fill_mask().save_pretrained(tmp_path / "masked")
    info = flavor.log_model(str(tmp_path / "masked"), name="features", task="feature-extraction")
    loaded = flavor.load_model(info.model_uri)
    assert type(loaded.model).__name__ == "BertModel"
    assert numpy.array(loaded("the soup")).shape == (1, 4, 32)


def test_stock_gets_the_vectors_alone(model: PyfuncModel) -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    found = stock.predict(["the soup", "kind"])
    assert [numpy.array(each).shape for each in found] == [(4, 32), (3, 32)]
    assert numpy.allclose(found[0], native("the soup"), atol=1e-5)


@pytest.mark.parametrize("architecture", ["BertModel", "DistilBertModel", "MPNetModel", "Qwen3Model"])
def test_a_model_without_a_head_is_taken_for_this_task(architecture: str) -> None:
    assert tasks_of(architecture) == [TASK]
