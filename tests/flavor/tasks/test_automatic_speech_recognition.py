import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers
from transformers import Pipeline

import flavor
from flavor.architectures import tasks_of
from flavor.pyfunc import PyfuncModel
from flavor.results import json_safe
from flavor.tasks import InvalidInput, Row, get_task
from flavor.tasks._checking import check_params
from tests import tiny_audio
from tests.flavor.conftest import forward_calls
from tests.tiny_audio import RATE, WINDOW_S, encoded, noise, tone

torch.set_num_threads(1)
TASK = get_task("automatic-speech-recognition")
PARAMS: dict = {"max_new_tokens": 8, "num_beams": 1, "return_timestamps": "segment"}
SHORT: dict = {"max_new_tokens": 8, "num_beams": 1}
NOTHING = {"audio": encoded(numpy.zeros(1, dtype="float32"))}


def tiny_pipeline() -> Pipeline:
    return tiny_audio.whisper()


def native_of(pipeline: Any) -> Pipeline:
    """transformers' own pipeline around the same parts."""
    return transformers.AutomaticSpeechRecognitionPipeline(
        model=pipeline.model, tokenizer=pipeline.tokenizer, feature_extractor=pipeline.feature_extractor, device="cpu"
    )


@pytest.fixture(scope="module")
def whisper() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_audio.whisper())


@pytest.fixture(scope="module")
def ctc() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_audio.ctc())


def heard(model: PyfuncModel, samples: Any, **params: Any) -> Row:
    (record,) = model.run([{"audio": samples}], params)[0].records
    return record


def natively(model: PyfuncModel, samples: Any, **params: Any) -> Row:
    return json_safe(native_of(model.pipeline)(samples, **params))


def without_language(record: Row) -> Row:
    """What transformers answers: it leaves the language in the pieces."""
    return {name: value for name, value in record.items() if name != "language"}


@pytest.mark.parametrize(
    ("params", "native"),
    [
        ({}, {}),
        ({"return_timestamps": "segment"}, {"return_timestamps": True}),
        ({"return_timestamps": True}, {"return_timestamps": True}),
        ({"return_timestamps": "word"}, {"return_timestamps": "word"}),
        ({"return_timestamps": False}, {}),
        ({"return_language": True}, {"return_language": True}),
        ({"language": "french", "task": "translate"}, {"language": "french", "task": "translate"}),
        ({"language": "de"}, {"language": "de"}),
        ({"num_beams": 3, "repetition_penalty": 2.0}, {"num_beams": 3, "repetition_penalty": 2.0}),
        ({"chunk_length_s": 1.0, "stride_length_s": 0.2}, {"chunk_length_s": 1.0, "stride_length_s": 0.2}),
    ],
)
def test_whisper_answers_as_its_pipeline_does(whisper: PyfuncModel, params: dict, native: dict) -> None:
    record = heard(whisper, noise(1.5), **{**SHORT, **params})
    assert without_language(record) == natively(whisper, noise(1.5), **{**SHORT, **native})


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"return_timestamps": "word"},
        {"return_timestamps": "char"},
        {"chunk_length_s": 1.0},
        {"chunk_length_s": 1.0, "stride_length_s": 0.1, "return_timestamps": "word"},
    ],
)
def test_a_ctc_model_answers_as_its_pipeline_does(ctc: PyfuncModel, params: dict) -> None:
    assert heard(ctc, noise(3), **params) == natively(ctc, noise(3), **params)


def test_what_nobody_said_is_as_the_pipeline_has_it(whisper: PyfuncModel) -> None:
    (result,) = whisper.run([{"audio": noise(0.5)}])
    assert result.records == [natively(whisper, noise(0.5))]
    assert result.parameters["num_beams"] == {"value": 5, "source": "model"}
    assert result.parameters["return_timestamps"] == {"value": "none", "source": "model"}
    assert result.usage["audio_seconds"] == 0.5


@pytest.mark.filterwarnings("ignore:std")  # of torch, where the tiny Whisper writes one word
@pytest.mark.parametrize(
    "params", [{}, {"return_timestamps": "segment"}, {"return_timestamps": "word"}, {"return_language": True}]
)
def test_recordings_of_several_lengths_are_answered_as_if_they_were_alone(whisper: PyfuncModel, params: dict) -> None:
    rows = [{"audio": noise(seconds, seed=number)} for number, seconds in enumerate((0.5, 2 * WINDOW_S, 1, 1.9, WINDOW_S + 1))]
    together = whisper.run(rows, {**SHORT, **params})
    assert [result.records for result in together] == [whisper.run([row], {**SHORT, **params})[0].records for row in rows]


