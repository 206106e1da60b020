from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers
from transformers import Pipeline

import flavor
from flavor.architectures import choose_task
from flavor.pyfunc import PyfuncModel, RowResult
from flavor.tasks import InvalidInput, get_task
from tests.tiny_audio import encoded, tone
from tests.tiny_multimodal import janus, llava_any, qwen2_audio
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("any-to-any")
PARAMS: dict = {"max_new_tokens": 6}
NOTHING = {"text": "a"}


def tiny_pipeline() -> Pipeline:
    return qwen2_audio()


@pytest.fixture(scope="module")
def hearing() -> PyfuncModel:
    return PyfuncModel(TASK, qwen2_audio())


@pytest.fixture(scope="module")
def seeing() -> PyfuncModel:
    return PyfuncModel(TASK, llava_any())


def asked(kind: str, *media: Any, text: str = "What is this?") -> list[dict]:
    parts = [{"type": kind, kind: each} for each in media]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]


def written(model: PyfuncModel, **row: Any) -> str:
    return model.run([row], PARAMS)[0].records[0]["generated_text"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_chat_with_sounds_is_answered_as_by_the_pipeline(hearing: PyfuncModel, count: int) -> None:
    sounds = [tone(0.3 + 0.2 * place, 300 * (place + 1)) for place in range(count)]
    ours = qwen2_audio()
    native = transformers.AnyToAnyPipeline(model=ours.model, processor=ours.processor, device="cpu")
    told = native(text=asked("audio", *sounds), return_full_text=False, **PARAMS)[0]["generated_text"]
    (result,) = hearing.run([{"messages": asked("audio", *(encoded(sound) for sound in sounds))}], PARAMS)
    assert result.records[0]["generated_text"] == told
    assert result.records[0]["message"] == {"role": "assistant", "content": told}


def test_a_prompt_about_a_sound_gets_a_place_for_it_where_transformers_fails(hearing: PyfuncModel) -> None:
    ours = qwen2_audio()
    native = transformers.AnyToAnyPipeline(model=ours.model, processor=ours.processor, device="cpu")
    with pytest.raises(ValueError, match="AUDIO"):
        native(text="What is heard?", audio=tone(), **PARAMS)
    row = {"text": "What is heard?", "audio": encoded(tone())}
    assert written(hearing, **row) != written(hearing, text="What is heard?")
    assert hearing.run([row], PARAMS)[0].usage["audio_seconds"] == 0.5


def test_a_model_that_sees_needs_no_torchvision_for_images(seeing: PyfuncModel) -> None:
    shown = written(seeing, messages=asked("image", noise()))
    assert shown == written(seeing, messages=[{"role": "user", "content": "What is this?"}], image=noise())
    assert shown != written(seeing, messages=asked("image", noise(seed=1)))
    assert written(seeing, text="the soup", image=noise()).startswith("the soup")


@pytest.mark.parametrize("build", [qwen2_audio, llava_any])
def test_rows_with_and_without_media_are_answered_as_each_alone(build: Callable[[], Pipeline]) -> None:
    kind, media = (
        ("audio", [encoded(tone(0.4)), encoded(tone(0.9))]) if build is qwen2_audio else ("image", [noise(), noise(seed=1)])
    )
    model = PyfuncModel(TASK, build())
    rows: list[dict] = [
        {"messages": asked(kind, media[0])},
        {"text": "a"},
        {"messages": asked(kind, *media)},
        {"text": "a", kind: media[1]},
    ]
    alone = [model.run([row], PARAMS)[0].records for row in rows]
    assert [result.records for result in model.run(rows, PARAMS)] == alone


def test_a_medium_that_the_model_does_not_read_is_refused_by_name(hearing: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="it reads audio, text") as caught:
        hearing.run([{"text": "a", "image": noise()}], PARAMS)
    assert caught.value.field == "image"
    with pytest.raises(InvalidInput, match="it reads audio, text"):
        hearing.run([{"messages": asked("image", noise())}], PARAMS)


def test_an_answer_that_the_model_cannot_make_is_refused_before_it_runs(hearing: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="what this model makes: text") as caught:
        hearing.run([{"text": "a"}], {"generation_mode": "image"})
    assert caught.value.field == "params.generation_mode"


def pixels(result: RowResult) -> bytes:
    return result.records[0]["generated_image"].tobytes()


def test_an_image_is_made_by_chance_that_can_be_repeated() -> None:
    model = PyfuncModel(TASK, janus())
    rows: list[dict] = [{"text": "a dog"}, {"messages": asked("image")}]
    params = {"generation_mode": "image", "temperature": 1.5}
    dog, chat = model.run(rows, params)
    assert {each.records[0]["generated_image"].size for each in (dog, chat)} == {(16, 16)}
    assert [set(each.records[0]) for each in (dog, chat)] == [{"generated_image"}] * 2
    again = model.run(rows[:1], {**params, "seed": dog.parameters["seed"]["value"]})[0]
    assert pixels(again) == pixels(dog)
    assert len({pixels(model.run(rows[:1], {**params, "seed": seed})[0]) for seed in range(5)}) > 1
    assert dog.to_json()["records"][0]["generated_image"]["media_type"] == "image/png"


def test_a_checkpoint_of_a_model_that_draws_draws_the_same(tmp_path: Path) -> None:
    janus().save_pretrained(tmp_path / "checkpoint")
    flavor.save_model(tmp_path / "checkpoint", tmp_path / "saved", task=TASK.name)
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    params = {"generation_mode": "image", "seed": 3, "do_sample": True}
    images = [model.run([{"text": "a dog"}], params)[0].records[0] for model in (loaded, PyfuncModel(TASK, janus()))]
    assert images[0]["generated_image"].tobytes() == images[1]["generated_image"].tobytes()


def test_a_model_that_draws_writes_too_but_tells_no_pieces_of_an_image() -> None:
    model = PyfuncModel(TASK, janus())
    assert written(model, text="a dog", image=noise()).startswith("a dog")
    assert len(list(model.stream({"text": "a dog"}, {"generation_mode": "image"}))) == 1
    assert TASK.streams_with({})
    assert not TASK.streams_with({"generation_mode": "image"})


def test_sounds_at_any_rate_are_heard_at_the_models(hearing: PyfuncModel) -> None:
    samples = tone(0.5, rate=48_000)
    sound = {"array": samples, "sampling_rate": 48_000}
    assert hearing.run([{"text": "a", "audio": sound}], PARAMS)[0].usage["audio_seconds"] == 0.5
    assert numpy.allclose(samples, sound["array"])


def test_pieces_are_the_answer_as_it_is_written(hearing: PyfuncModel) -> None:
    *pieces, result = hearing.stream({"messages": asked("audio", encoded(tone()))}, PARAMS)
    assert "".join(pieces) == result.records[0]["generated_text"]  # type: ignore[union-attr, arg-type]


def test_architectures_that_hear_or_draw_are_known() -> None:
    assert choose_task(None, "Qwen2AudioForConditionalGeneration") is TASK
    assert choose_task("any-to-any", "JanusForConditionalGeneration") is TASK
