from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
import torch
import transformers
from PIL import Image
from transformers import Pipeline

from flavor.architectures import choose_task
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests.tiny_multimodal import blip_captions, llava
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("image-text-to-text")
PARAMS: dict = {"max_new_tokens": 6}
NOTHING = {"text": "a"}


def tiny_pipeline() -> Pipeline:
    return llava()


def native_pipeline(ours: Pipeline | None = None) -> Pipeline:
    ours = ours or tiny_pipeline()
    return transformers.ImageTextToTextPipeline(model=ours.model, processor=ours.processor, device="cpu")


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def asked(*images: Any, text: str = "What is this?") -> list[dict]:
    parts = [{"type": "image", "image": image} for image in images]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]


def written(model: PyfuncModel, **row: Any) -> str:
    return model.run([row], PARAMS)[0].records[0]["generated_text"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_chat_with_images_is_answered_as_by_the_pipeline(model: PyfuncModel, count: int) -> None:
    messages = asked(*(noise(seed=seed) for seed in range(count)))
    native = native_pipeline()(text=messages, return_full_text=False, **PARAMS)[0]["generated_text"]
    (result,) = model.run([{"messages": messages}], PARAMS)
    assert result.records[0]["generated_text"] == native
    assert result.records[0]["message"] == {"role": "assistant", "content": native}
    assert result.usage.get("images", 0) == count


def test_every_image_takes_its_tokens_and_the_first_token_comes_once(model: PyfuncModel) -> None:
    counts = [model.run([{"messages": asked(*[noise()] * count)}], PARAMS)[0].usage["input_tokens"] for count in range(3)]
    assert counts[1] - counts[0] == counts[2] - counts[1] == 16
    assert counts[0] == len("s<|user|>What is this?e<|assistant|>")  # one token each to begin and to end


@pytest.mark.parametrize("build", [llava, blip_captions])
def test_a_prompt_about_an_image_is_gone_on_from_as_by_the_pipeline(build: Any) -> None:
    text = "<image> the soup is" if build is llava else "the soup is"
    native = native_pipeline(build())(images=noise(), text=text, **PARAMS)[0]["generated_text"]
    model = PyfuncModel(TASK, build())
    assert written(model, text=text, image=noise()) == native
    assert native.startswith(text)


def test_a_prompt_without_a_place_for_its_image_gets_one_where_transformers_fails(model: PyfuncModel) -> None:
    with pytest.raises(ValueError, match="image"):
        native_pipeline()(images=noise(), text="the soup", **PARAMS)
    shown = written(model, text="the soup", image=noise())
    assert shown.startswith("the soup")
    assert shown.removeprefix("the soup") == written(model, text="<image>\nthe soup", image=noise()).removeprefix(
        "<image>\nthe soup"
    )
    assert shown != written(model, text="the soup", image=noise(seed=1))


def test_a_text_in_a_chat_of_parts_is_read_as_one_part(model: PyfuncModel) -> None:
    plain = [{"role": "user", "content": "What is this?"}]
    assert written(model, messages=plain) == written(model, messages=asked())


def test_an_image_beside_a_chat_is_shown_by_the_users_first_message_and_stays_there(model: PyfuncModel) -> None:
    more = [{"role": "assistant", "content": "Hm"}, {"role": "user", "content": "And now?"}]
    plain = [{"role": "user", "content": "What is this?"}]
    assert written(model, messages=plain, image=noise()) == written(model, messages=asked(noise()))
    assert written(model, messages=[*plain, *more], image=noise()) == written(model, messages=[*asked(noise()), *more])
    with pytest.raises(InvalidInput, match="no message is the user's"):
        model.run([{"messages": [{"role": "assistant", "content": "Hm"}], "image": noise()}], PARAMS)


def test_a_prompt_template_wraps_the_text_beside_the_images() -> None:
    model = PyfuncModel(TASK, tiny_pipeline(), prompt_template="Q: {prompt} A:")
    wrapped = written(PyfuncModel(TASK, tiny_pipeline()), messages=asked(noise(), text="Q: Why? A:"))
    assert written(model, messages=asked(noise(), text="Why?")) == wrapped
    with pytest.raises(InvalidInput, match="one text for the prompt template"):
        model.run([{"messages": [{"role": "user", "content": [{"type": "image", "image": noise()}]}]}], PARAMS)


def test_images_in_openais_form_are_images_too(model: PyfuncModel) -> None:
    buffer = BytesIO()
    noise().save(buffer, "PNG")
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"}}
    messages = [{"role": "user", "content": [part, {"type": "text", "text": "What is this?"}]}]
    assert written(model, messages=messages) == written(model, messages=asked(noise()))


def test_rows_with_and_without_images_are_answered_as_each_alone(model: PyfuncModel) -> None:
    rows: list[dict] = [
        {"messages": asked(noise())},
        {"text": "the soup"},
        {"messages": asked(noise(seed=1), text="Why?")},
        {"text": "the soup", "image": noise()},
        {"messages": asked(noise(), noise(seed=1))},
    ]
    alone = [model.run([row], PARAMS)[0].records for row in rows]
    assert [result.records for result in model.run(rows, PARAMS)] == alone


def test_the_last_message_of_the_assistant_is_continued(model: PyfuncModel) -> None:
    begun = [*asked(noise()), {"role": "assistant", "content": [{"type": "text", "text": "It is"}]}]
    native = native_pipeline()(text=begun, return_full_text=False, **PARAMS)[0]["generated_text"]
    assert written(model, messages=begun) == native
    new = model.run([{"messages": begun}], {**PARAMS, "continue_final_message": False})[0]
    assert new.usage["input_tokens"] > model.run([{"messages": begun}], PARAMS)[0].usage["input_tokens"]


def test_pieces_are_the_answer_as_it_is_written(model: PyfuncModel) -> None:
    *pieces, result = model.stream({"messages": asked(noise())}, PARAMS)
    assert "".join(pieces) == result.records[0]["generated_text"]  # type: ignore[union-attr, arg-type]


def test_a_drawn_answer_is_the_same_for_the_same_seed(model: PyfuncModel) -> None:
    params = {**PARAMS, "temperature": 1.5, "seed": 7}
    first, again, other = (model.run([{"messages": asked(noise())}], each) for each in (params, params, {**params, "seed": 8}))
    assert first[0].records == again[0].records
    assert first[0].records != other[0].records


def test_a_chat_is_refused_where_there_is_no_template() -> None:
    with pytest.raises(InvalidInput, match="template") as caught:
        PyfuncModel(TASK, llava(chat_template=None)).run([{"messages": asked(noise())}], PARAMS)
    assert caught.value.field == "messages"


def test_images_that_fill_the_context_are_refused_and_not_cut(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="255"):
        model.run([{"messages": asked(*[Image.new("RGB", (8, 8))] * 16)}], PARAMS)


def test_what_the_processor_cannot_follow_is_refused_by_name(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="preparation refuses"):
        model.run([{"text": "a", "image": noise()}], {**PARAMS, "processor_kwargs": {"size": "large"}})


def test_architectures_that_see_and_write_are_known() -> None:
    assert choose_task(None, "LlavaForConditionalGeneration") is TASK
    assert choose_task(None, "Qwen2_5_VLForConditionalGeneration") is TASK
    with pytest.raises(InvalidInput, match="image-text-to-text"):
        choose_task(None, "Blip2ForConditionalGeneration")