def test_each_recording_has_its_own_language_where_transformers_fails(whisper: PyfuncModel) -> None:
    sounds = [noise(1.5), tone(1, 200), numpy.zeros(RATE, dtype="float32")]
    native = native_of(whisper.pipeline)
    alone = [native(sound, return_language=True, **SHORT)["chunks"][0]["language"] for sound in sounds]
    with pytest.raises(IndexError):
        native(sounds, return_language=True, batch_size=8, **SHORT)
    results = whisper.run([{"audio": sound} for sound in sounds], {"return_language": True, **SHORT})
    assert len(set(alone)) > 1
    assert [result.records[0]["language"] for result in results] == alone


def test_short_recordings_share_their_forward_passes(whisper: PyfuncModel) -> None:
    rows = [{"audio": noise(seconds)} for seconds in (0.3, 0.5, 1, 1.7)]
    with forward_calls(whisper.pipeline.model.model.encoder) as alone:
        whisper.run(rows[-1:], {"language": "en", **SHORT})
    with forward_calls(whisper.pipeline.model.model.encoder) as together:
        whisper.run(rows, {"language": "en", **SHORT})
    assert len(together) == len(alone)


def test_a_long_recording_is_read_through_where_transformers_fails(whisper: PyfuncModel) -> None:
    with pytest.raises(ValueError, match="return_timestamps=True"):
        native_of(whisper.pipeline)(noise(5), **SHORT)
    assert heard(whisper, noise(5), **SHORT) == {"text": natively(whisper, noise(5), return_timestamps=True, **SHORT)["text"]}


def test_times_of_a_long_recording_go_on_to_its_end(whisper: PyfuncModel) -> None:
    chunks = heard(whisper, noise(5), return_timestamps="segment", **SHORT)["chunks"]
    assert chunks[-1]["timestamp"][0] > 2 * WINDOW_S


def test_over_a_minute_is_read_in_pieces_by_models_that_look_at_all_at_once(ctc: PyfuncModel) -> None:
    short, long = ctc.run([{"audio": noise(60)}, {"audio": noise(61)}])
    assert short.warnings == []
    assert [(each.code, each.detail) for each in long.warnings] == [("read_in_pieces", "61 seconds were read in pieces of 30")]
    assert long.records == [natively(ctc, noise(61), chunk_length_s=30)]


def test_pieces_longer_than_whisper_hears_are_cut_shorter_where_transformers_loses_the_rest(whisper: PyfuncModel) -> None:
    asked = {"chunk_length_s": 3.0 * WINDOW_S, "return_timestamps": "segment", **SHORT}
    (result,) = whisper.run([{"audio": noise(5)}], asked)
    assert [each.code for each in result.warnings] == ["parameter_limited"]
    assert result.records == [natively(whisper, noise(5), chunk_length_s=WINDOW_S, return_timestamps=True, **SHORT)]


def test_more_tokens_than_whisper_writes_at_once_are_limited_where_transformers_fails(whisper: PyfuncModel) -> None:
    with pytest.raises(ValueError, match="max_target_positions"):
        native_of(whisper.pipeline)(noise(0.2), max_new_tokens=500, num_beams=1)
    (result,) = whisper.run([{"audio": noise(0.2)}], {"max_new_tokens": 500, "num_beams": 1})
    assert [(each.code, each.detail) for each in result.warnings] == [
        ("output_limited", "the model writes 444 new tokens at once, not 500")
    ]


def test_a_prompt_comes_before_and_a_long_one_loses_its_beginning(whisper: PyfuncModel) -> None:
    prompt_ids = whisper.pipeline.tokenizer.get_prompt_ids("names", return_tensors="pt")
    assert heard(whisper, noise(1), prompt="names", **SHORT) == natively(whisper, noise(1), prompt_ids=prompt_ids, **SHORT)
    assert heard(whisper, noise(1), prompt="names " * 100, **SHORT) == heard(whisper, noise(1), prompt="names " * 200, **SHORT)


@pytest.mark.parametrize("seconds", [1 / RATE, 0.01, 0.02])
def test_a_blink_of_sound_is_answered(ctc: PyfuncModel, seconds: float) -> None:
    assert isinstance(heard(ctc, tone(seconds))["text"], str)


