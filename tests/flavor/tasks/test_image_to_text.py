from collections.abc import Callable

import pytest
import torch
from PIL import Image
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests.tiny_captions import WRITTEN_TOKENS, blip, git, vision_encoder_decoder

torch.set_num_threads(1)
TASK = get_task("image-to-text")
PARAMS: dict = {"max_new_tokens": 6}
NOTHING = {"image": Image.new("RGB", (8, 8))}
PICTURES = [Image.new("RGB", (16, 16), color) for color in ("red", "blue", "white")]
BUILDERS = [pytest.param(build, id=build.__name__) for build in (vision_encoder_decoder, blip, git)]
GOING_ON = [pytest.param(build, id=build.__name__) for build in (blip, git)]


def tiny_pipeline() -> Pipeline:
    return vision_encoder_decoder()


@pytest.mark.parametrize("build", BUILDERS)
def test_pictures_are_put_into_the_words_of_the_pipeline(build: Callable[[], Pipeline]) -> None:
    native = [each[0]["generated_text"] for each in build()(PICTURES, **PARAMS)]
    results = PyfuncModel(TASK, build()).run([{"image": each} for each in PICTURES], PARAMS)
    assert [result.records[0]["generated_text"] for result in results] == native
    assert len(set(native)) > 1
    assert [result.usage["images"] for result in results] == [1, 1, 1]


@pytest.mark.parametrize("build", GOING_ON)
def test_words_that_are_given_are_gone_on_from_as_the_pipeline_does(build: Callable[[], Pipeline]) -> None:
    texts = ["the soup", "a kind waiter is"]
    native = [build()(PICTURES[0], prompt=text, **PARAMS)[0]["generated_text"] for text in texts]
    results = PyfuncModel(TASK, build()).run([{"image": PICTURES[0], "text": text} for text in texts], PARAMS)
    assert [result.records[0]["generated_text"] for result in results] == native
    assert all(text.startswith(given + " ") for text, given in zip(native, texts, strict=True))


def test_the_words_given_are_left_out_when_that_is_asked() -> None:
    row = {"image": PICTURES[0], "text": "the soup"}
    model = PyfuncModel(TASK, blip())
    whole = model.run([row], PARAMS)[0].records[0]["generated_text"]
    assert "the soup" + model.run([row], {**PARAMS, "return_full_text": False})[0].records[0]["generated_text"] == whole


def test_pieces_are_the_words_as_they_are_written() -> None:
    *pieces, result = PyfuncModel(TASK, blip()).stream({"image": PICTURES[1], "text": "the soup"}, PARAMS)
    assert len(pieces) > 1
    assert "".join(pieces) == result.records[0]["generated_text"]  # type: ignore[union-attr, arg-type]


def test_a_model_that_cannot_go_on_from_words_says_so() -> None:
    with pytest.raises(InvalidInput, match="cannot go on from words"):
        PyfuncModel(TASK, tiny_pipeline()).run([{"image": PICTURES[0], "text": "the soup"}], PARAMS)


@pytest.mark.parametrize("build", BUILDERS)
def test_no_more_is_written_than_the_decoder_has_places_for(build: Callable[[], Pipeline]) -> None:
    result = PyfuncModel(TASK, build()).run([{"image": PICTURES[0]}], {"max_new_tokens": 500})[0]
    assert result.usage["output_tokens"] <= WRITTEN_TOKENS - 1
    assert [each.code for each in result.warnings] == ["output_limited"]


def test_what_a_program_hands_over_may_be_bytes_or_a_picture() -> None:
    model = PyfuncModel(TASK, tiny_pipeline())
    assert len(model.predict([TASK.example["image"], PICTURES[0]], PARAMS)) == 2