@pytest.mark.parametrize(
    ("builder", "params", "says"),
    [
        ("whisper", {"return_timestamps": "char"}, "one of none, segment, word for this model"),
        ("whisper", {"language": "klingon"}, "one that this model knows, got 'klingon': de, en, fr"),
        ("whisper", {"task": "summarize"}, "transcribe, translate"),
        ("whisper", {"prompt": "<|fr|>"}, "mark of the model's own"),
        ("whisper", {"stride_length_s": 1.0}, "needs chunk_length_s"),
        ("whisper", {"chunk_length_s": 1.0, "stride_length_s": 0.5}, "under half of chunk_length_s, 0.5"),
        ("ctc", {"return_timestamps": True}, "one of none, word, char for this model"),
        ("ctc", {"language": "en"}, "only Whisper"),
        ("ctc", {"return_language": True}, "only Whisper"),
        ("ctc", {"num_beams": 2}, "writes no text of its own"),
        ("ctc", {"max_new_tokens": 2}, "writes no text of its own"),
        ("english", {"language": "en"}, "English only"),
        ("english", {"task": "translate"}, "English only"),
        ("untimed", {"return_timestamps": "segment"}, "must be one of none for this model"),
        ("unaligned", {"return_timestamps": "word"}, "must be one of none, segment for this model"),
    ],
)
def test_what_a_model_cannot_do_is_refused_by_name_before_it_runs(builder: str, params: dict, says: str) -> None:
    pipeline = (
        tiny_audio.ctc()
        if builder == "ctc"
        else tiny_audio.whisper(languages=("en",) if builder == "english" else ("en", "fr", "de"))
    )
    if builder == "untimed":
        pipeline.model.generation_config.no_timestamps_token_id = None
    if builder == "unaligned":
        pipeline.model.generation_config.alignment_heads = None
    name = next(reversed(params))
    with forward_calls(pipeline.model) as calls, pytest.raises(InvalidInput, match=says) as caught:
        PyfuncModel(TASK, pipeline).run([{"audio": noise(0.5)}], params)
    assert caught.value.field == f"params.{name}"
    assert calls == []


def test_a_model_that_always_times_says_so_and_is_asked_not_to() -> None:
    pipeline = tiny_audio.whisper()
    pipeline.model.generation_config.return_timestamps = True
    model = PyfuncModel(TASK, pipeline)
    (result,) = model.run([{"audio": noise(1)}], SHORT)
    assert result.parameters["return_timestamps"] == {"value": "segment", "source": "model"}
    assert result.records == [json_safe(native_of(pipeline)(noise(1), **SHORT))]
    assert list(heard(model, noise(1), return_timestamps="none", **SHORT)) == ["text"]


def test_settings_that_stock_saved_with_a_model_still_hold() -> None:
    saved = {"return_timestamps": True, "chunk_length_s": 1, "max_new_tokens": 8, "num_beams": 1, "batch_size": 16}
    model = PyfuncModel(TASK, tiny_audio.whisper(), model_config=saved)
    (result,) = model.run([{"audio": noise(1.5)}])
    native = natively(model, noise(1.5), return_timestamps=True, chunk_length_s=1, **SHORT)
    assert result.records == [native]
    assert result.parameters["return_timestamps"] == {"value": "segment", "source": "model_config"}


def test_nothing_of_the_model_is_changed_by_a_call(whisper: PyfuncModel) -> None:
    before = deepcopy(whisper.pipeline.model.generation_config.to_dict())
    whisper.run([{"audio": noise(5)}], {"language": "fr", "return_timestamps": "word", "prompt": "names", **SHORT})
    assert whisper.pipeline.model.generation_config.to_dict() == before


def test_true_and_false_mean_segments_and_none() -> None:
    assert check_params(TASK, {"return_timestamps": True}) == {"return_timestamps": "segment"}
    assert check_params(TASK, {"return_timestamps": False}) == {"return_timestamps": "none"}
    with pytest.raises(InvalidInput, match="must be a text, got a number"):
        check_params(TASK, {"return_timestamps": 1})


def test_stock_gets_texts_and_one_json_text_of_all_recordings_with_times() -> None:
    stock = PyfuncModel(TASK, tiny_audio.ctc(), output="stock")
    rows = [{"audio": noise(0.5)}, {"audio": noise(0.7)}]
    texts = stock.predict(rows)
    assert all(isinstance(text, str) for text in texts)
    (timed,) = stock.predict(rows, {"return_timestamps": "word"})
    assert [list(each) for each in json.loads(timed)] == [["text", "chunks"]] * 2


def test_a_model_given_with_its_processor_is_logged_as_its_parts(tmp_path: Path) -> None:
    pipeline = tiny_pipeline()
    processor = transformers.WhisperProcessor(pipeline.feature_extractor, pipeline.tokenizer)
    flavor.save_model({"model": pipeline.model, "processor": processor}, tmp_path / "saved")
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert heard(loaded, noise(0.5), **SHORT) == natively(loaded, noise(0.5), **SHORT)
    parts = flavor.load_model(str(tmp_path / "saved"), return_type="components")
    assert {"tokenizer", "feature_extractor"} <= set(parts)


@pytest.mark.parametrize(
    "architecture", ["WhisperForConditionalGeneration", "Wav2Vec2ForCTC", "ParakeetForTDT", "Speech2TextForConditionalGeneration"]
)
def test_models_that_hear_are_told_from_models_of_text(architecture: str) -> None:
    assert tasks_of(architecture) == [TASK]
